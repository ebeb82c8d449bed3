"""Looking into the ledgers: what is there, how much waits, what belongs together."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, func, select

from bot.model.lanes import Lane
from bot.model.tables import InboxRow, OutboxRow, StepRun, Suppression, TimerRow
from bot.storage.ledger import timers
from bot.storage.statements import in_state


def known(session: Session, dedupe_keys: Sequence[str]) -> set[str]:
    """Which of these keys are in the inbox."""
    return set(session.exec(select(InboxRow.dedupe_key).where(col(InboxRow.dedupe_key).in_(dedupe_keys))))


def waiting(session: Session) -> dict[str, int]:
    """How many rows wait, by `inbox.<lane>`, `outbox.<lane>` and `timers`."""
    counts: dict[str, int] = {}
    for table, state in ((InboxRow, "new"), (OutboxRow, "planned")):
        rows = session.exec(select(table.lane, func.count()).where(in_state(table.state, state)).group_by(table.lane))
        counts |= {f"{table.__tablename__}.{lane}": count for lane, count in rows}
    counts["timers"] = session.exec(
        select(func.count()).select_from(TimerRow).where(in_state(TimerRow.state, "waiting"))
    ).one()
    return counts


def backlog(session: Session, most: int) -> int:
    """How many events wait to be handled, counted no further than `most`."""
    waiting = select(InboxRow.id).where(in_state(InboxRow.state, "new")).limit(most).subquery()
    return session.exec(select(func.count()).select_from(waiting)).one()


def oldest(session: Session, now: datetime) -> dict[tuple[str, str], timedelta]:
    """How long the first row that could be worked on has been ready, by ledger and lane; nothing waits in the others.

    The first is the one with the lowest id: looking for another among all that wait would cost what waits.
    """
    found: dict[tuple[str, str], timedelta] = {}
    for table, state in ((InboxRow, "new"), (OutboxRow, "planned")):
        for lane in Lane:
            ready = select(table.ready_at).where(in_state(table.state, state), table.lane == lane.value)
            first = session.exec(ready.where(col(table.ready_at) <= now).order_by(col(table.id)).limit(1)).first()
            if first is not None:
                found[str(table.__tablename__), lane.value] = now - first
    due = timers.next_due(session)
    if due is not None and due <= now:
        found["timers", ""] = now - due
    return found


def traces(session: Session, before_id: int | None, limit: int) -> Sequence[InboxRow]:
    """What came in from outside, the newest first."""
    outside = select(InboxRow).where(col(InboxRow.source).in_(("wecom", "official", "archive", "track")))
    if before_id is not None:
        outside = outside.where(col(InboxRow.id) < before_id)
    return session.exec(outside.order_by(col(InboxRow.id).desc()).limit(limit)).all()


def events_of(session: Session, trace_ids: Sequence[str]) -> Sequence[InboxRow]:
    rows = select(InboxRow).where(col(InboxRow.trace_id).in_(trace_ids))
    return session.exec(rows.order_by(col(InboxRow.id))).all()


def calls_of(session: Session, trace_ids: Sequence[str]) -> Sequence[OutboxRow]:
    rows = select(OutboxRow).where(col(OutboxRow.trace_id).in_(trace_ids))
    return session.exec(rows.order_by(col(OutboxRow.id))).all()


def steps_of(session: Session, trace_ids: Sequence[str]) -> Sequence[StepRun]:
    rows = select(StepRun).where(col(StepRun.trace_id).in_(trace_ids))
    return session.exec(rows.order_by(col(StepRun.id))).all()


def suppressions_of(session: Session, trace_ids: Sequence[str]) -> Sequence[Suppression]:
    rows = select(Suppression).where(col(Suppression.trace_id).in_(trace_ids))
    return session.exec(rows.order_by(col(Suppression.id))).all()
