"""Moments, days and windows: the date operators.

A day is a whole day in the scope's zone: `before` a day is before its first moment, `after` a day is from the first
moment of the next, `between` includes both days. `within: 7d` is [now − 7d, now] and `within_next: 7d` is
[now, now + 7d], so both include today; for facts that are days without a time the ends are today's date. 29 February is
celebrated on the 28th in years that do not have it, and who was born then grows a year older on that day.
"""

from calendar import isleap
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Date, extract, or_

from bot.i18n import _
from bot.sop import lunar
from bot.sop.durations import parse_duration
from bot.sop.scope import Scope
from bot.storage.queries.segments import Clause, Expression, type_of

Moment = date | datetime
_DAY = timedelta(days=1)
_YEAR = timedelta(days=365)
OLDEST_PERSON = 130
OLDEST = 40
"""How many years back the anniversary of a moment is looked for."""


def read_moment(raw: Any) -> Moment:
    """A day (2026-02-01) or a moment (2026-02-01 08:00), naive: it is read in the scope's zone."""
    if isinstance(raw, date):
        return raw
    try:
        text = str(raw) if isinstance(raw, str) else ""
        return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(
            _("{value!r} is not a date such as 2026-02-01 or 2026-02-01 08:00").format(value=raw)
        ) from error


def read_window(raw: Any) -> timedelta:
    return parse_duration(raw)


Ahead = tuple[timedelta, timedelta]
"""From when to when an anniversary may lie, counted from today."""


def read_anniversary(raw: Any) -> Ahead:
    """How far ahead an anniversary may lie: `today`, or a duration in days of less than a year."""
    return timedelta(), _days_ahead(raw)


def read_anniversary_in(raw: Any) -> Ahead:
    """The same for one day alone: `today`, or so many days ahead."""
    ahead = _days_ahead(raw)
    return ahead, ahead


def _days_ahead(raw: Any) -> timedelta:
    ahead = timedelta() if raw == "today" else parse_duration(raw)
    if ahead >= _YEAR or ahead % _DAY:
        raise ValueError(_("an anniversary is looked for `today` or within whole days, less than a year"))
    return ahead


def read_clock(raw: Any) -> time:
    """A time of day, 08:30."""
    try:
        if not isinstance(raw, str) or len(raw) != 5:
            raise ValueError
        return time.fromisoformat(raw)
    except ValueError as error:
        raise ValueError(_("{value!r} is not a time of day such as 08:30").format(value=raw)) from error


# ── moments as the other side of a comparison ──────────────────────────────────────────────────────────────────────


def begins(moment: Moment, scope: Scope) -> datetime:
    """The first instant of a moment in the scope's zone."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time.min)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=scope.zone).astimezone(UTC)


def ends(moment: Moment, scope: Scope) -> datetime:
    """The first instant after a day; a moment itself."""
    return begins(moment, scope) if isinstance(moment, datetime) else begins(moment + _DAY, scope)


def _day(moment: Moment) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _is_day(column: Expression) -> bool:
    return isinstance(type_of(column), Date)


def before(column: Expression, moment: Moment, scope: Scope) -> Clause:
    return column < (_day(moment) if _is_day(column) else begins(moment, scope))


def after(column: Expression, moment: Moment, scope: Scope) -> Clause:
    if _is_day(column):
        return column > _day(moment)
    exact = isinstance(moment, datetime)
    return column > begins(moment, scope) if exact else column >= ends(moment, scope)


def between(column: Expression, bounds: tuple[Moment, Moment], scope: Scope) -> Clause:
    low, high = bounds
    if _is_day(column):
        return column.between(_day(low), _day(high))
    upper = column <= begins(high, scope) if isinstance(high, datetime) else column < ends(high, scope)
    return (column >= begins(low, scope)) & upper


def within(column: Expression, window: timedelta, scope: Scope) -> Clause:
    if _is_day(column):
        return column.between((scope.local - window).date(), scope.local.date())
    return column.between(scope.now - window, scope.now)


def within_next(column: Expression, window: timedelta, scope: Scope) -> Clause:
    if _is_day(column):
        return column.between(scope.local.date(), (scope.local + window).date())
    return column.between(scope.now, scope.now + window)


def anniversary(column: Expression, ahead: Ahead, scope: Scope) -> Clause:
    if _is_day(column):
        return (extract("month", column) * 100 + extract("day", column)).in_(sorted(_celebrated(ahead, scope)))
    days = _days(ahead, scope)
    first, last = days[0], days[-1]
    years = (_years_ago(first, last, back) for back in range(OLDEST))
    return or_(*(between(column, span, scope) for span in years))


# ── the same for a value in the hand ───────────────────────────────────────────────────────────────────────────────


def is_before(value: Moment, moment: Moment, scope: Scope) -> bool:
    return begins(value, scope) < begins(moment, scope)


def is_after(value: Moment, moment: Moment, scope: Scope) -> bool:
    exact = isinstance(moment, datetime)
    return begins(value, scope) > begins(moment, scope) if exact else begins(value, scope) >= ends(moment, scope)


def is_between(value: Moment, bounds: tuple[Moment, Moment], scope: Scope) -> bool:
    low, high = bounds
    start = begins(value, scope)
    below = start <= begins(high, scope) if isinstance(high, datetime) else start < ends(high, scope)
    return begins(low, scope) <= start and below


def is_within(value: Moment, window: timedelta, scope: Scope) -> bool:
    if not isinstance(value, datetime):
        return (scope.local - window).date() <= value <= scope.local.date()
    return scope.now - window <= value <= scope.now


def is_within_next(value: Moment, window: timedelta, scope: Scope) -> bool:
    if not isinstance(value, datetime):
        return scope.local.date() <= value <= (scope.local + window).date()
    return scope.now <= value <= scope.now + window


def is_anniversary(value: Moment, ahead: Ahead, scope: Scope) -> bool:
    day = value.astimezone(scope.zone).date() if isinstance(value, datetime) else value
    return day.month * 100 + day.day in _celebrated(ahead, scope)


def is_between_clocks(value: time, bounds: tuple[time, time], _scope: Scope) -> bool:
    """From the first minute on, up to but not including the last; 22:00 to 08:00 crosses midnight."""
    start, end = bounds
    return start <= value < end if start <= end else value >= start or value < end


def _years_ago(first: date, last: date, back: int) -> tuple[date, date]:
    """The same days of the year, `back` years before."""
    start = _in_year(first, first.year - back)
    end = _in_year(last, last.year - back)
    leap_day_is_celebrated = (last.month, last.day) == (2, 28) and (last + _DAY).month == 3
    if leap_day_is_celebrated and (end + _DAY).day == 29:
        end += _DAY
    return start, end


def _in_year(day: date, year: int) -> date:
    is_leap_day = (day.month, day.day) == (2, 29)
    return date(year, 2, 28) if is_leap_day and not isleap(year) else day.replace(year=year)


def _days(ahead: Ahead, scope: Scope) -> list[date]:
    """The days between the ends of `ahead`, both included."""
    start, end = ahead
    first = scope.local.date() + start
    return [first + _DAY * number for number in range((end - start) // _DAY + 1)]


def _celebrated(ahead: Ahead, scope: Scope) -> set[int]:
    """The days of the year, as month × 100 + day, that are celebrated on the days ahead."""
    days = _days(ahead, scope)
    celebrated = {day.month * 100 + day.day for day in days}
    if any((day.month, day.day) == (2, 28) and (day + _DAY).month == 3 for day in days):
        celebrated.add(229)
    return celebrated


# ── days of birth ──────────────────────────────────────────────────────────────────────────────────────────────────


def lunar_anniversary(column: Expression, ahead: Ahead, scope: Scope) -> Clause:
    """Days of birth whose lunar birthday is celebrated on the days ahead; see `bot.sop.lunar` for leap months."""
    return column.in_(sorted(_lunar_births(ahead, scope)))


def is_lunar_anniversary(value: date, ahead: Ahead, scope: Scope) -> bool:
    return value in _lunar_births(ahead, scope)


def _lunar_births(ahead: Ahead, scope: Scope) -> set[date]:
    return {born for day in _days(ahead, scope) for born in lunar.born_on(day)}


def read_age(raw: Any) -> int:
    """A whole number of years."""
    if isinstance(raw, bool) or not isinstance(raw, int) or not 0 <= raw <= OLDEST_PERSON:
        raise ValueError(_("an age is a whole number of years, not {value!r}").format(value=raw))
    return raw


def born_by(age: int, scope: Scope) -> date:
    """The last day of birth of those who are `age` years old or older today."""
    today = scope.local.date()
    day = _in_year(today, today.year - age)
    is_eve_of_leap_day = (today.month, today.day) == (2, 28) and not isleap(today.year) and isleap(day.year)
    return day + _DAY if is_eve_of_leap_day else day
