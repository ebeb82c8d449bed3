"""A door or a console over real HTTP, with a database of its own and a clock that stands still."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import CookieJar, web
from aiohttp.test_utils import TestClient, TestServer
from sqlmodel import SQLModel

from bot.clock import ManualClock
from bot.settings import Settings
from bot.storage.database import Database
from bot.storage.queue import EmbeddedQueue
from bot.storage.work import Store
from bot.web import server
from bot.web.console import Console

from . import sample

Client = TestClient[web.Request, web.Application]
OpenConsole = Callable[..., Awaitable[Client]]
BROKEN = ["sops/group/noon.yaml:7: X107 there is no filter contact.shoe_size."]


@dataclass
class Files:
    """What the console is told of files that are not in force."""

    broken: list[str] = field(default_factory=lambda: list(BROKEN))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(sample.NOW)


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    database = Database(f"sqlite:///{tmp_path}/xiaoer.db")
    SQLModel.metadata.create_all(database.engine)
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
