"""What happens to events: handled once, tried again when a handler fails, and in the end buried, never lost."""

from datetime import timedelta

from sqlmodel import select

from bot.model.events import UnknownCallback
from bot.model.ids import TraceId
from bot.model.tables import InboxRow
from bot.runtime.context import Context
from bot.runtime.dispatcher import Dispatcher
from bot.runtime.router import Router
from bot.runtime.worker import Worker
from bot.storage.ledger import inbox, retries
from bot.storage.work import Work
from tests.world import World


async def arrive(world: World) -> None:
    event = UnknownCallback(at=world.clock.now(), source="wecom", fields={"Event": "new_thing"})
    arrival = inbox.Arrival("wecom", event, "k", TraceId("t"))
    await world.bot.store.work(lambda work: inbox.receive(work.session.connection(), [arrival], work.now))


def row(world: World) -> InboxRow:
    rows: list[InboxRow] = world.read(select(InboxRow).where(InboxRow.dedupe_key == "k"))
    return rows[0]


async def test_an_unknown_event_is_kept_and_harmless(world: World) -> None:
    await arrive(world)
    await world.settle()
    assert row(world).state == "done"


async def test_a_failing_handler_keeps_nothing_and_the_event_is_tried_again(world: World) -> None:
    router, tries = Router("test"), 0

    @router.on(UnknownCallback)
    def fails_twice(event: UnknownCallback, ctx: Context) -> None:
        nonlocal tries
        tries += 1
        ctx.work.record(UnknownCallback(at=event.at, source="test", fields={}), f"led to {tries}")
        if tries < 3:
            raise RuntimeError("not yet")

    worker = Worker(
        world.bot.store, Dispatcher(router, world.bot.settings, world.bot.knowledge), world.bot.workers[1].lane
    )
    await arrive(world)
    for _attempt in range(3):
        await worker.step()
        world.clock.advance(timedelta(minutes=1))
    kept = world.read(select(InboxRow.dedupe_key).where(InboxRow.source == "xiaoer", InboxRow.kind == "unknown"))
    assert kept == ["led to 3"]
    assert row(world).state == "done"


async def test_an_event_that_never_succeeds_is_buried_with_its_reason(world: World) -> None:
    router = Router("test")

    @router.on(UnknownCallback)
    def always_fails(_event: UnknownCallback, _ctx: Context) -> None:
        raise ValueError("no such luck")

    worker = Worker(
        world.bot.store, Dispatcher(router, world.bot.settings, world.bot.knowledge), world.bot.workers[1].lane
    )
    await arrive(world)
    for _attempt in range(retries.MAX_ATTEMPTS + 2):
        await worker.step()
        world.clock.advance(timedelta(minutes=15))
    assert row(world).state == "buried"
    assert "no such luck" in row(world).error


def test_work_that_is_done_again_records_the_same_events(world: World) -> None:
    event = UnknownCallback(at=world.clock.now(), source="test", fields={})

    def twice(work: Work) -> None:
        for _time in range(2):
            again = Work(work.session, work.now, TraceId("t"), "inbox:1")
            again.record(event)

    world.bot.store.database.run_here(lambda session: twice(Work(session, world.clock.now(), TraceId("t"))))
    assert len(world.read(select(InboxRow).where(InboxRow.dedupe_key == "inbox:1/1"))) == 1
