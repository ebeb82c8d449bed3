"""Which rows are to be spread over workers by their ids: those that are due, and those whose turn has just come."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session, col, func, select

from bot.model.lanes import Lane
from bot.model.tables import InboxRow, OutboxRow
from bot.storage.ledger import claimable_calls, claimable_events, in_state


def due(session: Session, now: datetime, most: int) -> Mapping[str, Sequence[int]]:
    """The oldest rows that could be worked on now, by topic."""
    found: dict[str, Sequence[int]] = {}
    for lane in Lane:
        events = select(InboxRow.id).where(*claimable_events(lane, now)).order_by(col(InboxRow.id)).limit(most)
        calls = select(OutboxRow.id).where(*claimable_calls(lane, now)).order_by(col(OutboxRow.id)).limit(most)
        found[f"inbox.{lane}"] = [number for number in session.exec(events) if number is not None]
        found[f"outbox.{lane}"] = [number for number in session.exec(calls) if number is not None]
    return found


def next_events(session: Session, lane: str, rows: Sequence[InboxRow]) -> Sequence[int]:
    """The events that waited for these, the first of each subject."""
    subjects = {row.subject for row in rows} - {""}
    if not subjects:
        return ()
    is_open = (in_state(InboxRow.state, "new"), col(InboxRow.subject).in_(subjects), col(InboxRow.lane) == lane)
    first = select(func.min(InboxRow.id)).where(*is_open).group_by(col(InboxRow.subject))
    return [number for number in session.exec(first) if number is not None]


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
