"""What a database in trouble, or another transaction, does to events: they wait, and it is not held against them."""

from collections.abc import Iterator

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, select, text

from bot.clock import ManualClock
from bot.model.events import UnknownCallback
from bot.model.ids import TraceId
from bot.model.lanes import Lane
from bot.model.tables import InboxRow, StaffTask
from bot.runtime.context import Context
from bot.runtime.dispatcher import Dispatcher
from bot.runtime.router import Router
from bot.runtime.worker import Worker
from bot.storage import hindrances
from bot.storage.database import Database
from bot.storage.ledger import inbox, retries
from bot.storage.queue import EmbeddedQueue
from bot.storage.work import Store, Work
from tests.web.conftest import NoKnowledge, settings_of
from tests.world import START

SHARED = select(StaffTask).where(StaffTask.user_id == "zhou").with_for_update()


@pytest.fixture
def store(postgres_url: str) -> Iterator[Store]:
    """Events a, b and c, and a row that several may want."""
    database, clock = Database(postgres_url), ManualClock(START)
    events = {name: UnknownCallback(at=START, source="wecom", fields={"what": name}) for name in "abc"}
    rows = [inbox.Arrival("wecom", event, name, TraceId("t")) for name, event in events.items()]
    database.append_here(lambda connection: inbox.receive(connection, rows, START))
    database.run_here(lambda session: session.add(StaffTask(user_id="zhou", text="", opened_at=START)))
    yield Store(database, EmbeddedQueue(), clock)
    database.close()


def worker(store: Store, router: Router) -> Worker:
    return Worker(store, Dispatcher(router, settings_of(), NoKnowledge()), Lane.NORMAL)


def states(store: Store) -> list[tuple[str, int]]:
    rows = select(InboxRow.state, InboxRow.attempts).order_by(col(InboxRow.id))
    return store.database.run_here(lambda session: list(session.exec(rows).all()))


async def test_who_finds_another_in_the_way_lets_go_and_comes_back(store: Store) -> None:
    router = Router("test")

    @router.on(UnknownCallback)
    def wants_the_row(event: UnknownCallback, ctx: Context) -> None:
        if event.fields["what"] == "b":
            ctx.session.exec(SHARED).one()

    one = worker(store, router)
    with Session(store.database.engine) as other:
        other.exec(SHARED).one()
        assert [await one.step(), await one.step()] == [3, 1]
        assert states(store) == [("done", 0), ("new", 0), ("new", 0)]
    assert [await one.step() for _time in range(3)] == [1, 1, 0]
    assert states(store) == [("done", 0)] * 3


async def test_only_what_somebody_comes_back_for_is_given_up(store: Store) -> None:
    """Segments that were not followed would be followed within the hour only."""
    router, waits = Router("test"), list[str]()

    @router.on(UnknownCallback)
    def look(_event: UnknownCallback, ctx: Context) -> None:
        waits.append(how_long(ctx.work))

    def handle(work: Work) -> str:
        hindrances.be_impatient(work.session)
        Dispatcher(router, settings_of(), NoKnowledge()).handle(work, work.session.exec(select(InboxRow)).all())
        return how_long(work)

    assert await store.work(handle) == "0"
    assert waits == ["300ms"] * 3


def how_long(work: Work) -> str:
    return str(work.session.connection().execute(text("SHOW lock_timeout")).scalar())


async def test_a_server_in_trouble_costs_no_event_its_tries(store: Store) -> None:
    router, disk = Router("test"), ["full"]

    @router.on(UnknownCallback)
    def needs_room(_event: UnknownCallback, ctx: Context) -> None:
        if disk:
            ctx.session.connection().execute(text("DO $$ BEGIN RAISE 'no space left' USING ERRCODE = '53100'; END $$"))

    one = worker(store, router)
    for _time in range(retries.MAX_ATTEMPTS + 1):
        with pytest.raises(OperationalError, match="no space left"):
            await one.step()
    assert states(store) == [("new", 0)] * 3
    disk.clear()
    assert await one.step() == 3
    assert states(store) == [("done", 0)] * 3
