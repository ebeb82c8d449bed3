"""Chinese public holidays and the weekends that are worked for them, as far as they have been announced.

The State Council announces them a year at a time, so they are data: `holidays.txt` says for which years they are known.
Beyond those nobody knows, and `is_workday` says so.
"""

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("holidays.txt")
_SATURDAY = 5


@cache
def _days() -> tuple[frozenset[int], Mapping[date, bool]]:
    """The years that are known, and whether each unusual day is worked."""
    years: set[int] = set()
    days: dict[date, bool] = {}
    for line in _FILE.read_text(encoding="utf-8").splitlines():
        match line.partition("#")[0].split():
            case ["year", year]:
                years.add(int(year))
            case ["off" | "work" as kind, *listed]:
                days |= {date.fromisoformat(day): kind == "work" for day in listed}
    return frozenset(years), days


def known_until() -> int:
    """The last year whose holidays have been announced."""
    return max(_days()[0])


def is_workday(day: date) -> bool | None:
    """Whether people work on a day; None when the holidays of its year are not known."""
    years, unusual = _days()
    if day.year not in years:
        return None
    return unusual.get(day, day.weekday() < _SATURDAY)


def works(day: date) -> bool:
    """The same, taking Monday to Friday for workdays where nothing better is known."""
    known = is_workday(day)
    return day.weekday() < _SATURDAY if known is None else known
