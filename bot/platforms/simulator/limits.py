"""Counting calls in windows, as the platform does.

Source: developer.work.weixin.qq.com/document/path/90312
"""

from collections import defaultdict, deque
from datetime import datetime, timedelta


class SlidingWindow:
    """At most `limit` times within any `span`, per key."""

    def __init__(self, limit: int, span: timedelta) -> None:
        self.limit, self.span = limit, span
        self._taken: defaultdict[str, deque[datetime]] = defaultdict(deque)

    def take(self, key: str, now: datetime) -> bool:
        """Count one more when there is room, and say whether there was."""
        if not self.has_room(key, now):
            return False
        self._taken[key].append(now)
        return True

    def has_room(self, key: str, now: datetime) -> bool:
        taken = self._taken[key]
        while taken and taken[0] <= now - self.span:
            taken.popleft()
        return len(taken) < self.limit


class Limits:
    """The counters of one corp."""

    def __init__(self, calls_per_minute: int = 10_000) -> None:
        self.calls = SlidingWindow(calls_per_minute, timedelta(minutes=1))
        self.webhook = SlidingWindow(20, timedelta(minutes=1))
        self.member_minute = SlidingWindow(30, timedelta(minutes=1))
        self.member_hour = SlidingWindow(1000, timedelta(hours=1))
        self._blocked_until: dict[str, datetime] = {}

    def take_call(self, endpoint: str, now: datetime) -> bool:
        """Count a call of one API; past the limit that API is shut for a minute."""
        if self._blocked_until.get(endpoint, now) > now:
            return False
        if self.calls.take(endpoint, now):
            return True
        self._blocked_until[endpoint] = now + timedelta(minutes=1)
        return False

    def take_member(self, userid: str, now: datetime) -> bool:
        """Whether one more app message reaches this member: 30 a minute and 1000 an hour, the rest vanish."""
        if not self.member_hour.has_room(userid, now) or not self.member_minute.take(userid, now):
            return False
        return self.member_hour.take(userid, now)
