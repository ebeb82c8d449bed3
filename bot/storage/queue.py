"""Who has just put rows somewhere tells whoever waits for them, and several workers share out what there is.

What is told wrongly, twice or not at all costs a little time and nothing else: the rows are in the database, and
waiters look anyway after a while.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Protocol


class News:
    """What a unit of work has put where: topics, with the ids of the rows where they are known."""

    def __init__(self) -> None:
        self.rows: dict[str, set[int]] = {}

    def add(self, topic: str, ids: Iterable[int] = ()) -> None:
        self.rows.setdefault(topic, set()).update(ids)

    def update(self, topics: Iterable[str]) -> None:
        for topic in topics:
            self.add(topic)

    def clear(self) -> None:
        self.rows.clear()


class Queue(Protocol):
    """Topics are `inbox.<lane>`, `outbox.<lane>` and `timers`."""

    @property
    def spreads_rows(self) -> bool:
        """Whether workers get rows by their ids, so that it matters which rows are announced."""
        ...

    def announce(self, news: Mapping[str, Collection[int]]) -> None:
        """Tell every process about rows that are committed."""
        ...

    def wake(self, topics: Iterable[str]) -> None:
        """Tell the loops of this process that there is something to do."""
        ...

    async def wait(self, topic: str, timeout_s: float) -> None:
        """Return when the topic is announced, or was since the last wait, or after `timeout_s`."""
        ...

    def share(self, topic: str, most: int) -> AbstractAsyncContextManager[Sequence[int] | None]:
        """This worker's share of a topic's rows, at most so many: None is whatever is the oldest in the database.

        When the block ends well, the share is done with; otherwise it comes back to somebody.
        """
        ...


WHATEVER_IS_OLDEST: AbstractAsyncContextManager[Sequence[int] | None] = nullcontext()


class EmbeddedQueue:
    """Wake-up calls inside one process."""

    spreads_rows = False

    def __init__(self) -> None:
        self._bells: dict[str, asyncio.Event] = {}

    def announce(self, news: Mapping[str, Collection[int]]) -> None:
        self.wake(news)

    def wake(self, topics: Iterable[str]) -> None:
        for topic in topics:
            self._bell(topic).set()

    async def wait(self, topic: str, timeout_s: float) -> None:
        bell = self._bell(topic)
        try:
            async with asyncio.timeout(timeout_s):
                await bell.wait()
        except TimeoutError:
            return
        bell.clear()

    def share(self, topic: str, most: int) -> AbstractAsyncContextManager[Sequence[int] | None]:
        return WHATEVER_IS_OLDEST

    def _bell(self, topic: str) -> asyncio.Event:
        return self._bells.setdefault(topic, asyncio.Event())


async def end(*tasks: "asyncio.Task[None]") -> None:
    """Cancel tasks until each has ended.

    Once is not enough: `asyncio.wait_for`, by which the drivers wait, loses on Python 3.11 a cancellation that comes
    together with the answer (https://github.com/python/cpython/issues/86296).
    """
    running = set(tasks)
    while running:
        for task in running:
            task.cancel()
        _ended, running = await asyncio.wait(running, timeout=0.1)
