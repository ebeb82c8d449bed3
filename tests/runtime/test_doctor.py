"""What the doctor says of the servers that hold the memory: one clear line each."""

from collections.abc import Awaitable
from datetime import timedelta
from pathlib import Path

import pytest

from bot import doctor, i18n
from bot.clock import SystemClock
from bot.settings import Settings
from bot.storage import servers
from bot.storage.migrate import migrate
from bot.storage.servers import Server
from tests.servers import RedisServer

NOWHERE = "127.0.0.1:1"


async def lines(**settings: object) -> dict[str, tuple[bool, str]]:
    i18n.use("en")
    checks = await doctor.examine(Settings(**settings))  # type: ignore[arg-type]
    return {check.name: (check.ok, check.message) for check in checks}


async def test_postgresql_and_redis_are_looked_at(postgres_url: str, redis: RedisServer) -> None:
    migrate(postgres_url)
    found = await lines(database_url=postgres_url, redis_url=redis.url)
    for name in ("PostgreSQL", "Redis"):
        ok, version = found[name]
        assert ok
        assert int(version.partition(".")[0]) >= 6
    assert found["Database"][0]


async def test_a_server_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    found = await lines(database_url=f"postgresql://xiaoer:secret@{NOWHERE}/x", redis_url=f"redis://{NOWHERE}/0")
    for name, variable in (("PostgreSQL", "XIAOER_DATABASE_URL"), ("Redis", "XIAOER_REDIS_URL")):
        ok, message = found[name]
        assert not ok
        assert message.startswith(f"{variable} cannot be reached")
        assert "\n" not in message
        assert "secret" not in message
    assert (await lines(database_url=f"sqlite:///{tmp_path}/x.db"))["SQLite"][0]


async def test_clocks_that_are_apart_are_told(postgres_url: str, redis: RedisServer) -> None:
    def late() -> object:
        return SystemClock().now() - timedelta(seconds=90)

    async def told(name: str, asking: Awaitable[Server]) -> str:
        check = await doctor.server(name, asking)
        assert not check.ok
        return check.message

    i18n.use("en")
    assert "90.0 s apart" in await told("PostgreSQL", servers.ask_database(postgres_url, late))  # type: ignore[arg-type]
    assert "90.0 s apart" in await told("Redis", servers.ask_redis(redis.url, late))  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "version"), [("Redis", "5.0.14"), ("PostgreSQL", "9.6.1"), ("SQLite", "3.31.1")])
async def test_a_server_that_is_too_old_is_told(name: str, version: str) -> None:
    async def answer() -> Server:
        return Server(version, timedelta(0))

    i18n.use("en")
    check = await doctor.server(name, answer())
    assert not check.ok
    assert check.message.startswith(f"{version} is too old")
