"""What the servers that hold the memory say of themselves: their version and their clock."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlmodel import Session, text

from bot.storage.addresses import check_database
from bot.storage.database import Database
from bot.storage.redis_link import asking_redis, linked


@dataclass(frozen=True)
class Server:
    """`behind` is how far its clock is behind ours, negative when it is ahead."""

    version: str
    behind: timedelta


async def ask_database(url: str, now: Callable[[], datetime]) -> Server:
    """Raises `SettingsError` when nobody answers, and whatever the driver raises when it stops answering."""
    await asyncio.to_thread(check_database, url)
    database = Database(url)
    try:
        return await database.read(lambda session: _asked(session, now))
    finally:
        database.close()


def _asked(session: Session, now: Callable[[], datetime]) -> Server:
    if session.get_bind().dialect.name == "sqlite":
        return Server(str(session.execute(text("SELECT sqlite_version()")).scalar_one()), timedelta(0))
    version = str(session.execute(text("SHOW server_version")).scalar_one())
    before = now()
    there: datetime = session.execute(text("SELECT clock_timestamp()")).scalar_one()
    return Server(version.partition(" ")[0], _middle(before, now()) - there)


async def ask_redis(url: str, now: Callable[[], datetime]) -> Server:
    """Raises `SettingsError` when nobody answers, `Unreachable` when it stops answering."""
    async with linked(url) as redis:
        with asking_redis("redis"):
            version = str((await redis.info("server"))["redis_version"])
            before = now()
            seconds, microseconds = await redis.time()
    there = datetime.fromtimestamp(int(seconds), UTC) + timedelta(microseconds=int(microseconds))
    return Server(version, _middle(before, now()) - there)


def _middle(before: datetime, after: datetime) -> datetime:
    """The moment at which the server looked at its clock, as near as one can tell."""
    return before + (after - before) / 2
