"""Wake-up calls between processes that share a PostgreSQL, by LISTEN and NOTIFY.

They travel on two connections of their own, outside the transactions that they tell of: a NOTIFY inside one makes
commits wait for each other. While the server is away, loops look by themselves.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Any

import psycopg

from bot import log
from bot.storage.queue import EmbeddedQueue, end

logger = log.get(__name__)
CHANNEL = "xiaoer"
AGAIN_S = 1.0
Connection = psycopg.AsyncConnection[Any]


class PostgresQueue(EmbeddedQueue):
    """Rings the bells of this process at once, and those of the others by way of the server."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self._untold: set[str] = set()
        self._something_to_tell = asyncio.Event()
        self._own_pid = 0

    def announce(self, news: Mapping[str, Collection[int]]) -> None:
        if news:
            self.wake(news)
            self._untold.update(news)
            self._something_to_tell.set()

    @asynccontextmanager
    async def connected(self) -> AsyncIterator["PostgresQueue"]:
        """Tell and listen while the block runs."""
        tasks = [asyncio.create_task(self._keep(self._tell)), asyncio.create_task(self._keep(self._listen))]
        try:
            yield self
        finally:
            await end(*tasks)

    async def _keep(self, do: Callable[[Connection], Awaitable[None]]) -> None:
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as connection:
                    await do(connection)
            except psycopg.Error as error:
                logger.warning("no wake-up calls for the moment", reason=type(error).__name__)
            await asyncio.sleep(AGAIN_S)

    async def _tell(self, connection: Connection) -> None:
        self._own_pid = connection.info.backend_pid
        while True:
            await self._something_to_tell.wait()
            self._something_to_tell.clear()
            topics, self._untold = ",".join(sorted(self._untold)), set()
            await connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, topics))

    async def _listen(self, connection: Connection) -> None:
        await connection.execute(f"LISTEN {CHANNEL}".encode())
        async for notice in connection.notifies():
            if notice.pid != self._own_pid:
                self.wake(notice.payload.split(","))
