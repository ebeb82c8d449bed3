"""The three ledgers: receive and finish, set and fire, plan and conclude.

Everything here runs inside the caller's transaction. What several workers may do at once is decided by the database: a
claimed row is locked until its transaction ends, and a row is not claimed while an older open row of its subject waits.
"""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import orjson
from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, bindparam, func, literal_column
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, or_, select, update

from bot.model.calls import Call
from bot.model.events import EVENTS, Event
from bot.model.ids import TraceId
from bot.model.lanes import Lane
from bot.model.tables import InboxRow, OutboxRow, TimerRow
from bot.storage.statements import changed, insert_id, insert_new, insert_one

MAX_ATTEMPTS = 8
MOST_KEYS = 500
"""Keys in one question."""
SEND_TIMEOUT = timedelta(minutes=1)
"""How long a call may be under way before its sender is taken for dead."""

_READERS: dict[str, TypeAdapter[Event]] = {}


@dataclass(frozen=True)
class Arrival:
    """An event on its way into the inbox. `dedupe_key` is the same for every delivery of the same thing."""

    source: str
    event: Event
    dedupe_key: str
    trace_id: TraceId


def trace_of(event: Event, dedupe_key: str) -> TraceId:
    """The trace that an arrival begins: the same for every delivery, and next to those of the same second."""
    return TraceId(f"{int(event.at.timestamp()) & 0xFFFFFFFF:08x}{zlib.crc32(dedupe_key.encode()):08x}")


def read_event(kind: str, payload: dict[str, Any]) -> Event:
    """The event that `payload` was written from."""
    if kind not in _READERS:
        _READERS[kind] = TypeAdapter(EVENTS[kind])
    return _READERS[kind].validate_python(payload)


def write_event(event: Event) -> dict[str, Any]:
    """An event as plain JSON values."""
    return dict(orjson.loads(orjson.dumps(event)))


def in_state(state: str, *states: str) -> ColumnElement[bool]:
    """`state` is one of these, as literals: only then do the engines see that an index of open rows will do."""
    written: list[ColumnElement[str]] = [literal_column(f"'{name}'") for name in states]
    return col(state).in_(written) if len(states) > 1 else col(state) == written[0]


# ── inbox ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def receive(session: Session, arrivals: Iterable[Arrival], now: datetime) -> Sequence[tuple[str, Sequence[int]]]:
    """Insert arrivals; one whose dedupe key is known changes nothing.

    Returns what to announce: topics, with the ids of new rows where the engine tells them.
    """
    rows = [_inbox_row(arrival, now) for arrival in arrivals]
    told: Sequence[Any] = insert_new(session, InboxRow, rows, tell=("lane", "id"))
    lanes = {row["lane"] for row in rows}
    return [(f"inbox.{lane}", [row[1] for row in told if row[0] == lane]) for lane in lanes]


def _inbox_row(arrival: Arrival, now: datetime) -> dict[str, Any]:
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


def _claimable_events() -> Sequence[ColumnElement[bool]]:
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


_EVENTS = _claimable_events()
CLAIMABLE_EVENTS = select(col(InboxRow.id)).where(*_EVENTS).order_by(col(InboxRow.id)).limit(bindparam("most"))
"""The ids of rows of `in_lane` that may be handled `now`, the oldest first; at the most so many.

Built once, as the loops ask it all the time: to put it together costs more than the answer.
"""
CLAIM_EVENTS = (
    select(InboxRow)
    .where(*_EVENTS)
    .order_by(col(InboxRow.id))
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
CLAIM_THESE_EVENTS = CLAIM_EVENTS.where(col(InboxRow.id).in_(bindparam("ids", expanding=True)))


def claim_events(
    session: Session, lane: Lane, now: datetime, limit: int, ids: Sequence[int] | None = None
) -> Sequence[InboxRow]:
    """Lock up to `limit` rows of a lane that may be handled now, oldest first; with `ids`, only of these."""
    asked = {"in_lane": lane.value, "now": now, "most": limit}
    if ids is None:
        return session.exec(CLAIM_EVENTS, params=asked).all()
    return session.exec(CLAIM_THESE_EVENTS, params={**asked, "ids": ids}).all()


def finish(session: Session, row: InboxRow, now: datetime) -> None:
    changed(session, _inbox_update(row).values(state="done", finished_at=now, error=""))


def retry(session: Session, row: InboxRow, now: datetime, error: str) -> bool:
    """Try a row again later, or bury it after its last attempt; returns whether it was buried."""
    attempts = row.attempts + 1
    if attempts >= MAX_ATTEMPTS:
        changed(session, _inbox_update(row).values(state="buried", attempts=attempts, finished_at=now, error=error))
        return True
    ready_at = now + backoff(attempts, row.id or 0)
    changed(session, _inbox_update(row).values(attempts=attempts, ready_at=ready_at, error=error))
    return False


def _inbox_update(row: InboxRow) -> Any:
    return update(InboxRow).where(col(InboxRow.id) == row.id, col(InboxRow.state) == "new")


def backoff(attempts: int, row_id: int) -> timedelta:
    """About 1, 2, 4 … seconds, at the most ten minutes: how long a row waits after so many attempts."""
    pause = min(timedelta(seconds=2 ** min(attempts - 1, 10)), timedelta(minutes=10))
    return scattered(pause, row_id, attempts)


def scattered(pause: timedelta, row_id: int, attempts: int) -> timedelta:
    """A quarter more or less, so that rows that failed together do not come back together.

    Which of them waits how long follows from the row: the same story told again has the same moments.
    """
    spread = zlib.crc32(f"{row_id}:{attempts}".encode()) / 2**32
    return pause * (0.75 + spread / 2)


# ── timers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Timer:
    """Something to be told of at `due_at`; the same `key` set twice is one timer."""

    name: str
    key: str
    due_at: datetime
    subject: str = ""
    about: dict[str, Any] | None = None
    lane: Lane = Lane.NORMAL


def set_timer(session: Session, timer: Timer, trace_id: TraceId) -> bool:
    """Set a timer; False when it is set (or has fired) already."""
    return insert_one(
        session,
        TimerRow,
        {
            "name": timer.name,
            "dedupe_key": timer.key,
            "subject": timer.subject,
            "lane": timer.lane.value,
            "state": "waiting",
            "due_at": timer.due_at,
            "payload": timer.about or {},
            "trace_id": trace_id,
        },
    )


def cancel_timer(session: Session, key: str) -> bool:
    """Cancel a waiting timer; False when there is none."""
    waiting = update(TimerRow).where(col(TimerRow.dedupe_key) == key, col(TimerRow.state) == "waiting")
    return changed(session, waiting.values(state="cancelled")) == 1


def claim_timers(session: Session, now: datetime, limit: int) -> Sequence[TimerRow]:
    """Lock the timers that are due, the longest overdue first."""
    rows = (
        select(TimerRow)
        .where(in_state(TimerRow.state, "waiting"), col(TimerRow.due_at) <= now)
        .order_by(col(TimerRow.due_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.exec(rows).all()


def fired(session: Session, rows: Sequence[TimerRow], now: datetime) -> None:
    ids = [row.id for row in rows]
    changed(session, update(TimerRow).where(col(TimerRow.id).in_(ids)).values(state="fired", fired_at=now))


def next_due(session: Session) -> datetime | None:
    """When the next waiting timer is due."""
    return session.exec(select(func.min(TimerRow.due_at)).where(in_state(TimerRow.state, "waiting"))).one()


# ── outbox ─────────────────────────────────────────────────────────────────────────────────────────────────────────

Ending = Literal["sent", "failed", "unknown", "expired", "cancelled"]


def plan(session: Session, call: Call, now: datetime, trace_id: TraceId) -> int | None:
    """Plan a call and return its id; None when one with the same key was planned before."""
    return insert_id(
        session,
        OutboxRow,
        {
            "platform": call.platform,
            "endpoint": call.endpoint,
            "dedupe_key": call.key,
            "subject": call.subject,
            "lane": call.lane.value,
            "state": "planned",
            "body": call.body,
            "note": call.note,
            "follow": call.follow,
            "answer": {},
            "reason": "",
            "trace_id": trace_id,
            "attempts": 0,
            "retries": 0,
            "planned_at": now,
            "ready_at": call.after or now,
            "deadline": call.deadline,
        },
    )


def replan(session: Session, key: str, now: datetime, body: dict[str, Any] | None = None) -> int | None:
    """Let a held call go now, with another body if given, and return its id; None when it has left already."""
    held = update(OutboxRow).where(col(OutboxRow.dedupe_key) == key, col(OutboxRow.state) == "planned")
    released = held.values(ready_at=now, **({} if body is None else {"body": body}))
    return session.connection().execute(released.returning(col(OutboxRow.id))).scalar()


def rewrite(session: Session, key: str, body: dict[str, Any]) -> bool:
    """Give a call another body while it waits; False when it has left already."""
    waiting = update(OutboxRow).where(col(OutboxRow.dedupe_key) == key, col(OutboxRow.state) == "planned")
    return changed(session, waiting.values(body=body)) == 1


def cancel_call(session: Session, key: str, now: datetime, reason: str) -> bool:
    """Take back a call that has not left; False when it has, or there is none."""
    waiting = update(OutboxRow).where(col(OutboxRow.dedupe_key) == key, col(OutboxRow.state) == "planned")
    return changed(session, waiting.values(state="cancelled", finished_at=now, reason=reason)) == 1


def find_call(session: Session, key: str) -> OutboxRow | None:
    return session.exec(select(OutboxRow).where(OutboxRow.dedupe_key == key)).first()


def lock_call(session: Session, key: str) -> OutboxRow | None:
    """A call as it stands, kept from its senders until the transaction ends."""
    found = select(OutboxRow).where(OutboxRow.dedupe_key == key).with_for_update()
    return session.exec(found.execution_options(populate_existing=True)).first()


def states_of(session: Session, keys: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The keys of these calls that were planned, with the state of each."""
    for first in range(0, len(keys), MOST_KEYS):
        here = col(OutboxRow.dedupe_key).in_(keys[first : first + MOST_KEYS])
        for key, state in session.exec(select(OutboxRow.dedupe_key, OutboxRow.state).where(here)):
            assert key is not None
            yield key, state


def _claimable_calls() -> Sequence[ColumnElement[bool]]:
    """What is true of calls that may leave now: no older call of their subject is still open."""
    older = aliased(OutboxRow)
    blocked = (
        select(older.id)
        .where(
            older.subject == OutboxRow.subject,
            col(older.id) < col(OutboxRow.id),
            in_state(older.state, "planned", "sending"),
        )
        .exists()
    )
    return (
        in_state(OutboxRow.state, "planned"),
        col(OutboxRow.lane) == bindparam("in_lane"),
        col(OutboxRow.ready_at) <= bindparam("now"),
        or_(OutboxRow.subject == "", ~blocked),
    )


_CALLS = _claimable_calls()
CLAIMABLE_CALLS = select(col(OutboxRow.id)).where(*_CALLS).order_by(col(OutboxRow.id)).limit(bindparam("most"))
"""The ids of calls of `in_lane` that may leave `now`, the oldest first; at the most so many."""
CLAIM_CALLS = (
    select(OutboxRow)
    .where(*_CALLS)
    .order_by(col(OutboxRow.id))
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
CLAIM_THESE_CALLS = CLAIM_CALLS.where(col(OutboxRow.id).in_(bindparam("ids", expanding=True)))


def claim_calls(
    session: Session, lane: Lane, now: datetime, limit: int, ids: Sequence[int] | None = None
) -> Sequence[OutboxRow]:
    """Take up to `limit` calls of a lane (or of `ids`) that may leave now; they are `sending` from here on."""
    asked = {"in_lane": lane.value, "now": now, "most": limit}
    if ids is None:
        rows = session.exec(CLAIM_CALLS, params=asked).all()
    else:
        rows = session.exec(CLAIM_THESE_CALLS, params={**asked, "ids": ids}).all()
    if rows:
        taken = update(OutboxRow).where(col(OutboxRow.id).in_([row.id for row in rows]))
        still = taken.where(col(OutboxRow.state) == "planned")
        changed(session, still.values(state="sending", claimed_until=now + SEND_TIMEOUT))
    return rows


def conclude(
    session: Session, row: OutboxRow, ending: Ending, now: datetime, answer: dict[str, Any], errcode: int, reason: str
) -> bool:
    """Write down how a call ended; False when somebody else concluded it before."""
    return (
        changed(
            session,
            _under_way(row).values(
                state=ending,
                finished_at=now,
                attempts=OutboxRow.attempts + 1,
                answer=answer,
                errcode=errcode,
                reason=reason,
            ),
        )
        == 1
    )


def postpone(session: Session, row: OutboxRow, until: datetime, attempts: int, errcode: int, reason: str) -> None:
    """Give a call back, to leave at `until`; `attempts` is how often it has been tried."""
    given_back = {"state": "planned", "ready_at": until, "attempts": attempts, "errcode": errcode, "reason": reason}
    changed(session, _under_way(row).values(**given_back))


def _under_way(row: OutboxRow) -> Any:
    """The row in this very attempt: whoever was taken for dead and comes back late changes nothing."""
    attempt = (col(OutboxRow.state) == "sending", col(OutboxRow.attempts) == row.attempts)
    return update(OutboxRow).where(col(OutboxRow.id) == row.id, *attempt)


def abandoned_calls(session: Session, now: datetime, limit: int) -> Sequence[OutboxRow]:
    """Calls whose sender died on the way."""
    rows = (
        select(OutboxRow)
        .where(in_state(OutboxRow.state, "sending"), col(OutboxRow.claimed_until) <= now)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.exec(rows).all()
