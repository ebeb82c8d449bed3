"""The inbox: what reached us, until it is handled or buried."""

import zlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection
from sqlmodel import Session, col, update

from bot.model.events import Event
from bot.model.ids import TraceId
from bot.model.lanes import Lane
from bot.model.tables import InboxRow
from bot.storage.ledger.claims import claims_of
from bot.storage.ledger.retries import MAX_ATTEMPTS, backoff
from bot.storage.statements import changed, insert_new


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


CLAIMS = claims_of(InboxRow, "new", by_lane=True)


def claim(
    session: Session, lane: Lane, now: datetime, limit: int, ids: Sequence[int] | None = None
) -> Sequence[InboxRow]:
    """Lock up to `limit` rows of a lane that may be handled now, oldest first; with `ids`, only of these."""
    return CLAIMS.lock(session, lane, now, limit, ids)


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
