"""Time as a parameter: the only module that reads the machine's clock."""

import asyncio
import heapq
import itertools
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time, and waits for it to pass. All times are aware and in UTC."""

    def now(self) -> datetime: ...

    async def sleep(self, duration: timedelta) -> None: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, duration: timedelta) -> None:
        await asyncio.sleep(max(0.0, duration.total_seconds()))


class ManualClock:
    """A clock that stands still until somebody moves it: tests, simulation and replay."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)
        self._order = itertools.count()
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._now

    async def sleep(self, duration: timedelta) -> None:
        if duration <= timedelta():
            await asyncio.sleep(0)
            return
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + duration, next(self._order), woken))
        await woken

    def next_wake(self) -> datetime | None:
        """When the earliest sleeper wants to wake; None when nobody sleeps."""
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    def advance(self, duration: timedelta) -> None:
        """Move on by `duration`, waking sleepers in the order of their time."""
        self.move_to(self._now + duration)

    def move_to(self, moment: datetime) -> None:
        """Move to `moment`; moving backwards is allowed and wakes nobody, as on a machine whose clock was set."""
        target = moment.astimezone(UTC)
        while (wake := self.next_wake()) is not None and wake <= target:
            self._now = max(self._now, wake)
            heapq.heappop(self._sleepers)[2].set_result(None)
        self._now = target
