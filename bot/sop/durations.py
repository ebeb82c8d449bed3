"""Durations as people write them: 30s, 10m, 24h, 7d, 2w."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from bot.i18n import _

UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
LONGEST = timedelta(days=3660)
_FORM = re.compile(r"(\d{1,6})([smhdw])")


def parse_duration(text: object) -> timedelta:
    """A whole number and its unit; `ValueError` for anything else, also for a bare number."""
    match = _FORM.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(_("{value!r} is not a duration such as 30s, 10m, 24h, 7d or 2w").format(value=text))
    duration = int(match[1]) * UNITS[match[2]]
    if not timedelta() < duration <= LONGEST:
        raise ValueError(_("{value!r} is not between one second and ten years").format(value=text))
    return duration


def spell_duration(duration: timedelta) -> str:
    """As people write it, in the largest unit that fits."""
    unit = next(name for name in "wdhms" if not duration % UNITS[name])
    return f"{duration // UNITS[unit]}{unit}"


def _validate(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    try:
        return parse_duration(value)
    except ValueError as error:
        raise PydanticCustomError("duration", "{reason}", {"reason": str(error)}) from error


Duration = Annotated[timedelta, BeforeValidator(_validate)]
"""The parameter type of a duration."""
