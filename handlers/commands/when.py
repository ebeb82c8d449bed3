"""Reads moments and durations as people write them: `now`, `20:00`, `tomorrow 9:30`, `明天 9点半`, `2h`, `30分钟`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.errors import BadCommand
from bot.i18n import _
from handlers.commands.parse import fold

NOW = frozenset({"now", "现在", "立即", "马上"})
_PREPOSITIONS = frozenset({"at", "on", "在", "于"})
_DAYS = {
    "today": 0,
    "今天": 0,
    "今日": 0,
    "今晚": 0,
    "tonight": 0,
    "tomorrow": 1,
    "明天": 1,
    "明日": 1,
    "明晚": 1,
    "后天": 2,
}
_EVENINGS = frozenset({"今晚", "明晚", "tonight"})
_GLUED = re.compile(rf"({'|'.join(day for day in _DAYS if not day.isascii())})(?:的)?(\S+)")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})|(\d{1,2})点(?:(半)|(\d{1,2})分?)?")
_DATE = re.compile(r"(?:(\d{4})[-/.年])?(\d{1,2})[-/.月](\d{1,2})日?")
_DURATION = re.compile(r"(\d{1,4})(m|min|分钟|分|h|小时|个小时|d|天)")
_UNITS = {"m": 1, "min": 1, "分钟": 1, "分": 1, "h": 60, "小时": 60, "个小时": 60, "d": 1440, "天": 1440}


@dataclass(frozen=True)
class Moment:
    """`at` is None for now; `words` is how many words said so."""

    at: datetime | None
    words: int


def parse_moment(words: Sequence[str], now: datetime, zone: ZoneInfo) -> Moment | None:
    """The moment that `words` begin with; None when they begin with something else.

    Raises `BadCommand` for a moment that has passed or that the clock skips.
    """
    said = [fold(word) for word in words[:3]]
    skip = 1 if said and said[0] in _PREPOSITIONS else 0
    if said[skip : skip + 1] and said[skip] in NOW:
        return Moment(None, skip + 1)
    day, word_count, is_evening = _day(said[skip:], now.astimezone(zone).date())
    clock = _clock(said, skip, word_count, is_evening)
    if clock is None:
        return None
    local = _local(day or now.astimezone(zone).date(), clock[0], zone)
    if local <= now:
        raise BadCommand(_("{moment} has passed.").format(moment=f"{local.astimezone(zone):%Y-%m-%d %H:%M}"))
    return Moment(local, clock[1])


def _day(said: Sequence[str], today: date) -> tuple[date | None, int, bool]:
    """The day, how many words it took, and whether only its evening is meant."""
    if not said:
        return None, 0, False
    word = said[0]
    if word in _DAYS:
        return today + timedelta(days=_DAYS[word]), 1, word in _EVENINGS
    if glued := _GLUED.fullmatch(word):
        return today + timedelta(days=_DAYS[glued[1]]), 0, glued[1] in _EVENINGS
    if dated := _DATE.fullmatch(word):
        return _date(dated, today), 1, False
    return None, 0, False


def _date(dated: re.Match[str], today: date) -> date:
    """A date without its year is the next one of that name."""
    year, month, day = (int(part) if part else 0 for part in dated.groups())
    try:
        named = date(year or today.year, month, day)
        return named.replace(year=today.year + 1) if not year and named < today else named
    except ValueError as error:
        raise BadCommand(_("There is no day {day}.").format(day=dated[0])) from error


def _clock(said: Sequence[str], skip: int, word_count: int, is_evening: bool) -> tuple[time, int] | None:
    """The time of day, and how many words there were up to its end."""
    at = skip + word_count
    if at >= len(said):
        return None
    word = said[at]
    if glued := _GLUED.fullmatch(word):
        word = glued[2]
    found = _CLOCK.fullmatch(word)
    if found is None:
        return None
    hour = int(found[1] or found[3])
    minute = 30 if found[4] else int(found[2] or found[5] or 0)
    if is_evening and 1 <= hour < 12:
        hour += 12
    if hour > 23 or minute > 59:
        raise BadCommand(_("{word} is not a time of day.").format(word=word))
    return time(hour, minute), at + 1


def _local(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The moment when clocks there show this; of two the first. Raises `BadCommand` when they never do."""
    local = datetime.combine(day, clock, zone).astimezone(UTC)
    if local.astimezone(zone).replace(tzinfo=None) != datetime.combine(day, clock):
        moment = f"{day} {clock:%H:%M}"
        raise BadCommand(_("{moment} does not exist: clocks are set forward then.").format(moment=moment))
    return local


def parse_duration(word: str) -> timedelta | None:
    """`90m`, `2h`, `1d`, `30分钟`; None for anything else."""
    found = _DURATION.fullmatch(fold(word))
    return timedelta(minutes=int(found[1]) * _UNITS[found[2]]) if found else None
