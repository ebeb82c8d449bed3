"""What the queue costs an event, beside the work itself: in one process, and through Redis against plain streams.

    python -m bench.queue [--events N]

An event is announced, taken as a share, and acknowledged. Plain is XADD, XREADGROUP and XACK with the same client and
the same batches: the least that a queue on Redis Streams can cost. Redis is the benchmark's own, on a free port.
"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from bench import rig
from bot.runtime.worker import BATCH
from bot.storage.queue import EmbeddedQueue, Queue
from bot.storage.redis_link import Redis, linked
from bot.storage.redis_queue import RedisQueue
from tests.servers import a_redis

TOPIC = "inbox.normal"
ROUNDS = 3


async def embedded(events: int) -> None:
    await pass_on(EmbeddedQueue(), events)


async def pass_on(queue: Queue, events: int) -> None:
    """Announce a batch, wait to be woken, take it, let it go; until all events have passed."""
    for first in range(1, events, BATCH):
        queue.announce({TOPIC: range(first, first + BATCH)})
        left = BATCH
        while left > 0:
            await queue.wait(TOPIC, 1.0)
            async with queue.share(TOPIC, BATCH) as rows:
                left -= BATCH if rows is None else len(rows)


async def through_redis(url: str, events: int) -> None:
    async with linked(url) as redis, RedisQueue(redis).connected() as queue:
        await pass_on(queue, events)


async def plain(url: str, events: int) -> None:
    async with linked(url) as redis:
        await redis.xgroup_create("plain", "workers", id="0", mkstream=True)
        for first in range(1, events, BATCH):
            await add(redis, range(first, first + BATCH))
            new: Any = {"plain": ">"}
            found: Any = await redis.xreadgroup("workers", "me", new, count=BATCH)
            await redis.xack("plain", "workers", *(place for place, _fields in found[0][1]))
        await redis.delete("plain")


async def add(redis: Redis, rows: range) -> None:
    async with redis.pipeline(transaction=False) as together:
        for row in rows:
            together.xadd("plain", {"row": row})
        await together.execute()


def best_us(do: Callable[[], Awaitable[None]], events: int) -> tuple[float, float]:
    """Microseconds an event, of processor and wall, in the best of some rounds."""
    taken = []
    for _round in range(ROUNDS):
        with rig.stopwatch() as spent:
            asyncio.run(do())  # type: ignore[arg-type]
        taken.append((spent.cpu_s / events * 1e6, spent.wall_s / events * 1e6))
    return min(taken)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--events", type=int, default=20_000)
    events = asked.parse_args().events // BATCH * BATCH
    with a_redis() as server:
        alone = best_us(lambda: embedded(events), events)
        spread = best_us(lambda: through_redis(server.url, events), events)
        least = best_us(lambda: plain(server.url, events), events)
    for name, (cpu_us, wall_us) in (("in one process", alone), ("plain streams", least), ("through Redis", spread)):
        print(f"{name:<15} {cpu_us:6.1f} µs of processor time an event, {wall_us:6.1f} µs by the wall")
    print(f"through Redis against plain streams: {rig.growth(least[0], spread[0])}; batches of {BATCH}")
    print("repeat with: python -m bench.queue")


if __name__ == "__main__":
    main()
