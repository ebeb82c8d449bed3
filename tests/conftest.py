"""What every test may ask for."""

import gc
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot import i18n
from tests import compiled
from tests.command import Shell
from tests.servers import PostgresServer, RedisServer, a_postgres, a_redis
from tests.world import World
from tests.world import world as a_world

MEMORY, ROOM_BYTES = Path("/dev/shm"), 2 * 1024**3
"""A disk in memory, and how much has to be free there. On a slow disk, tests wait for it more than they compute."""


def pytest_configure() -> None:
    """Temporary folders lie in memory, where there is room, unless somebody has said where they shall."""
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES and "TMPDIR" not in os.environ:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)
    compiled.share()


def pytest_collection_finish() -> None:
    """All that is loaded by now stays to the end: the collector of garbage need not look through it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _language() -> None:
    """Each begins in the language that nobody has chosen, whatever the one before spoke."""
    i18n.use(i18n.DEFAULT)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """The whole bot with the simulated platform, read in and at rest."""
    async with a_world(tmp_path) as here:
        yield here


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Where commands are typed."""
    return Shell(tmp_path, monkeypatch, capsys)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One for each process that runs tests, and so is Redis."""
    with a_postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A migrated database in PostgreSQL."""
    with postgres_server.migrated_database() as url:
        yield url


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    with a_redis() as server:
        yield server


@pytest.fixture
def redis(redis_server: RedisServer) -> RedisServer:
    """An empty Redis."""
    redis_server.flush()
    return redis_server
