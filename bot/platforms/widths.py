"""How many calls of an endpoint may be under way at the same moment, once a platform has said: too many.

It halves when a platform says so (errcode 45033), and grows by one when as many calls as it allows have gone well: so
it creeps up to what the platform bears. Each process halves its own; the pause that comes with it is for all of them.
Source: developer.work.weixin.qq.com/document/path/90313
"""

from collections import Counter
from datetime import datetime, timedelta

MOST = 64
"""As wide as the outbox ever gets: nothing is narrowed any more."""


class Widths:
    """By name, such as `wecom:message/send`; what was never too wide has no limit."""

    def __init__(self) -> None:
        self._widths: dict[str, float] = {}
        self._halved_at: dict[str, datetime] = {}
        self._under_way: Counter[str] = Counter()

    def enter(self, name: str) -> bool:
        """Whether one more call may be under way now; if so, it has to `leave`."""
        if self._under_way[name] >= int(self._widths.get(name, MOST)):
            return False
        self._under_way[name] += 1
        return True

    def leave(self, name: str) -> None:
        self._under_way[name] -= 1

    def halve(self, name: str, now: datetime, pause: timedelta) -> None:
        """Too many at the same moment; those that hear it together narrow the endpoint once."""
        last = self._halved_at.get(name)
        if last is not None and now < last + pause:
            return
        self._halved_at[name] = now
        self._widths[name] = max(1.0, self._under_way[name] / 2)

    def went_well(self, name: str) -> None:
        width = self._widths.get(name)
        if width is None:
            return
        self._widths[name] = width + 1 / width
        if self._widths[name] >= MOST:
            del self._widths[name]
