"""The inbox: what reached us, until it is handled or buried."""

import zlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import ColumnElement, Connection, bindparam
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, or_, select, update

from bot.model.events import Event
from bot.model.ids import TraceId
from bot.model.lanes import Lane
from bot.model.tables import InboxRow
from bot.storage.ledger.retries import MAX_ATTEMPTS, backoff
from bot.storage.statements import changed, in_state, insert_new


class Arrival(NamedTuple):
    """An event on its way into the inbox. `dedupe_key` is the same for every delivery of the same thing."""

    source: str
    event: Event
    dedupe_key: str
    trace_id: TraceId


def trace_of(event: Event, dedupe_key: str) -> TraceId:
    """The trace that an arrival begins: the same for every delivery, and next to those of the same second."""
    return TraceId(f"{int(event.at.timestamp()) & 0xFFFFFFFF:08x}{zlib.crc32(dedupe_key.encode()):08x}")


def receive(connection: Connection, arrivals: Iterable[Arrival], now: datetime) -> Sequence[tuple[str, Sequence[int]]]:
    """Insert arrivals; one whose dedupe key is known changes nothing.

    Returns what to announce: topics, with the ids of new rows where the engine tells them.
    """
    rows = [_row(arrival, now) for arrival in arrivals]
    told: Sequence[Any] = insert_new(connection, InboxRow, rows, tell=("lane", "id"))
    lanes = {row["lane"] for row in rows}
    return [(f"inbox.{lane}", [row[1] for row in told if row[0] == lane]) for lane in lanes]


def _row(arrival: Arrival, now: datetime) -> dict[str, Any]:
    event = arrival.event
    return {
        "source": arrival.source,
        "kind": event.kind,
        "dedupe_key": arrival.dedupe_key,
        "subject": event.key,
        "lane": event.lane.value,
        "state": "new",
        "payload": orjson.Fragment(orjson.dumps(event)),
        "trace_id": arrival.trace_id,
        "attempts": 0,
        "error": "",
        "event_at": event.at,
        "received_at": now,
        "ready_at": now,
        "deadline": event.deadline,
    }


def _claimable() -> Sequence[ColumnElement[bool]]:
    """What is true of rows that may be handled now: no older row of their subject is still open."""
    older = aliased(InboxRow)
    blocked = (
        select(older.id)
        .where(
            older.subject == InboxRow.subject,
            older.lane == InboxRow.lane,
            col(older.id) < col(InboxRow.id),
            in_state(older.state, "new"),
        )
        .exists()
    )
    return (
        in_state(InboxRow.state, "new"),
        col(InboxRow.lane) == bindparam("in_lane"),
        col(InboxRow.ready_at) <= bindparam("now"),
        or_(InboxRow.subject == "", ~blocked),
    )


_WHICH = _claimable()
CLAIMABLE = select(col(InboxRow.id)).where(*_WHICH).order_by(col(InboxRow.id)).limit(bindparam("most"))
"""The ids of rows of `in_lane` that may be handled `now`, the oldest first; at the most so many.

Built once, as the loops ask it all the time: to put it together costs more than the answer.
"""
CLAIM = (
    select(InboxRow)
    .where(*_WHICH)
    .order_by(col(InboxRow.id))
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
CLAIM_THESE = CLAIM.where(col(InboxRow.id).in_(bindparam("ids", expanding=True)))


def claim(
    session: Session, lane: Lane, now: datetime, limit: int, ids: Sequence[int] | None = None
) -> Sequence[InboxRow]:
    """Lock up to `limit` rows of a lane that may be handled now, oldest first; with `ids`, only of these."""
    asked = {"in_lane": lane.value, "now": now, "most": limit}
    if ids is None:
        return session.exec(CLAIM, params=asked).all()
    return session.exec(CLAIM_THESE, params={**asked, "ids": ids}).all()


def finish(session: Session, row: InboxRow, now: datetime) -> None:
    changed(session, _still_new(row).values(state="done", finished_at=now, error=""))


def retry(session: Session, row: InboxRow, now: datetime, error: str) -> bool:
    """Try a row again later, or bury it after its last attempt; returns whether it was buried."""
    attempts = row.attempts + 1
    if attempts >= MAX_ATTEMPTS:
        changed(session, _still_new(row).values(state="buried", attempts=attempts, finished_at=now, error=error))
        return True
    ready_at = now + backoff(attempts, row.id or 0)
    changed(session, _still_new(row).values(attempts=attempts, ready_at=ready_at, error=error))
    return False


def _still_new(row: InboxRow) -> Any:
    return update(InboxRow).where(col(InboxRow.id) == row.id, col(InboxRow.state) == "new")
