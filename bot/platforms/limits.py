"""The platforms' limits, kept before a platform has to remind us.

Windows slide: what was sent in the last minute counts, not what was sent since the clock's last full one.
Source: developer.work.weixin.qq.com/document/path/90312 and 99110
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True)
class Limit:
    """At most `count` calls within `window`."""

    count: int
    window: timedelta


EVERY_ENDPOINT = (Limit(10_000, MINUTE), Limit(150_000, HOUR))
MESSAGE_TO_MEMBER = (Limit(30, MINUTE), Limit(1_000, HOUR))
WEBHOOK = (Limit(20, MINUTE),)
APPCHAT = (Limit(200, MINUTE),)


def limits_of(platform: str, endpoint: str, body: dict[str, Any]) -> Iterator[tuple[str, tuple[Limit, ...]]]:
    """What a call counts against: a name for each counter, and its limits."""
    if platform == "wecom" and endpoint == "webhook/send":
        yield f"webhook:{body.get('key')}", WEBHOOK
        return
    yield f"{platform}:{endpoint}", EVERY_ENDPOINT
    if platform != "wecom":
        return
    if endpoint == "message/send":
        for user_id in str(body.get("touser", "")).split("|"):
            yield f"member:{user_id.lower()}", MESSAGE_TO_MEMBER
    elif endpoint == "appchat/send":
        yield f"appchat:{body.get('chatid')}", APPCHAT


class EmbeddedLimits:
    """Counters inside one process."""

    def __init__(self) -> None:
        self._sent: dict[str, deque[datetime]] = {}
        self._resting: dict[str, datetime] = {}

    def until(self, platform: str, endpoint: str, body: dict[str, Any], now: datetime) -> datetime | None:
        """None when a call may leave now (it counts from then on); otherwise when there will be room."""
        rests_until = self._resting.get(f"{platform}:{endpoint}")
        if rests_until is not None and rests_until > now:
            return rests_until
        counters = list(limits_of(platform, endpoint, body))
        waits = [at for name, limits in counters for limit in limits if (at := self._room_at(name, limit, now))]
        if waits:
            return max(waits)
        for name, limits in counters:
            self._count(name, max(limit.window for limit in limits), now)
        return None

    def rest(self, platform: str, endpoint: str, until: datetime) -> None:
        """Send nothing to an endpoint until then: it has said that it had enough."""
        self._resting[f"{platform}:{endpoint}"] = until

    def _room_at(self, name: str, limit: Limit, now: datetime) -> datetime | None:
        sent = self._sent.get(name, deque())
        if len(sent) < limit.count:
            return None
        leaves_at = sent[-limit.count] + limit.window
        return leaves_at if leaves_at > now else None

    def _count(self, name: str, window: timedelta, now: datetime) -> None:
        sent = self._sent.setdefault(name, deque())
        while sent and sent[0] + window <= now:
            sent.popleft()
        sent.append(now)
