"""What sharing access tokens promises, over every place where they may be shared."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from bot.clock import ManualClock
from bot.errors import PlatformError, Unreachable
from bot.platforms import tokens
from bot.platforms.tokens import ASK_AGAIN, MemoryTokens, TokenCache, TokenStore
from bot.storage.database import Database
from bot.storage.queue import EmbeddedQueue
from bot.storage.redis_link import linked
from bot.storage.redis_tokens import RedisTokens
from bot.storage.tokens import SqlTokens
from bot.storage.work import Store
from tests import blank
from tests.servers import RedisServer

Stores = Callable[[], TokenStore]
"""Makes the store of one more process."""


@pytest.fixture(params=["memory", "sqlite", "postgresql", "redis"])
async def stores(request: pytest.FixtureRequest, clock: ManualClock, tmp_path: Path) -> AsyncIterator[Stores]:
    async with _stores(request, clock, tmp_path) as make:
        yield make


@asynccontextmanager
async def _stores(request: pytest.FixtureRequest, clock: ManualClock, folder: Path) -> AsyncIterator[Stores]:
    if request.param == "memory":
        shared = MemoryTokens()
        yield lambda: shared
    elif request.param == "redis":
        server: RedisServer = request.getfixturevalue("redis")
        async with linked(server.url) as redis:
            yield lambda: RedisTokens(redis, clock)
    else:
        is_sqlite = request.param == "sqlite"
        url = blank.sqlite(folder / "xiaoer.db") if is_sqlite else request.getfixturevalue("postgres_url")
        database = Database(url)
        yield lambda: SqlTokens(Store(database, EmbeddedQueue(), clock))
        database.close()


class Platform:
    """Hands out tokens, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.is_down = self.refuses = False

    async def fetch(self) -> tuple[str, int]:
        self.asked += 1
        number = self.asked
        await asyncio.sleep(0.05)
        if self.is_down:
            raise Unreachable("gettoken", "no answer")
        if self.refuses:
            raise PlatformError("gettoken", 40001, "invalid credential")
        return f"token {number}", 7200


def process(stores: Stores, clock: ManualClock, platform: Platform, secret: str = "s") -> TokenCache:
    return TokenCache(clock, platform.fetch, stores(), "wecom:ww1:1", secret)


async def test_a_crowd_in_several_processes_fetches_once(stores: Stores, clock: ManualClock) -> None:
    platform = Platform()
    caches = [process(stores, clock, platform) for _process in range(3)]
    found = await asyncio.gather(*(cache.get() for cache in caches for _task in range(20)))
    assert set(found) == {"token 1"}
    assert platform.asked == 1


async def test_a_token_near_its_end_is_fetched_anew(stores: Stores, clock: ManualClock) -> None:
    platform = Platform()
    one, other = process(stores, clock, platform), process(stores, clock, platform)
    assert await one.get() == "token 1"
    clock.advance(timedelta(seconds=7200) - tokens.MARGIN)
    assert list(await asyncio.gather(one.get(), other.get())) == ["token 2", "token 2"]


async def test_a_refused_token_is_replaced_once_for_all(stores: Stores, clock: ManualClock) -> None:
    platform = Platform()
    one, other = process(stores, clock, platform), process(stores, clock, platform)
    assert list(await asyncio.gather(one.get(), other.get())) == ["token 1", "token 1"]
    await one.drop("token 1")
    assert await one.get() == "token 2"
    # the other learns of it later, and takes what is there
    await other.drop("token 1")
    assert await other.get() == "token 2"
    await other.drop("token 1")
    assert await other.get() == "token 2"
    assert platform.asked == 2


async def test_after_a_failed_fetch_the_next_one_tries(stores: Stores, clock: ManualClock) -> None:
    platform = Platform()
    platform.is_down = True
    with pytest.raises(Unreachable):
        await process(stores, clock, platform).get()
    platform.is_down = False
    assert await process(stores, clock, platform).get() == "token 2"


async def test_a_wrong_secret_is_not_asked_with_again_and_again(stores: Stores, clock: ManualClock) -> None:
    platform = Platform()
    platform.refuses = True
    tokens = process(stores, clock, platform)
    for _call in range(20):
        with pytest.raises(PlatformError):
            await tokens.get()
    assert platform.asked == 1
    platform.refuses = False
    clock.advance(ASK_AGAIN)
    assert await tokens.get() == "token 2"


async def test_only_who_knows_the_secret_can_read_a_token(stores: Stores, clock: ManualClock) -> None:
    platform = Platform()
    await process(stores, clock, platform).get()
    kept = await stores().find("wecom:ww1:1")
    assert kept is not None
    assert "token" not in kept.text
    # a secret that was changed at the platform: the old token is of no use any more
    assert await process(stores, clock, platform, "another").get() == "token 2"


async def test_a_token_is_not_printed(clock: ManualClock) -> None:
    platform = Platform()
    cache = process(MemoryTokens, clock, platform)
    assert await cache.get() == "token 1"
    assert "token 1" not in repr(cache._token)


async def test_a_redis_that_is_emptied_costs_one_more_fetch(redis: RedisServer, clock: ManualClock) -> None:
    platform = Platform()
    async with linked(redis.url) as link:
        assert await process(lambda: RedisTokens(link, clock), clock, platform).get() == "token 1"
        redis.flush()
        assert await process(lambda: RedisTokens(link, clock), clock, platform).get() == "token 2"


async def test_a_redis_that_is_away_is_no_reason_to_fetch(redis: RedisServer, clock: ManualClock) -> None:
    platform = Platform()
    async with linked(redis.url) as link:
        redis.stop()
        try:
            with pytest.raises(Unreachable) as raised:
                await process(lambda: RedisTokens(link, clock), clock, platform).get()
        finally:
            redis.start()
        assert not raised.value.arrived
        assert platform.asked == 0
        assert await process(lambda: RedisTokens(link, clock), clock, platform).get() == "token 1"
