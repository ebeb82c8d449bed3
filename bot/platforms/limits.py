"""The platforms' limits, kept before a platform has to remind us.

Source: developer.work.weixin.qq.com/document/path/90312 and 99110
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from bot.errors import Unreachable
from bot.model.limits import Counter, Limit, Window
from bot.platforms.answers import LONGEST_REST, REST

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
EVERY_ENDPOINT = (Limit(10_000, MINUTE), Limit(150_000, HOUR))
MESSAGE_TO_MEMBER = (Limit(30, MINUTE), Limit(1_000, HOUR))
WEBHOOK = (Limit(20, MINUTE),)
APPCHAT = (Limit(200, MINUTE),)

DAILY, MONTHLY = (45009, 45028), (45040,)
"""What an official account answers when a day's or a month's share is used up. Source: developers.weixin.qq.com,
Global_Return_Code"""
BEIJING = ZoneInfo("Asia/Shanghai")
ASK_AGAIN = timedelta(seconds=1)


class Counters(Protocol):
    """Counts calls, for one process or for all of them."""

    async def take(self, counters: Sequence[Counter], now: datetime) -> datetime | None:
        """None when a call fits (it counts from then on); otherwise when there may be room.

        Raises `Unreachable` when nobody can say.
        """
        ...

    async def rest(self, name: str, until: datetime) -> None:
        """Let nothing through that counts against `name` until then."""
        ...


class Limits:
    """What may leave now, and what has to wait."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._rests: dict[str, tuple[datetime, timedelta]] = {}

    async def until(self, platform: str, endpoint: str, body: dict[str, Any], now: datetime) -> datetime | None:
        """None when a call may leave now; otherwise when to ask again."""
        try:
            return await self._counters.take(list(counters_of(platform, endpoint, body)), now)
        except Unreachable:
            return now + ASK_AGAIN  # what the others have sent is not known, and a limit is not to be guessed at

    async def rest(
        self, platform: str, endpoint: str, body: dict[str, Any], errcode: int, now: datetime, pause: timedelta
    ) -> datetime:
        """Send nothing to an endpoint that has had enough, for `pause` or as long as its errcode asks; returns until
        when. Each rest that follows closely on another is twice as long, up to an hour."""
        name = next(counters_of(platform, endpoint, body)).name
        until = max(self._rested(name, now, pause), renewed_at(platform, errcode, now))
        try:
            await self._counters.rest(name, until)
        except Unreachable:
            return until  # the call itself waits; the next one is told by the platform
        return until

    def _rested(self, name: str, now: datetime, pause: timedelta) -> datetime:
        """A minute's limit is over after a minute, an hour's after an hour, and which it was nobody says."""
        until, last = self._rests.get(name, (now - LONGEST_REST, pause))
        if pause < REST or now < until:  # a moment's crowd, or another call of the same moment
            return max(until, now + pause)
        if now <= until + last:
            pause = min(2 * last, LONGEST_REST)
        self._rests[name] = now + pause, pause
        return now + pause


def counters_of(platform: str, endpoint: str, body: dict[str, Any]) -> Iterator[Counter]:
    """What a call counts against; the first of them is what rests when the platform has had enough."""
    if platform == "wecom" and endpoint == "webhook/send":
        yield Counter(f"webhook:{body.get('key')}", WEBHOOK)
        return
    yield Counter(f"{platform}:{endpoint}", EVERY_ENDPOINT)
    if platform != "wecom":
        return
    if endpoint == "message/send":
        members = {user_id.lower() for user_id in str(body.get("touser", "")).split("|")}
        yield from (Counter(f"member:{user_id}", MESSAGE_TO_MEMBER) for user_id in sorted(members))
    elif endpoint == "appchat/send":
        yield Counter(f"appchat:{body.get('chatid')}", APPCHAT)


def renewed_at(platform: str, errcode: int, now: datetime) -> datetime:
    """When a share that is used up is there again: an official account's days and months begin in Beijing."""
    today = now.astimezone(BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)
    if platform == "official" and errcode in DAILY:
        return (today + timedelta(days=1)).astimezone(UTC)
    if platform == "official" and errcode in MONTHLY:
        return (today.replace(day=1) + timedelta(days=32)).replace(day=1).astimezone(UTC)
    return now


class EmbeddedCounters:
    """Counters inside one process."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, Limit], Window] = {}
        self._resting: dict[str, datetime] = {}

    async def take(self, counters: Sequence[Counter], now: datetime) -> datetime | None:
        rests = [until for one in counters if (until := self._resting.get(one.name)) and until > now]
        if rests:
            return max(rests)
        windows = [self._window(one.name, limit) for one in counters for limit in one.limits]
        if waits := [room_at for window in windows if (room_at := window.room_at(now))]:
            return max(waits)
        for window in windows:
            window.add(now)
        return None

    async def rest(self, name: str, until: datetime) -> None:
        self._resting[name] = until

    def recall(self, counters: Sequence[Counter], at: datetime) -> None:
        """Count a call that left earlier, before this process began."""
        for window in [self._window(one.name, limit) for one in counters for limit in one.limits]:
            window.add(at)

    def _window(self, name: str, limit: Limit) -> Window:
        return self._windows.setdefault((name, limit), Window(limit))
