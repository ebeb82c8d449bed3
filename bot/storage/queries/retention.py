"""What has been kept for long enough: found oldest first, in batches, and taken out of the database.

Rows come by id, and the oldest have the lowest: a look costs a batch, however much is kept.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select
from sqlmodel import Session, and_, col, delete, or_, select, update

from bot.model.tables import AuditRow, HygieneCase, InboxRow, Message, OutboxRow, Run, StepRun, Suppression, TimerRow
from bot.storage.statements import changed, in_state

WROTE = "message.received"
OVER = ("done", "exited", "failed")


def inbox(session: Session, before: datetime, most: int) -> Sequence[InboxRow]:
    """Events that are over: handled, given up or let go."""
    rows = select(InboxRow).where(col(InboxRow.state).in_(("done", "buried", "dropped")))
    return _oldest(session, rows, InboxRow, "received_at", before, most)


def timers(session: Session, before: datetime, most: int) -> Sequence[TimerRow]:
    """Timers that are over, by when they were due: what was set first may be due last."""
    rows = select(TimerRow).where(in_state(TimerRow.state, "fired", "cancelled"), col(TimerRow.due_at) < before)
    return session.exec(rows.order_by(col(TimerRow.due_at)).limit(most)).all()


def outbox(session: Session, before: datetime, most: int) -> Sequence[OutboxRow]:
    """Calls that have ended, well or badly."""
    rows = select(OutboxRow).where(col(OutboxRow.state).not_in(("planned", "sending")))
    return _oldest(session, rows, OutboxRow, "planned_at", before, most)


def steps(session: Session, before: datetime, most: int) -> Sequence[StepRun]:
    """Steps of runs that are over; the others are still needed."""
    rows = select(StepRun).join(Run).where(col(Run.state).in_(OVER))
    return _oldest(session, rows, StepRun, "at", before, most)


def suppressions(session: Session, before: datetime, most: int) -> Sequence[Suppression]:
    return _oldest(session, select(Suppression), Suppression, "at", before, most)


def audit(session: Session, before: datetime, most: int) -> Sequence[AuditRow]:
    return _oldest(session, select(AuditRow), AuditRow, "at", before, most)


def _oldest(session: Session, rows: Any, table: Any, at: str, before: datetime, most: int) -> Sequence[Any]:
    """The first rows by id, up to the one that is too young."""
    found = session.exec(rows.order_by(table.id).limit(most)).all()
    return [row for row in found if getattr(row, at) < before]


def remove(session: Session, table: Any, ids: Sequence[int]) -> int:
    """Delete rows by id; returns how many there were."""
    return changed(session, delete(table).where(col(table.id).in_(ids)))


def forget_messages(session: Session, before: datetime, most: int) -> int:
    """Delete what contacts wrote; returns how many messages that were."""
    old = select(Message.id).where(col(Message.sent_at) < before).order_by(col(Message.sent_at)).limit(most)
    return remove(session, Message, _ids(session, old))


def forget_quotes(session: Session, before: datetime, most: int) -> int:
    """Blank the messages that cases of group hygiene quote, and the matches in them."""
    old = select(HygieneCase.id).where(col(HygieneCase.opened_at) < before, HygieneCase.quote != "").limit(most)
    return _blank(session, HygieneCase, old, quote="", spans=[])


def forget_beginnings(session: Session, before: datetime, most: int) -> int:
    """Blank the messages that runs began with, and what was found in them, once the runs are over."""
    holds_text: ColumnElement[bool] = col(Run.event)["text"].as_string().is_not(None)
    holds_found: ColumnElement[bool] = col(Run.variables)[("when", 0, "name")].as_string().is_not(None)
    has_begun: ColumnElement[bool] = col(Run.variables)["began_with"].as_string() == WROTE
    holds = or_(and_(col(Run.event_kind) == WROTE, holds_text), and_(has_begun, holds_found))
    old = select(Run).where(col(Run.started_at) < before, col(Run.state).in_(OVER), holds).limit(most)
    runs = session.exec(old).all()
    for run in runs:
        run.event = {} if run.event_kind == WROTE else run.event
        run.variables = {**run.variables, "when": []}
    return len(runs)


def _blank(session: Session, table: Any, found: Any, **values: Any) -> int:
    ids = _ids(session, found)
    return changed(session, update(table).where(col(table.id).in_(ids)).values(**values)) if ids else 0


def _ids(session: Session, found: Select[Any]) -> list[int]:
    return list(session.exec(found).all())  # type: ignore[call-overload]
