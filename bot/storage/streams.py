"""Row ids in Redis Streams: a stream a topic, and one consumer group for all workers.

Beside each stream stands a sorted set of the ids that are in it, with the second in which they were published. A
stream holds a bounded number of ids, and both keys end a day after their last use.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from bot.storage.redis_link import Redis, RedisError, ResponseError

GROUP = "workers"
MOST_PUBLISHED = 10_000
LOST_AFTER_S = 60
"""An id that was published so long ago and is still open may be published again."""
LIFETIME_S = 86_400
Entry = tuple[str, int]
"""A place in a stream, and the row that it names."""

PUBLISH = f"""
local now = tonumber(redis.call('TIME')[1])
local room = {MOST_PUBLISHED} - redis.call('XLEN', KEYS[1])
local published = 0
for i = 2, #ARGV do
  if published >= room then break end
  local at = redis.call('ZSCORE', KEYS[2], ARGV[i])
  if ARGV[1] == 'news' or not at or tonumber(at) <= now - {LOST_AFTER_S} then
    redis.call('XADD', KEYS[1], '*', 'row', ARGV[i])
    redis.call('ZADD', KEYS[2], now, ARGV[i])
    published = published + 1
  end
end
redis.call('EXPIRE', KEYS[1], {LIFETIME_S})
redis.call('EXPIRE', KEYS[2], {LIFETIME_S})
return published
"""


class Streams:
    """What one consumer can do; every call may raise `RedisError`."""

    def __init__(self, redis: Redis, consumer: str, dead_after: timedelta) -> None:
        self._redis, self._consumer = redis, consumer
        self._dead_after_ms = int(dead_after / timedelta(milliseconds=1))
        self._publish = redis.register_script(PUBLISH)

    async def publish(self, topic: str, rows: Collection[int], *, is_news: bool) -> int:
        """Publish rows, as far as there is room; what is no news, only when the stream has lost it."""
        if not rows:
            return 0
        args = ["news" if is_news else "again", *sorted(rows)]
        return int(await self._publish(keys=[_stream(topic), _published(topic)], args=args))

    async def read(self, topic: str, most: int, block_ms: int | None = None) -> Sequence[Entry]:
        """New entries; waits for the first of them up to `block_ms`."""
        try:
            return await self._read(topic, most, block_ms)
        except ResponseError as error:
            await self._begin_again(topic, error)
        return await self._read(topic, most, None)

    async def _read(self, topic: str, most: int, block_ms: int | None) -> Sequence[Entry]:
        new: Any = {_stream(topic): ">"}
        found: Any = await self._redis.xreadgroup(GROUP, self._consumer, new, count=most, block=block_ms)
        return _entries(found[0][1]) if found else ()

    async def claim_dead(self, topic: str, most: int) -> Sequence[Entry]:
        """Entries that somebody has held for so long that they must be dead."""
        try:
            found: Any = await self._redis.xautoclaim(
                _stream(topic), GROUP, self._consumer, self._dead_after_ms, count=most
            )
        except ResponseError as error:
            await self._begin_again(topic, error)
            return ()
        return _entries(found[1])

    async def acknowledge(self, topic: str, entries: Sequence[Entry]) -> None:
        """Entries that are done with leave the stream."""
        if not entries:
            return
        places, rows = [place for place, _row in entries], [row for _place, row in entries]
        async with self._redis.pipeline(transaction=True) as together:
            together.xack(_stream(topic), GROUP, *places)
            together.xdel(_stream(topic), *places)
            together.zrem(_published(topic), *rows)
            await together.execute()

    async def leave(self, topic: str) -> None:
        """Be a consumer no more."""
        with suppress(ResponseError):  # Redis was emptied, and nobody has begun again
            await self._redis.xgroup_delconsumer(_stream(topic), GROUP, self._consumer)

    async def is_my_turn_to_sweep(self, lasts: timedelta) -> bool:
        """Whether the caller is the one, among all processes, who looks after lost rows for so long."""
        return bool(await self._redis.set("xiaoer:sweep", self._consumer, nx=True, px=lasts))

    async def _begin_again(self, topic: str, error: ResponseError) -> None:
        """The group is not there yet, or was lost with all that Redis had."""
        if not str(error).startswith(("NOGROUP", "UNBLOCKED")):
            raise error
        try:
            await self._redis.xgroup_create(_stream(topic), GROUP, id="0", mkstream=True)
        except ResponseError as raced:
            if not str(raced).startswith("BUSYGROUP"):
                raise


def _stream(topic: str) -> str:
    return f"xiaoer:{topic}"


def _published(topic: str) -> str:
    return f"xiaoer:{topic}:published"


def _entries(found: Sequence[tuple[str, dict[str, str]]]) -> Sequence[Entry]:
    return [(place, int(fields["row"])) for place, fields in found if fields]


__all__ = ["Entry", "RedisError", "Streams"]
