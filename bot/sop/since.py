"""“Since” as people write it: a day, a moment, or how long ago."""

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.i18n import _
from bot.sop.durations import parse_duration
from bot.sop.filters.dates import begins, read_moment
from bot.sop.scope import Scope


def read_since(word: str, now: datetime, zone: ZoneInfo) -> datetime:
    """2026-02-01, 2026-02-01T08:00, or 7d for that long ago. Raises `ValueError` for what is none, or yet to come."""
    try:
        return now - parse_duration(word)
    except ValueError:
        pass
    try:
        moment = begins(read_moment(word), Scope(subject="contact", now=now, zone=zone))
    except ValueError as error:
        sentence = _("{word} is neither a moment such as 2026-02-01 nor how long ago, such as 7d")
        raise ValueError(sentence.format(word=word)) from error
    if moment > now:
        raise ValueError(_("{word} lies in the future").format(word=word))
    return moment
