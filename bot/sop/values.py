"""Single values of the language: names of events, moments, times of day."""

import re
from datetime import datetime, time, timedelta
from typing import Any

from bot.i18n import _
from bot.sop.filters.dates import read_clock
from bot.sop.reading import Reading
from bot.sop.source import Path
from bot.sop.triggers import check_event

_DAYS = re.compile(r"([+-]?\d{1,3})d")


def event_name(reading: Reading, raw: Any, path: Path) -> str:
    name = reading.text(raw, path, "event")
    if name and (problem := check_event(name)):
        reading.fail("X111", path, problem)
    return name


def moment(reading: Reading, raw: Any, path: Path) -> datetime | None:
    """A date and time such as 2026-02-01 08:00; without a zone it is meant in the configured one."""
    try:
        if isinstance(raw, datetime):
            return raw
        return datetime.fromisoformat(raw if isinstance(raw, str) and len(raw) > 10 else "")
    except ValueError:
        reading.fail("X112", path, _("{value!r} is not a moment such as 2026-02-01 08:00").format(value=str(raw)))
        return None


def clock(reading: Reading, raw: Any, path: Path) -> time:
    try:
        return read_clock(raw)
    except ValueError as error:
        reading.fail("X112", path, str(error))
        return time()


def days(reading: Reading, raw: Any, path: Path) -> timedelta:
    """Whole days before or after, such as -7d or 3d; 0d is the day itself."""
    match = _DAYS.fullmatch(raw) if isinstance(raw, str) else None
    if match is None:
        reading.fail("X104", path, _("{value!r} is not a number of days such as -7d, 0d or 3d").format(value=raw))
        return timedelta()
    return timedelta(days=int(match[1]))
