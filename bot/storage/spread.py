"""Which rows are to be spread over workers by their ids: those that are due, and those whose turn has just come."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlmodel import Session, col, func, select

from bot.model.lanes import Lane
from bot.model.tables import InboxRow, OutboxRow
from bot.storage.ledger import inbox, outbox
from bot.storage.statements import in_state


def due(session: Session, now: datetime, most: int) -> Mapping[str, Sequence[int]]:
    """The oldest rows that could be worked on now, by topic."""
    found: dict[str, Sequence[int]] = {}
    for lane in Lane:
        found[f"inbox.{lane}"] = inbox.CLAIMS.ready(session, lane, now, most)
        found[f"outbox.{lane}"] = outbox.CLAIMS.ready(session, lane, now, most)
    return found


def _numbers(found: Iterable[int | None]) -> Sequence[int]:
    return [number for number in found if number is not None]


def next_events(session: Session, lane: str, rows: Sequence[InboxRow]) -> Sequence[int]:
    """The events that waited for these, the first of each subject."""
    subjects = {row.subject for row in rows} - {""}
    if not subjects:
        return ()
    is_open = (in_state(InboxRow.state, "new"), col(InboxRow.subject).in_(subjects), col(InboxRow.lane) == lane)
    first = select(func.min(InboxRow.id)).where(*is_open).group_by(col(InboxRow.subject))
    return _numbers(session.exec(first))


def next_calls(session: Session, rows: Sequence[OutboxRow]) -> Sequence[tuple[str, int]]:
    """The calls that waited for these, the first of each subject, with their lanes."""
    subjects = {row.subject for row in rows} - {""}
    if not subjects:
        return ()
    is_open = (in_state(OutboxRow.state, "planned", "sending"), col(OutboxRow.subject).in_(subjects))
    first = select(func.min(OutboxRow.id)).where(*is_open).group_by(col(OutboxRow.subject))
    waiting = select(OutboxRow.lane, OutboxRow.id).where(
        col(OutboxRow.id).in_(first), in_state(OutboxRow.state, "planned")
    )
    return [(lane, number) for lane, number in session.exec(waiting) if number is not None]
