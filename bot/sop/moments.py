"""The moment that a `wait_until` waits for."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.sop import holidays
from bot.sop.calendar import in_zone
from bot.sop.schema import WaitUntil

_DAY = timedelta(days=1)
LONGEST_HOLIDAY = 40
"""How many days we look ahead: weekdays that are all holidays for weeks do not exist."""


def next_fit(step: WaitUntil, now: datetime, zone: ZoneInfo) -> datetime:
    """The first moment from `now` on that fits the step; `now` itself when it does."""
    if step.moment is not None:
        return max(now, in_zone(step.moment, zone))
    fit = now
    if step.clock is not None or step.weekdays or step.workdays:
        fit = _next_clock(step, now, zone)
    return _past_quiet(step.quiet, fit, zone) if step.quiet else fit


def _next_clock(step: WaitUntil, now: datetime, zone: ZoneInfo) -> datetime:
    """The next of the days at the time of day; without one, a fitting day fits from midnight on."""
    local = now.astimezone(zone)
    for ahead in range(LONGEST_HOLIDAY):
        day = local.date() + _DAY * ahead
        if not _fits(step, day):
            continue
        moment = _at(day, step.clock or time(), zone)
        if moment >= now:
            return moment
        if step.clock is None:
            return now
    raise AssertionError("some day of the next weeks fits")


def _fits(step: WaitUntil, day: date) -> bool:
    if step.weekdays and day.weekday() not in step.weekdays:
        return False
    return not step.workdays or holidays.works(day)


def _past_quiet(quiet: tuple[time, time], moment: datetime, zone: ZoneInfo) -> datetime:
    """The moment, or the end of the quiet hours it falls into; they may cross midnight."""
    start, end = quiet
    local = moment.astimezone(zone)
    clock = local.time()
    if not (start <= clock < end if start <= end else clock >= start or clock < end):
        return moment
    return _at(local.date() if clock < end else local.date() + _DAY, end, zone)


def _at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, zone).astimezone(UTC)
