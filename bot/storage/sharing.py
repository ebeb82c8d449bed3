"""Which of the three ways to run: what the processes of one bot share, and through what. The settings decide.

- SQLite: one process, which shares with nobody.
- PostgreSQL: several processes; everything goes through the database.
- PostgreSQL and Redis: many processes; rows and leases in the database, what is fast and may be lost in Redis.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.clock import Clock
from bot.storage.counters import SqlCounters
from bot.storage.database import Database
from bot.storage.leases import Lease
from bot.storage.queue import EmbeddedQueue
from bot.storage.tokens import SqlTokens
from bot.storage.work import Store

if TYPE_CHECKING:
    from bot.storage.redis_counters import RedisCounters
    from bot.storage.redis_tokens import RedisTokens
    from bot.storage.sweep import Sweep

LEAD_FOR = timedelta(seconds=3)
"""Three times as long as a scheduler waits before it looks again: so a living one never loses its lease."""


@dataclass(frozen=True)
class Sharing:
    """What is None is the process's own affair."""

    store: Store
    tokens: "SqlTokens | RedisTokens | None" = None
    counters: "SqlCounters | RedisCounters | None" = None
    lease: Lease | None = None
    sweeps: "Sequence[Sweep]" = ()
    ping: Callable[[], Awaitable[object]] | None = None
    """Ask Redis whether it is there; raises when not."""


@asynccontextmanager
async def opened(database: Database, redis_url: str, clock: Clock) -> AsyncIterator[Sharing]:
    """Everything shared, connected while the block runs. Raises `SettingsError` when Redis cannot be reached."""
    if database.is_sqlite:
        yield Sharing(Store(database, EmbeddedQueue(), clock))
        return
    through = _through_redis(database, redis_url, clock) if redis_url else _through_postgresql(database, clock)
    async with through as sharing:
        yield sharing


@asynccontextmanager
async def _through_postgresql(database: Database, clock: Clock) -> AsyncIterator[Sharing]:
    from bot.storage.postgres_queue import PostgresQueue  # the driver is not loaded beside SQLite

    async with PostgresQueue(database.driver_url).connected() as queue:
        store = Store(database, queue, clock)
        yield Sharing(store, SqlTokens(store), SqlCounters(store), _leadership())


@asynccontextmanager
async def _through_redis(database: Database, url: str, clock: Clock) -> AsyncIterator[Sharing]:
    from bot.storage.redis_counters import RedisCounters  # nor is Redis's client where there is none
    from bot.storage.redis_link import linked
    from bot.storage.redis_queue import RedisQueue
    from bot.storage.redis_tokens import RedisTokens
    from bot.storage.sweep import Sweep

    async with linked(url) as redis, RedisQueue(redis).connected() as spreading:
        store = Store(database, spreading, clock)
        tokens, counters = RedisTokens(redis, clock), RedisCounters(redis, clock)
        yield Sharing(store, tokens, counters, _leadership(), [Sweep(store, spreading)], redis.ping)


def _leadership() -> Lease:
    return Lease("scheduler", LEAD_FOR)
