"""The moment itself, on the clock of the configured time zone."""

from datetime import datetime
from datetime import time as clock_time

from bot.sop.filters import kind
from bot.sop.scope import Scope

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@kind.clock
def now(scope: Scope) -> clock_time:
    """Time of day; a window such as 22:00 to 08:00 crosses midnight."""
    return scope.local.time()


@kind.text
def weekday(scope: Scope) -> str:
    """Day of the week: mon, tue, wed, thu, fri, sat or sun."""
    return WEEKDAYS[scope.local.weekday()]


@kind.number
def month_day(scope: Scope) -> int:
    """Day of the month, 1 to 31."""
    return scope.local.day


@kind.number
def month(scope: Scope) -> int:
    """Month, 1 to 12."""
    return scope.local.month


@kind.date
def date(scope: Scope) -> datetime:
    """Today's date."""
    return scope.now
