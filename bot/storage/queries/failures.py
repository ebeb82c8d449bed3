"""Dead letters: events that were given up, and calls that ended without their effect, or nobody knows how."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select, update

from bot.model.tables import InboxRow, OutboxRow
from bot.storage.statements import changed, in_state

BAD = ("failed", "unknown", "expired")


def counts(session: Session) -> dict[str, int]:
    """How many there are in each ledger."""
    events = select(func.count()).select_from(InboxRow).where(in_state(InboxRow.state, "buried"))
    calls = select(func.count()).select_from(OutboxRow).where(in_state(OutboxRow.state, *BAD))
    return {"inbox": session.exec(events).one(), "outbox": session.exec(calls).one()}


def events(session: Session, limit: int) -> Sequence[InboxRow]:
    """Events that were given up, the newest first."""
    rows = select(InboxRow).where(in_state(InboxRow.state, "buried"))
    return session.exec(rows.order_by(col(InboxRow.id).desc()).limit(limit)).all()


def calls(session: Session, limit: int) -> Sequence[OutboxRow]:
    """Calls that ended badly, the newest first."""
    rows = select(OutboxRow).where(in_state(OutboxRow.state, *BAD))
    return session.exec(rows.order_by(col(OutboxRow.id).desc()).limit(limit)).all()


def event(session: Session, row_id: int) -> InboxRow | None:
    return session.get(InboxRow, row_id)


def call(session: Session, row_id: int) -> OutboxRow | None:
    return session.get(OutboxRow, row_id)


def handle_again(session: Session, row_id: int, now: datetime) -> bool:
    """Make an event new again; False when it is not among the dead."""
    again = {"state": "new", "attempts": 0, "ready_at": now, "finished_at": None}
    return changed(session, _buried(row_id).values(**again)) == 1


def send_again(session: Session, row_id: int, state: str, now: datetime) -> bool:
    """Plan a call once more, for whenever it can leave; False when its state is not `state` any more."""
    again = {"state": "planned", "ready_at": now, "deadline": None, "claimed_until": None, "finished_at": None}
    counted = {"attempts": 0, "errcode": None, "retries": OutboxRow.retries + 1}
    return changed(session, _ended(row_id, state).values(**again, **counted)) == 1


def drop_event(session: Session, row_id: int, now: datetime) -> bool:
    return changed(session, _buried(row_id).values(state="dropped", finished_at=now)) == 1


def drop_call(session: Session, row_id: int, state: str, now: datetime) -> bool:
    return changed(session, _ended(row_id, state).values(state="dropped", finished_at=now)) == 1


def _buried(row_id: int) -> Any:
    return update(InboxRow).where(col(InboxRow.id) == row_id, col(InboxRow.state) == "buried")


def _ended(row_id: int, state: str) -> Any:
    return update(OutboxRow).where(col(OutboxRow.id) == row_id, col(OutboxRow.state) == state)
