"""Limits of calls as values: how many within how long, and what has been counted so far.

Windows slide: what was sent in the last minute counts, not what was sent since the clock's last full one. Calls are
counted in sixty slots a window, and a slot leaves as a whole, after its last moment: so the count is never too low.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

SLOTS = 60
Slot = tuple[int, int]
"""Its number since 1970, and how many calls it holds."""


@dataclass(frozen=True)
class Limit:
    """At most `count` calls within `window`."""

    count: int
    window: timedelta

    @property
    def window_s(self) -> int:
        return int(self.window.total_seconds())

    @property
    def slot_s(self) -> int:
        return max(1, self.window_s // SLOTS)


@dataclass(frozen=True)
class Counter:
    """Something that calls count against, such as an endpoint or a member, and its limits."""

    name: str
    limits: tuple[Limit, ...]


class Window:
    """The calls of the last while, against one limit."""

    def __init__(self, limit: Limit, slots: Iterable[Slot] = ()) -> None:
        self._limit = limit
        self.slots = deque((int(number), int(calls)) for number, calls in slots)
        self._total = sum(calls for _number, calls in self.slots)

    def room_at(self, now: datetime) -> datetime | None:
        """None when one more call fits; otherwise when enough of them will have left."""
        while self.slots and self._leaves_at(self.slots[0]) <= now:
            self._total -= self.slots.popleft()[1]
        too_many = self._total + 1 - self._limit.count
        if too_many <= 0:
            return None
        for slot in self.slots:
            too_many -= slot[1]
            if too_many <= 0:
                return self._leaves_at(slot)
        raise ValueError(f"a limit of {self._limit.count} lets nothing through")

    def add(self, now: datetime) -> None:
        number, calls = int(now.timestamp()) // self._limit.slot_s, 1
        if self.slots and self.slots[-1][0] >= number:  # a clock that was set back counts in the newest slot
            number, before = self.slots.pop()
            calls += before
        self.slots.append((number, calls))
        self._total += 1

    def _leaves_at(self, slot: Slot) -> datetime:
        return datetime.fromtimestamp((slot[0] + 1) * self._limit.slot_s + self._limit.window_s, UTC)
