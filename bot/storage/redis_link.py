"""The connection to Redis: the only module that knows which library speaks to it.

Nothing in Redis is the truth. Its keys have a lifetime, and it may be emptied at any moment.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError, ResponseError

from bot.errors import SettingsError, Unreachable

__all__ = ["Redis", "RedisError", "ResponseError", "asking_redis", "linked"]

MOST_CONNECTIONS = 32
TIMEOUT_S = 5.0
"""For every answer; so whoever waits inside Redis has to wait for less."""


@asynccontextmanager
async def linked(url: str) -> AsyncIterator[Redis]:
    """An open connection pool; raises `SettingsError` when nobody answers at `url`."""
    try:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=MOST_CONNECTIONS,
            timeout=TIMEOUT_S,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            health_check_interval=30,
            decode_responses=True,
            protocol=2,  # the same shapes of answers from every version of the server
        )
        redis = Redis.from_pool(pool)
    except ValueError as error:
        raise SettingsError(f"XIAOER_REDIS_URL is not an address such as redis://host:6379/0: {error}") from error
    try:
        await redis.ping()
    except RedisError as error:
        await redis.aclose()
        raise SettingsError(f"XIAOER_REDIS_URL cannot be reached: {_reason(error)}") from error
    try:
        yield redis
    finally:
        await redis.aclose()


def _reason(error: RedisError) -> str:
    return str(error).partition("\n")[0] or type(error).__name__


@contextmanager
def asking_redis(what: str) -> Iterator[None]:
    """A Redis that does not answer is `Unreachable`: nothing has been sent, and trying again is right."""
    try:
        yield
    except RedisError as error:
        raise Unreachable(what, "Redis does not answer", arrived=False) from error
