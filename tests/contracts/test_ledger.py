"""What the three ledgers promise, over every engine."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from sqlalchemy import event
from sqlmodel import Session, select

from bot.model.calls import Call
from bot.model.events import ContactAdded, ContactLost, Event
from bot.model.ids import ExternalUserId, TraceId, UserId
from bot.model.lanes import Lane
from bot.model.tables import InboxRow, OutboxRow
from bot.storage.database import Database
from bot.storage.ledger import inbox, outbox, payloads, retries, timers
from bot.storage.ledger.inbox import Arrival
from bot.storage.ledger.timers import Timer

T = TypeVar("T")
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
TRACE = TraceId("t")


def added(who: str, welcome_code: str = "") -> Event:
    return ContactAdded(at=NOW, user_id=UserId("zhou"), external_user_id=ExternalUserId(who), welcome_code=welcome_code)


def lost(who: str) -> Event:
    return ContactLost(at=NOW, user_id=UserId("zhou"), external_user_id=ExternalUserId(who))


def receive(database: Database, *events: tuple[str, Event]) -> None:
    arrivals = [Arrival("wecom", event, key, TRACE) for key, event in events]
    database.append_here(lambda connection: inbox.receive(connection, arrivals, NOW))


def claimed(database: Database, lane: Lane = Lane.NORMAL, now: datetime = NOW) -> list[str]:
    return database.run_here(lambda session: [row.dedupe_key for row in inbox.claim(session, lane, now, 10)])


def within(database: Database, do: Callable[[Session], T]) -> T:
    return database.run_here(do)


def test_an_event_delivered_four_times_is_one_row(database: Database) -> None:
    for _delivery in range(4):
        receive(database, ("a", added("mei")))
    assert claimed(database) == ["a"]


def test_an_event_comes_back_as_it_was(database: Database) -> None:
    event = added("mei 梅 🌸", "code")
    receive(database, ("a", event))
    [row] = within(database, lambda session: session.exec(select(InboxRow)).all())
    assert payloads.read_event(row.kind, row.payload) == event
    assert row.deadline == NOW + timedelta(seconds=20)
    assert row.lane == "instant"


def test_events_of_one_subject_are_claimed_one_after_the_other(database: Database) -> None:
    receive(database, ("a", added("mei")), ("b", lost("mei")), ("c", added("hao")))
    assert claimed(database) == ["a", "c"]

    def finish_first(session: Session) -> None:
        row = inbox.claim(session, Lane.NORMAL, NOW, 1)[0]
        inbox.finish(session, row, NOW)

    within(database, finish_first)
    assert claimed(database) == ["b", "c"]


def test_lanes_do_not_wait_for_each_other(database: Database) -> None:
    receive(database, ("a", lost("mei")), ("b", added("mei", "code")))
    assert claimed(database, Lane.INSTANT) == ["b"]


def test_a_claim_that_is_rolled_back_gives_its_rows_back(database: Database) -> None:
    receive(database, ("a", added("mei")))

    def die(session: Session) -> None:
        inbox.finish(session, inbox.claim(session, Lane.NORMAL, NOW, 1)[0], NOW)
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        within(database, die)
    assert claimed(database) == ["a"]


def test_a_failing_event_waits_longer_each_time_and_is_buried_in_the_end(database: Database) -> None:
    receive(database, ("a", added("mei")))
    now, pauses = NOW, []
    for _attempt in range(retries.MAX_ATTEMPTS):
        assert claimed(database, now=now) == ["a"]

        def fail(session: Session, now: datetime = now) -> None:
            inbox.retry(session, inbox.claim(session, Lane.NORMAL, now, 1)[0], now, "boom")

        within(database, fail)
        [row] = within(database, lambda session: session.exec(select(InboxRow)).all())
        pauses.append(row.ready_at - now)
        now = max(row.ready_at, now)
    assert (row.state, row.error) == ("buried", "boom")
    for pause, about in zip(pauses, (1, 2, 4, 8), strict=False):
        assert timedelta(seconds=about * 0.75) <= pause <= timedelta(seconds=about * 1.25)


def test_a_timer_is_set_once_and_fires_when_due(database: Database) -> None:
    timer = Timer("nudge", "nudge:1", NOW + timedelta(minutes=1), about={"n": 1})
    assert within(database, lambda session: timers.set(session, timer, TRACE))
    assert not within(database, lambda session: timers.set(session, timer, TRACE))
    assert within(database, lambda session: timers.claim(session, NOW, 10)) == []
    assert within(database, timers.next_due) == NOW + timedelta(minutes=1)

    def fire(session: Session) -> int:
        due = timers.claim(session, NOW + timedelta(minutes=2), 10)
        timers.fired(session, due, NOW)
        return len(due)

    assert [within(database, fire), within(database, fire)] == [1, 0]


def test_a_cancelled_timer_never_fires(database: Database) -> None:
    within(database, lambda session: timers.set(session, Timer("nudge", "n", NOW), TRACE))
    assert within(database, lambda session: timers.cancel(session, "n"))
    assert within(database, lambda session: timers.claim(session, NOW, 10)) == []


def plan(database: Database, *calls: Call) -> list[bool]:
    return within(database, lambda session: [bool(outbox.plan(session, call, NOW, TRACE)) for call in calls])


def leaving(database: Database, now: datetime = NOW) -> list[str]:
    return within(database, lambda session: [row.endpoint for row in outbox.claim(session, Lane.NORMAL, now, 10)])


def test_a_call_with_a_key_is_planned_once(database: Database) -> None:
    assert plan(database, Call("a", {}, key="k"), Call("a", {}, key="k"), Call("b"), Call("b")) == [
        True,
        False,
        True,
        True,
    ]
    assert leaving(database) == ["a", "b", "b"]
    assert leaving(database) == []


def test_calls_of_one_subject_leave_one_after_the_other(database: Database) -> None:
    plan(database, Call("a", subject="pair"), Call("b", subject="pair"), Call("c", subject="other"))
    assert leaving(database) == ["a", "c"]
    assert leaving(database) == []


def test_a_held_call_leaves_at_its_time_or_when_it_is_released(database: Database) -> None:
    plan(database, Call("a", key="k", after=NOW + timedelta(seconds=8)))
    assert leaving(database) == []
    assert within(database, lambda session: outbox.replan(session, "k", NOW, {"named": True}))
    [row] = within(database, lambda session: list(outbox.claim(session, Lane.NORMAL, NOW, 10)))
    assert row.body == {"named": True}
    assert not within(database, lambda session: outbox.replan(session, "k", NOW))


def test_a_call_is_concluded_once(database: Database) -> None:
    plan(database, Call("a"))
    [row] = within(database, lambda session: list(outbox.claim(session, Lane.NORMAL, NOW, 10)))

    def conclude(session: Session) -> bool:
        return outbox.conclude(session, row, "sent", NOW, {"ok": 1}, 0, "")

    assert [within(database, conclude), within(database, conclude)] == [True, False]
    [row] = within(database, lambda session: session.exec(select(OutboxRow)).all())
    assert (row.state, row.answer, row.attempts) == ("sent", {"ok": 1}, 1)


def test_what_a_dead_sender_leaves_behind_is_found(database: Database) -> None:
    plan(database, Call("a"))
    leaving(database)
    assert within(database, lambda session: list(outbox.abandoned(session, NOW, 10))) == []
    later = NOW + outbox.SEND_TIMEOUT
    [row] = within(database, lambda session: list(outbox.abandoned(session, later, 10)))
    assert row.endpoint == "a"


async def test_two_workers_never_claim_the_same_row(database: Database) -> None:
    import asyncio

    receive(database, *((f"k{n}", added(f"c{n}")) for n in range(40)))

    def claim_and_finish(session: Session) -> list[str]:
        rows = inbox.claim(session, Lane.NORMAL, NOW, 10)
        for row in rows:
            inbox.finish(session, row, NOW)
        return [row.dedupe_key for row in rows]

    batches = await asyncio.gather(*(database.run(claim_and_finish) for _worker in range(8)))
    keys = [key for batch in batches for key in batch]
    assert sorted(keys) == sorted(f"k{n}" for n in range(40))


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_what_a_claim_costs_does_not_grow_with_history(database: Database) -> None:
    seen: list[str] = []

    def watch(session: Session) -> None:
        connection = session.connection()

        def explain(_connection: object, cursor: Any, statement: str, parameters: Any, *_rest: object) -> None:
            if statement.startswith("SELECT"):
                plan = cursor.connection.execute("EXPLAIN QUERY PLAN " + statement, parameters)
                seen.append(" ".join(str(step[3]) for step in plan))

        event.listen(connection, "before_cursor_execute", explain)
        inbox.claim(session, Lane.NORMAL, NOW, 10)
        outbox.claim(session, Lane.NORMAL, NOW, 10)
        timers.claim(session, NOW, 10)

    within(database, watch)
    for plan, indexes in zip(
        seen,
        [("ix_inbox_ready", "ix_inbox_order"), ("ix_outbox_ready", "ix_outbox_order"), ("ix_timers_due",)],
        strict=True,
    ):
        for index in indexes:
            assert index in plan, plan
