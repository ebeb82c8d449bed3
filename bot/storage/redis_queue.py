"""Row ids spread over many workers, by way of Redis.

Who commits rows publishes their ids; a worker takes its share, claims exactly those rows in the database, and
acknowledges after its commit. What a dead worker held is claimed by the living; what Redis has lost, or had no room
for, is published by the sweep. While Redis is away, workers look in the database by themselves.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import uuid4

from bot import log
from bot.storage.queue import EmbeddedQueue, end
from bot.storage.redis_link import Redis, RedisError
from bot.storage.streams import Entry, Streams

logger = log.get(__name__)
DEAD_AFTER = timedelta(seconds=5)
"""How long an entry may be held before others take it. A living worker that is so slow loses nothing: the row is its
own until its transaction ends."""
READ_AT_ONCE = 16
BLOCK_MS = 900
"""Less than a loop waits, and less than Redis may take to answer."""
CLAIM_EVERY = 20
"""So often, even when there is plenty to do, a worker looks for what the dead have left."""
AGAIN_S = 1.0


class _Line:
    """What this process has of a topic: entries that were read and not yet handed out.

    `has_room` is whether the process wanted any when it asked last: one that did not waits for its bell, whatever lies
    here, or it would ask for ever without letting its own calls end.
    """

    def __init__(self) -> None:
        self.entries: deque[Entry] = deque()
        self.reading: asyncio.Task[None] | None = None
        self.has_room = True
        self.turns = 0

    @property
    def is_reading(self) -> bool:
        return self.reading is not None and not self.reading.done()


class RedisQueue(EmbeddedQueue):
    """One consumer among many. Topics without a stream, such as `timers`, stay in the process."""

    spreads_rows = True

    def __init__(self, redis: Redis, dead_after: timedelta = DEAD_AFTER) -> None:
        super().__init__()
        self.streams = Streams(redis, uuid4().hex, dead_after)
        self.is_away = False
        self._lines: dict[str, _Line] = {}
        self._unpublished: dict[str, set[int]] = {}
        self._something_to_publish = asyncio.Event()

    @asynccontextmanager
    async def connected(self) -> AsyncIterator["RedisQueue"]:
        """Publish while the block runs; what was read and not handed out is given back at the end."""
        publisher = asyncio.create_task(self._publish_on(), name="publisher")
        try:
            yield self
        finally:
            await end(publisher, *(line.reading for line in self._lines.values() if line.reading))
            await self._leave()

    def announce(self, news: Mapping[str, Collection[int]]) -> None:
        for topic, ids in news.items():
            if self.is_away or not _has_stream(topic):
                self.wake([topic])
            if ids and _has_stream(topic):
                self._unpublished.setdefault(topic, set()).update(ids)
                self._something_to_publish.set()

    async def wait(self, topic: str, timeout_s: float) -> None:
        line = self._line(topic)
        if line.entries and line.has_room:
            return
        if _has_stream(topic) and line.has_room and not line.is_reading:
            line.reading = asyncio.create_task(self._read_on(topic, line), name=f"reading {topic}")
        await super().wait(topic, timeout_s)

    @asynccontextmanager
    async def share(self, topic: str, most: int) -> AsyncIterator[Sequence[int] | None]:
        entries = await self._take(topic, most)
        if entries is None:
            yield None
            return
        yield [row for _place, row in entries]
        await self._acknowledge(topic, entries)

    async def publish(self) -> None:
        """Publish what has been announced; what fails is left to the sweep."""
        news, self._unpublished = self._unpublished, {}
        try:
            for topic, ids in news.items():
                await self.streams.publish(topic, ids, is_news=True)
            self.is_away = False
        except RedisError as error:
            self._lose(error)
            self.wake(news)

    async def _publish_on(self) -> None:
        while True:
            await self._something_to_publish.wait()
            self._something_to_publish.clear()
            await self.publish()
            if self.is_away:
                await asyncio.sleep(AGAIN_S)

    async def _take(self, topic: str, most: int) -> Sequence[Entry] | None:
        """None while Redis is away. Nothing while a reading waits: it would have come with whatever there is."""
        line = self._line(topic)
        line.has_room = most > 0
        if self.is_away:
            return None
        if not line.has_room:  # Redis would take nought for all that there is, or refuse
            return []
        if not line.entries and not line.is_reading:
            try:
                line.entries.extend(await self._look(topic, line, most))
            except RedisError as error:
                self._lose(error)
                return None
        return [line.entries.popleft() for _number in range(min(most, len(line.entries)))]

    async def _look(self, topic: str, line: _Line, most: int) -> Sequence[Entry]:
        line.turns += 1
        if line.turns % CLAIM_EVERY == 0 and (found := await self.streams.claim_dead(topic, most)):
            return found
        return await self.streams.read(topic, most) or await self.streams.claim_dead(topic, most)

    async def _read_on(self, topic: str, line: _Line) -> None:
        try:
            entries = await self.streams.read(topic, READ_AT_ONCE, BLOCK_MS)
        except RedisError as error:
            self._lose(error)
            return
        self.is_away = False
        if entries:
            line.entries.extend(entries)
            self.wake([topic])

    async def _acknowledge(self, topic: str, entries: Sequence[Entry]) -> None:
        try:
            await self.streams.acknowledge(topic, entries)
        except RedisError as error:
            self._lose(error)  # they come again, and are found done

    async def _leave(self) -> None:
        try:
            for topic, line in self._lines.items():
                await self.streams.acknowledge(topic, line.entries)
                await self.streams.publish(topic, [row for _place, row in line.entries], is_news=True)
                await self.streams.leave(topic)
        except RedisError as error:
            logger.warning("what was held comes back a little later", reason=type(error).__name__)

    def _lose(self, error: RedisError) -> None:
        if not self.is_away:
            logger.warning("redis is away: looking in the database", reason=type(error).__name__)
        self.is_away = True

    def _line(self, topic: str) -> _Line:
        return self._lines.setdefault(topic, _Line())


def _has_stream(topic: str) -> bool:
    return topic.startswith(("inbox.", "outbox."))
