"""What the queue promises, over every way to run: in one process, through PostgreSQL, and through Redis.

The stage is a real inbox and outbox; only their handlers and platforms are missing.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from bot.clock import ManualClock
from bot.model.events import ContactAdded, ContactLost, Event
from bot.model.ids import ExternalUserId, TraceId, UserId
from bot.model.lanes import Lane
from bot.model.tables import InboxRow
from bot.storage import spread
from bot.storage.database import Database
from bot.storage.ledger import inbox
from bot.storage.ledger.inbox import Arrival
from bot.storage.postgres_queue import PostgresQueue
from bot.storage.queue import EmbeddedQueue, Queue
from bot.storage.redis_link import linked
from bot.storage.redis_queue import RedisQueue
from bot.storage.streams import MOST_PUBLISHED
from bot.storage.sweep import Sweep
from bot.storage.work import Store, Work
from tests import blank
from tests.servers import FAR_OFF_S, PATIENCE_S, RedisServer

SOON = timedelta(milliseconds=200)
TOPIC = "inbox.normal"
TRACE = TraceId("t")


@dataclass
class Process:
    """A worker that finishes what it is given, and writes down what that was."""

    store: Store
    handled: list[str]

    @property
    def queue(self) -> Queue:
        return self.store.queue

    async def receive(self, *arrivals: tuple[str, Event]) -> None:
        await self.store.work(lambda work: work.receive(Arrival("wecom", one, key, TRACE) for key, one in arrivals))
        if isinstance(self.queue, RedisQueue):
            await self.queue.publish()

    async def step(self, most: int = 10) -> int:
        async with self.queue.share(TOPIC, most) as ids:
            if ids is not None and not ids:
                return 0
            keys = await self.store.work(lambda work: self._finish(work, most, ids))
            self.handled.extend(keys)
            return len(keys)

    def _finish(self, work: Work, most: int, ids: Sequence[int] | None) -> list[str]:
        rows = inbox.claim(work.session, Lane.NORMAL, work.now, most, ids)
        for row in rows:
            inbox.finish(work.session, row, work.now)
        work.announced.add(TOPIC, spread.next_events(work.session, Lane.NORMAL, rows))
        return [row.dedupe_key for row in rows]

    async def take_and_die(self) -> None:
        """Take a share and never come back to it."""
        with pytest.raises(RuntimeError):
            async with self.queue.share(TOPIC, 10):
                raise RuntimeError("killed")

    async def sweep(self) -> int:
        return await Sweep(self.store, self.queue).look() if isinstance(self.queue, RedisQueue) else 0


class Stage:
    """Processes on one database, and what they have handled together."""

    def __init__(
        self, database: Database, clock: ManualClock, stack: AsyncExitStack, redis: RedisServer | None
    ) -> None:
        self.database, self.clock, self.redis = database, clock, redis
        self._stack = stack
        self.handled: list[str] = []

    async def process(self) -> Process:
        return Process(Store(self.database, await self._queue(), self.clock), self.handled)

    async def _queue(self) -> Queue:
        if self.redis is not None:
            link = await self._stack.enter_async_context(linked(self.redis.url))
            return await self._stack.enter_async_context(RedisQueue(link, dead_after=SOON).connected())
        if self.database.is_sqlite:
            return EmbeddedQueue()
        return await self._stack.enter_async_context(PostgresQueue(self.database.driver_url).connected())

    def open(self) -> list[str]:
        found = select(InboxRow.dedupe_key).where(InboxRow.state == "new").order_by(col(InboxRow.id))
        return list(self.database.run_here(lambda session: session.exec(found).all()))


async def until_done(stage: Stage, processes: Iterable[Process]) -> None:
    """Go on, as the loops do, until nothing is open."""
    async with asyncio.timeout(PATIENCE_S):
        while stage.open():
            for one in processes:
                await one.sweep()
                await one.step()
            await asyncio.sleep(0.01)


@asynccontextmanager
async def a_stage(request: pytest.FixtureRequest, kind: str, clock: ManualClock, folder: Path) -> AsyncIterator[Stage]:
    url = blank.sqlite(folder / "xiaoer.db") if kind == "embedded" else request.getfixturevalue("postgres_url")
    redis: RedisServer | None = request.getfixturevalue("redis") if kind == "redis" else None
    database = Database(url)
    async with AsyncExitStack() as stack:
        yield Stage(database, clock, stack, redis)
    database.close()


@pytest.fixture(params=["embedded", "postgresql", "redis"])
async def stage(request: pytest.FixtureRequest, clock: ManualClock, tmp_path: Path) -> AsyncIterator[Stage]:
    async with a_stage(request, request.param, clock, tmp_path) as made:
        yield made


@pytest.fixture
async def spreading(request: pytest.FixtureRequest, clock: ManualClock, tmp_path: Path) -> AsyncIterator[Stage]:
    """The stage with Redis."""
    async with a_stage(request, "redis", clock, tmp_path) as made:
        yield made


def added(clock: ManualClock, who: str) -> Event:
    return ContactAdded(at=clock.now(), user_id=UserId("zhou"), external_user_id=ExternalUserId(who))


def lost(clock: ManualClock, who: str) -> Event:
    return ContactLost(at=clock.now(), user_id=UserId("zhou"), external_user_id=ExternalUserId(who))


def crowd(clock: ManualClock, count: int) -> list[tuple[str, Event]]:
    return [(f"k{number}", added(clock, f"c{number}")) for number in range(count)]


# ── every way to run ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_who_waits_is_woken_by_what_is_put_there(stage: Stage) -> None:
    process = await stage.process()

    async def wait_and_work() -> int:
        while not (moved := await process.step()):
            await process.queue.wait(TOPIC, FAR_OFF_S)
        return moved

    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as tasks:
        working = tasks.create_task(wait_and_work())
        await asyncio.sleep(0.05)
        await process.receive(("a", added(stage.clock, "mei")))
    assert working.result() == 1


async def test_who_waits_for_nothing_comes_back_in_time(stage: Stage) -> None:
    process = await stage.process()
    async with asyncio.timeout(PATIENCE_S):
        await process.queue.wait(TOPIC, 0.05)
        await process.queue.wait("timers", 0.05)


async def test_a_loop_is_woken_from_within(stage: Stage) -> None:
    process = await stage.process()
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as tasks:
        tasks.create_task(process.queue.wait(TOPIC, FAR_OFF_S))
        await asyncio.sleep(0.05)
        process.queue.wake([TOPIC])


async def test_everything_is_handled_once_by_whomever(stage: Stage) -> None:
    processes = [await stage.process() for _number in range(1 if stage.database.is_sqlite else 3)]
    await processes[0].receive(*crowd(stage.clock, 100))

    async def work(process: Process) -> None:
        while stage.open():
            if not await process.step():
                await process.queue.wait(TOPIC, 0.05)
                await process.sweep()

    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*map(work, processes))
    assert sorted(stage.handled) == sorted(f"k{number}" for number in range(100))


async def test_order_is_kept_for_each_subject(stage: Stage) -> None:
    processes = [await stage.process() for _number in range(1 if stage.database.is_sqlite else 3)]
    for number in range(10):
        for who in ("mei", "hao"):
            event = (added if number % 2 == 0 else lost)(stage.clock, who)
            await processes[number % len(processes)].receive((f"{who}{number}", event))
    await until_done(stage, processes)
    for who in ("mei", "hao"):
        assert [key for key in stage.handled if key.startswith(who)] == [f"{who}{number}" for number in range(10)]


async def test_what_a_dead_worker_held_is_done_by_the_living(stage: Stage) -> None:
    dying = await stage.process()
    await dying.receive(*crowd(stage.clock, 5))
    await dying.take_and_die()
    living = dying if stage.database.is_sqlite else await stage.process()
    await until_done(stage, [living])
    assert len(stage.handled) == 5


# ── between processes ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["postgresql", "redis"])
async def test_another_process_is_woken_at_once(
    request: pytest.FixtureRequest, kind: str, clock: ManualClock, tmp_path: Path
) -> None:
    async with a_stage(request, kind, clock, tmp_path) as stage:
        door, worker = await stage.process(), await stage.process()
        await worker.step()
        async with asyncio.timeout(PATIENCE_S):
            waiting = asyncio.create_task(worker.queue.wait(TOPIC, FAR_OFF_S))
            await door.receive(("a", added(clock, "mei")))
            while not waiting.done():  # whoever listens since a moment ago hears the next call
                door.queue.announce({TOPIC: []})
                await asyncio.sleep(0.01)
            assert await worker.step() == 1


async def test_a_postgresql_that_is_restarted_is_waited_for(
    request: pytest.FixtureRequest, clock: ManualClock, tmp_path: Path
) -> None:
    async with a_stage(request, "postgresql", clock, tmp_path) as stage:
        process, other = await stage.process(), await stage.process()
        await process.receive(("a", added(clock, "mei")))
        await asyncio.to_thread(request.getfixturevalue("postgres_server").restart)
        await until_done(stage, [process])
        # wake-up calls come again, too
        async with asyncio.timeout(PATIENCE_S):
            waiting = asyncio.create_task(other.queue.wait(TOPIC, FAR_OFF_S))
            while not waiting.done():
                process.queue.announce({TOPIC: []})
                await asyncio.sleep(0.05)


# ── with Redis ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_rows_are_spread_and_not_all_taken_by_one(spreading: Stage) -> None:
    one, other = await spreading.process(), await spreading.process()
    await one.receive(*crowd(spreading.clock, 20))
    assert [await one.step(), await other.step()] == [10, 10]


@pytest.mark.parametrize("moment", ["published", "taken", "handled", "waiting"])
async def test_an_emptied_redis_loses_nothing(spreading: Stage, moment: str) -> None:
    one, other = await spreading.process(), await spreading.process()
    assert spreading.redis is not None
    if moment == "waiting":
        await one.queue.wait(TOPIC, 0.05)
        spreading.redis.flush()
    await one.receive(*crowd(spreading.clock, 15))
    if moment == "published":
        spreading.redis.flush()
    elif moment == "taken":
        async with one.queue.share(TOPIC, 10) as ids:
            assert ids
            spreading.redis.flush()
    elif moment == "handled":
        assert await one.step()
        spreading.redis.flush()
    await until_done(spreading, [one, other])
    assert sorted(spreading.handled) == sorted(f"k{number}" for number in range(15))


async def test_without_redis_work_goes_on_and_with_it_again_too(spreading: Stage) -> None:
    process = await spreading.process()
    assert spreading.redis is not None
    spreading.redis.stop()
    await process.receive(*crowd(spreading.clock, 15))
    while await process.step():
        pass
    assert len(spreading.handled) == 15
    spreading.redis.start()
    async with asyncio.timeout(PATIENCE_S):
        while isinstance(process.queue, RedisQueue) and process.queue.is_away:
            await process.queue.wait(TOPIC, 1)
    await process.receive(("z", lost(spreading.clock, "mei")))
    async with process.queue.share(TOPIC, 10) as ids:
        assert ids is not None
    await until_done(spreading, [process])


async def test_a_stream_is_bounded_and_the_rest_waits_in_the_database(spreading: Stage) -> None:
    process = await spreading.process()
    assert isinstance(process.queue, RedisQueue)
    streams = process.queue.streams
    assert await streams.publish(TOPIC, range(1, MOST_PUBLISHED + 500), is_news=True) == MOST_PUBLISHED
    assert await streams.publish(TOPIC, [MOST_PUBLISHED + 501], is_news=True) == 0
    entries = await streams.read(TOPIC, 100)
    await streams.acknowledge(TOPIC, entries)
    assert await streams.publish(TOPIC, range(1, 200), is_news=False) == 100


async def test_a_sweep_publishes_what_is_in_no_stream_and_nothing_else(spreading: Stage) -> None:
    process = await spreading.process()
    await process.receive(*crowd(spreading.clock, 5))
    assert await process.sweep() == 0
    assert spreading.redis is not None
    spreading.redis.flush()
    assert [await process.sweep(), await process.sweep()] == [5, 0]


async def test_what_was_read_and_not_handed_out_is_given_back_at_the_end(spreading: Stage) -> None:
    assert spreading.redis is not None
    async with linked(spreading.redis.url) as link, RedisQueue(link).connected() as queue:
        leaving = Process(Store(spreading.database, queue, spreading.clock), spreading.handled)
        await leaving.receive(*crowd(spreading.clock, 5))
        await queue.wait(TOPIC, 1)
    staying = await spreading.process()
    assert await staying.step() == 5


async def test_whoever_has_no_room_is_given_nothing_and_loses_nobody(spreading: Stage) -> None:
    process = await spreading.process()
    await process.receive(*crowd(spreading.clock, 3))
    async with process.queue.share(TOPIC, 0) as ids:
        assert ids == []
    async with process.queue.share(TOPIC, 3) as ids:
        assert ids is not None
        assert len(ids) == 3


async def test_whoever_has_no_room_waits_for_its_own_calls_to_end(spreading: Stage) -> None:
    """What it has read lies there meanwhile; to look at that again and again would let nothing else run."""
    process = await spreading.process()
    await process.receive(*crowd(spreading.clock, 3))
    await process.queue.wait(TOPIC, 1)
    async with process.queue.share(TOPIC, 0):
        pass
    has_ended: list[str] = []

    def end() -> None:
        has_ended.append("a call")
        process.queue.wake([TOPIC])

    asyncio.get_running_loop().call_soon(end)
    await process.queue.wait(TOPIC, FAR_OFF_S)
    assert has_ended
    async with process.queue.share(TOPIC, 3) as ids:
        assert ids is not None
        assert len(ids) == 3


@pytest.mark.parametrize("kind", ["postgresql", "redis"])
async def test_a_queue_is_left_at_any_moment(
    request: pytest.FixtureRequest, clock: ManualClock, tmp_path: Path, kind: str
) -> None:
    """Whatever its tasks are just doing, also when an answer of the server comes together with their end."""
    for turns in range(60):
        async with asyncio.timeout(PATIENCE_S), a_stage(request, kind, clock, tmp_path) as stage:
            one = await stage.process()
            one.queue.announce({TOPIC: {turns}})
            for _turn in range(turns):
                await asyncio.sleep(0)


async def test_keys_end_some_day(spreading: Stage) -> None:
    process = await spreading.process()
    await process.receive(*crowd(spreading.clock, 5))
    await process.step()
    async with linked(spreading.redis.url if spreading.redis else "") as link:
        keys = await link.keys("*")
        assert keys
        assert all([await link.ttl(key) > 0 for key in keys])
