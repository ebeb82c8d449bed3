"""Wake-up calls: who has just put rows somewhere tells whoever waits for them.

A call that is lost costs a little time and nothing else, because the rows are in the database and waiters look anyway
after a while.
"""

import asyncio
from collections.abc import Iterable
from typing import Protocol


class Queue(Protocol):
    """Topics are `inbox.<lane>`, `outbox.<lane>` and `timers`."""

    def announce(self, topics: Iterable[str]) -> None: ...

    async def wait(self, topic: str, timeout_s: float) -> None: ...


class EmbeddedQueue:
    """Wake-up calls inside one process."""

    def __init__(self) -> None:
        self._bells: dict[str, asyncio.Event] = {}

    def announce(self, topics: Iterable[str]) -> None:
        for topic in topics:
            self._bell(topic).set()

    async def wait(self, topic: str, timeout_s: float) -> None:
        """Return when the topic is announced, or was since the last wait, or after `timeout_s`."""
        bell = self._bell(topic)
        try:
            async with asyncio.timeout(timeout_s):
                await bell.wait()
        except TimeoutError:
            return
        bell.clear()

    def _bell(self, topic: str) -> asyncio.Event:
        return self._bells.setdefault(topic, asyncio.Event())
