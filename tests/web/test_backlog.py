"""A backlog that is too deep shuts the doors, at once, and they open by themselves when it has been worked off."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from sqlmodel import Session, col, func, select, update

from bot.clock import ManualClock
from bot.model.events import UnknownCallback
from bot.model.ids import TraceId
from bot.model.lanes import Lane
from bot.model.tables import InboxRow
from bot.storage.ledger import inbox
from bot.storage.ledger.inbox import Arrival
from bot.storage.work import Store
from bot.web import server
from bot.web.callbacks import Callbacks
from bot.web.intake import FOR_INSTANT, Intake
from bot.web.signed import SignedDoors

from . import sample
from .conftest import Client, NoKnowledge, settings_of
from .doors import CORP, TRACK, WECOM, added, post_lines, refused, seal, send

MOST = 10


@pytest.fixture
async def shallow(store: Store) -> AsyncIterator[Intake]:
    """A way into an inbox in which no more than ten events may wait."""
    made = Intake(store, MOST)
    running = asyncio.create_task(made.run())
    yield made
    made.stop()
    await running


@pytest.fixture
async def client(store: Store, shallow: Intake, clock: ManualClock) -> AsyncIterator[Client]:
    settings = settings_of(wecom=WECOM, track={"secret": TRACK})
    doors = [
        *Callbacks(settings, shallow, NoKnowledge(), clock).routes(),
        *SignedDoors(settings, shallow, store, NoKnowledge()).routes(),
    ]
    async with TestClient(TestServer(server.build(doors))) as opened:
        yield opened


def wait_there(store: Store, count: int, first: int = 0) -> None:
    events = [UnknownCallback(at=sample.NOW, source="wecom", fields={}) for _one in range(count)]
    rows = [Arrival("wecom", event, f"w{first + n}", TraceId("t")) for n, event in enumerate(events)]
    store.database.append_here(lambda connection: inbox.receive(connection, rows, sample.NOW))


def depth(store: Store) -> int:
    return store.database.run_here(
        lambda session: session.exec(select(func.count()).where(InboxRow.state == "new")).one()
    )


def work_off(store: Store) -> None:
    def done(session: Session) -> None:
        session.connection().execute(update(InboxRow).where(col(InboxRow.state) == "new").values(state="done"))

    store.database.run_here(done)


def tell(number: int) -> str:
    """A callback without haste."""
    return (
        f"<xml><ToUserName>{CORP}</ToUserName><FromUserName>sys</FromUserName><CreateTime>{1_700_000_000 + number}"
        "</CreateTime><MsgType>event</MsgType><Event>change_external_tag</Event><Id>etX</Id><TagType>tag</TagType>"
        "<ChangeType>update</ChangeType></xml>"
    )


async def tracked(client: Client, clock: ManualClock) -> ClientResponse:
    line = {"event_id": "1", "event": "order.paid", "at": 1_700_000_000, "openid": "o"}
    return await post_lines(client, "/track", TRACK, [line], clock)


async def test_a_deep_backlog_shuts_the_doors_and_an_empty_one_opens_them(
    client: Client, shallow: Intake, store: Store, clock: ManualClock
) -> None:
    wait_there(store, MOST)
    await shallow.measure()
    answer = await send(client, seal(tell(1)))
    await refused(answer, 503, "too many")
    assert answer.headers["Retry-After"] == "5"
    await refused(await tracked(client, clock), 503, "too many")
    assert depth(store) == MOST
    work_off(store)
    await shallow.measure()
    assert (await send(client, seal(tell(1)))).status == 200
    assert (await tracked(client, clock)).status == 200


async def test_a_flood_between_two_looks_finds_the_door_shut_in_time(
    client: Client, shallow: Intake, store: Store
) -> None:
    await shallow.measure()
    statuses = [(await send(client, seal(tell(number)))).status for number in range(MOST + 5)]
    assert statuses == [200] * MOST + [503] * 5
    assert depth(store) == MOST


async def test_a_contact_who_waits_for_a_welcome_still_finds_it_open(
    client: Client, shallow: Intake, store: Store
) -> None:
    wait_there(store, MOST)
    await shallow.measure()
    assert (await send(client, seal(added("wmMEI")))).status == 200
    wait_there(store, MOST * FOR_INSTANT, first=MOST)
    await shallow.measure()
    assert (await send(client, seal(added("wmHAO")))).status == 503


def test_a_claim_is_a_bounded_batch_however_much_waits(store: Store) -> None:
    wait_there(store, 500)
    claimed = store.database.run_here(lambda session: inbox.claim(session, Lane.NORMAL, sample.NOW, 16))
    assert len(claimed) == 16
