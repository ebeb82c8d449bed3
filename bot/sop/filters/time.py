"""The moment itself, on the clock of the configured time zone."""

from datetime import datetime
from datetime import time as clock_time

from bot.sop import holidays, lunar
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


@kind.flag
def workday(scope: Scope) -> bool | None:
    """Whether people work today; missing for years whose public holidays have not been announced."""
    return holidays.is_workday(scope.local.date())


@kind.text
def lunar_day(scope: Scope) -> str:
    """Today by the Chinese calendar, as month-day such as 8-15; a leap month has an r before it."""
    month, day, is_leap = lunar.lunar_of(scope.local.date())
    return f"{'r' if is_leap else ''}{month}-{day}"
