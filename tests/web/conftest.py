"""A door or a console over real HTTP, with a database of its own and a clock that stands still."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import CookieJar, web
from aiohttp.test_utils import TestClient, TestServer
from sqlmodel import col, select

from bot.clock import ManualClock
from bot.community.rules import Rules
from bot.model.tables import InboxRow
from bot.runtime.process import Pulse
from bot.settings import Settings
from bot.sop.library import Library
from bot.storage.database import Database
from bot.storage.queue import EmbeddedQueue
from bot.storage.work import Store
from bot.web import server
from bot.web.callbacks import Callbacks
from bot.web.console import Console
from bot.web.health import Health
from bot.web.intake import Intake
from bot.web.signed import SignedDoors
from tests import blank

from . import sample

Client = TestClient[web.Request, web.Application]
OpenConsole = Callable[..., Awaitable[Client]]
OpenDoors = Callable[..., Awaitable[Client]]
BROKEN = ["sops/group/noon.yaml:7: X107 there is no filter contact.shoe_size."]


NO_RULES = Rules()


@dataclass
class NoKnowledge:
    """Nothing is in force: events are only kept."""

    library: Library = field(default_factory=Library)
    rules: Rules = field(default_factory=Rules)


@dataclass
class Files:
    """What the console is told of files that are not in force."""

    broken: list[str] = field(default_factory=lambda: list(BROKEN))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(sample.NOW)


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    database = Database(blank.sqlite(tmp_path / "xiaoer.db"))
    yield Store(database, EmbeddedQueue(), clock)
    database.close()


def settings_of(**given: object) -> Settings:
    """Settings in English, whatever the environment says."""
    return Settings.model_validate({"language": "en", "console": {"open": True}, **given})


@pytest.fixture
async def open_console(store: Store) -> AsyncIterator[OpenConsole]:
    """Open a console with these settings, filled with the sample."""
    opened: list[Client] = []
    store.database.run_here(sample.fill)

    async def make(**given: object) -> Client:
        app = server.build(Console(settings_of(**given), store, Files()).routes())
        client = TestClient(TestServer(app), cookie_jar=CookieJar(unsafe=True))
        await client.start_server()
        opened.append(client)
        return client

    yield make
    for client in opened:
        await client.close()


@pytest.fixture
async def intake(store: Store) -> AsyncIterator[Intake]:
    """The way into the inbox, open while the test runs."""
    opened = Intake(store, 1_000_000)
    running = asyncio.create_task(opened.run())
    yield opened
    opened.stop()
    await running


@pytest.fixture
async def open_doors(store: Store, intake: Intake, clock: ManualClock) -> AsyncIterator[OpenDoors]:
    """Open the callback doors, the signed doors and the health pages with these settings."""
    opened: list[Client] = []

    async def make(rules: Rules = NO_RULES, **given: object) -> Client:
        settings = settings_of(**given)
        doors = [
            *Callbacks(settings, intake, NoKnowledge(), clock).routes(),
            *SignedDoors(settings, intake, store, NoKnowledge(rules=rules)).routes(),
            *Health(store, Pulse(clock)).routes(),
        ]
        client = TestClient(TestServer(server.build(doors)))
        await client.start_server()
        opened.append(client)
        return client

    yield make
    for client in opened:
        await client.close()


def kept(store: Store) -> list[InboxRow]:
    """The inbox, oldest first."""
    return store.database.run_here(lambda session: list(session.exec(select(InboxRow).order_by(col(InboxRow.id)))))
