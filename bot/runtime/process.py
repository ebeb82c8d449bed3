"""The loops of one process: each does what is there, then waits to be woken."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from bot import log, metrics
from bot.clock import Clock
from bot.storage import hindrances
from bot.storage.queue import Queue

logger = log.get(__name__)
T = TypeVar("T")
LOOK_AGAIN_S = 1.0
"""How long a loop waits at the most before it looks by itself: timers come due and retries ripen unannounced."""
AFTER_FAILURE_S = 2.0
TRIES, BETWEEN_S = 30, 1.0
"""How often the start asks a database that is in trouble, and how long it waits in between."""
LATE = timedelta(minutes=1)
"""A loop that has not taken a step for so long hangs: it looks every second, and one step is short."""


class Pulse:
    """When each loop of this process last took a step."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._steps: dict[str, datetime] = {}

    def beat(self, loop: str) -> None:
        self._steps[loop] = now = self._clock.now()
        metrics.STEPPED.labels(loop).set(now.timestamp())

    def end(self, loop: str) -> None:
        self._steps.pop(loop, None)

    def late(self) -> list[str]:
        """Loops that hang."""
        now = self._clock.now()
        return sorted(loop for loop, at in self._steps.items() if now - at > LATE)


class Steps(Protocol):
    """Something that does one batch of its work at a time."""

    @property
    def topic(self) -> str: ...

    async def step(self) -> int: ...


async def outlast(do: Callable[[], Awaitable[T]]) -> T:
    """Do what the start needs, again and again while the database is being restarted; then its error stands."""
    for _try in range(TRIES - 1):
        try:
            return await do()
        except Exception as error:
            if not hindrances.is_trouble(error):
                raise
            logger.warning("the start waits for the database", reason=type(error).__name__)
        await asyncio.sleep(BETWEEN_S)
    return await do()


async def run(loops: Sequence[Steps], queue: Queue, stop: asyncio.Event, pulse: Pulse) -> None:
    """Run all loops until `stop` is set; each finishes the batch it has in hand."""
    async with asyncio.TaskGroup() as tasks:
        for steps in loops:
            tasks.create_task(_loop(steps, queue, stop, pulse), name=steps.topic)
        await stop.wait()
        queue.wake(steps.topic for steps in loops)


async def _loop(steps: Steps, queue: Queue, stop: asyncio.Event, pulse: Pulse) -> None:
    pulse.beat(steps.topic)
    while not stop.is_set():
        try:
            while await steps.step() and not stop.is_set():
                pulse.beat(steps.topic)
        except Exception:
            logger.error("a loop failed and goes on", loop=steps.topic, exc_info=True)
            await _pause(stop, AFTER_FAILURE_S)
            continue
        pulse.beat(steps.topic)
        if not stop.is_set():
            await queue.wait(steps.topic, LOOK_AGAIN_S)
    pulse.end(steps.topic)


async def every(seconds: float, do: Callable[[], Awaitable[object]], stop: asyncio.Event) -> None:
    """Do something now and then until `stop` is set."""
    while not stop.is_set():
        try:
            await do()
        except Exception:
            logger.error("a regular duty failed and goes on", exc_info=True)
        await _pause(stop, seconds)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
