"""How much of the platforms' quotas a set of messages uses.

Sources: developer.work.weixin.qq.com/document/path/92135 (a contact or customer group gets at most as many mass sends a
month as the month has days, corp and staff together), 90236 (30 messages a minute to a staff member, the rest is
dropped without a word) and 99110 (20 a minute by a group's webhook).
"""

from calendar import monthrange
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.sop.channels import channel_of, reached
from bot.sop.rehearsal import Sent


@dataclass(frozen=True)
class Use:
    """The most that anybody gets within a window, and how many get more than the limit allows."""

    name: str
    limit: int
    most: int
    over: int


def quotas_of(sent: Sequence[Sent], zone: ZoneInfo) -> list[Use]:
    """The quotas that are touched at all."""
    uses = (
        _use("mass_send a month", sent, "mass_send", zone, _month, _days_of_month),
        _use("mass_send_groups a month", sent, "mass_send_groups", zone, _month, _days_of_month),
        _use("staff a minute", sent, "staff", zone, _minute, lambda _window: 30),
        _use("webhook a minute", sent, "webhook", zone, _minute, lambda _window: 20),
    )
    return [use for use in uses if use is not None]


def _month(local: datetime) -> str:
    return f"{local:%Y-%m}"


def _minute(local: datetime) -> str:
    return f"{local:%Y-%m-%d %H:%M}"


def _days_of_month(month: str) -> int:
    year, _dash, number = month.partition("-")
    return monthrange(int(year), int(number))[1]


def _use(
    name: str,
    sent: Sequence[Sent],
    channel: str,
    zone: ZoneInfo,
    window: Callable[[datetime], str],
    limit: Callable[[str], int],
) -> Use | None:
    counts = Counter(_each(sent, channel, zone, window))
    if not counts:
        return None
    limits = {of: limit(of) for _who, of in counts}
    over = {who for (who, of), count in counts.items() if count > limits[of]}
    return Use(name, min(limits.values()), max(counts.values()), len(over))


def _each(
    sent: Sequence[Sent], channel: str, zone: ZoneInfo, window: Callable[[datetime], str]
) -> Iterator[tuple[str, str]]:
    for one in sent:
        if channel_of(one.call) == channel:
            of = window(one.at.astimezone(zone))
            yield from ((who, of) for who in reached(one.call))
