"""When a schedule comes next. The only module that knows APScheduler, and it only asks it for moments.

Cron lines are cron's: five fields, Sunday is 0 or 7. APScheduler counts days of the week from Monday and takes both day
fields together where cron takes either, so numbers are translated to names, and a line that gives both is refused.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from bot.i18n import Sentence, _
from bot.sop import holidays, lunar
from bot.sop.schema import Trigger

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_PART = re.compile(r"(\*|[a-z0-9]+)(?:-([a-z0-9]+))?(?:/(\d+))?")
_START = datetime(2024, 1, 1)  # a Monday; local midnight, from which intervals count  # noqa: DTZ001
_TICK = timedelta(microseconds=1)
PATIENCE = timedelta(days=400)
"""How far ahead a workday is looked for."""


class BadCron(ValueError):
    """A line that is not a cron line; the message says why."""


def check_cron(line: str) -> None:
    _cron(line, ZoneInfo("UTC"))


def next_fire(trigger: Trigger, after: datetime, zone: ZoneInfo) -> datetime | None:
    """The first moment later than `after`, in UTC; None when there is none.

    Sundays that are workdays are rare, and unknown for years to come: who waits for one is not made to wait for ever.
    """
    moment = _next(trigger, after, zone)
    while moment is not None and trigger.workdays and not holidays.works(moment.astimezone(zone).date()):
        moment = _next(trigger, moment, zone) if moment - after < PATIENCE else None
    return moment


def _next(trigger: Trigger, after: datetime, zone: ZoneInfo) -> datetime | None:
    if trigger.cron:
        moment: datetime | None = _cron(trigger.cron, zone).get_next_fire_time(None, after.astimezone(zone) + _TICK)
        return None if moment is None else moment.astimezone(UTC)
    if trigger.interval is not None:
        return _next_interval(trigger.interval, after, zone)
    if trigger.moment is not None:
        moment = in_zone(trigger.moment, zone)
        return moment if moment > after else None
    if trigger.festival or trigger.solar_term:
        return next((moment for moment in _yearly(trigger, after, zone) if moment > after), None)
    return None


def _yearly(trigger: Trigger, after: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """The moments of a festival or of solar terms, from the year before on, in order."""
    first = after.astimezone(zone).year - 1
    for year in range(first, min(first + 4, lunar.LAST_YEAR)):
        for day in _days_of(trigger, year):
            yield datetime.combine(day + trigger.offset, trigger.clock, zone).astimezone(UTC)


def _days_of(trigger: Trigger, year: int) -> Iterator[date]:
    if trigger.festival:
        yield lunar.festival_on(trigger.festival, year)
        return
    names = lunar.TERMS if trigger.solar_term == "any" else (trigger.solar_term,)
    yield from (lunar.term_on(name, year) for name in names)


def in_zone(moment: datetime, zone: ZoneInfo) -> datetime:
    """A moment that people wrote, in UTC; without a zone of its own it is meant in `zone`."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _next_interval(interval: timedelta, after: datetime, zone: ZoneInfo) -> datetime:
    start = in_zone(_START, zone)
    return start + ((after - start) // interval + 1) * interval


def _cron(line: str, zone: ZoneInfo) -> CronTrigger:
    fields = line.lower().split()
    if len(fields) != 5:
        raise BadCron(_("a cron line has five fields, such as `0 20 * * *` for 20:00 every day"))
    minute, hour, day, month, weekday = fields
    if day != "*" and weekday != "*":
        raise BadCron(_("give a day of the month or a day of the week, not both"))
    parts = {"minute": minute, "hour": hour, "day": day, "month": month, "day_of_week": _weekdays(weekday)}
    for name, part in parts.items():
        _check_part(name, part)
    return CronTrigger(**parts, timezone=zone)


PARTS: dict[str, Sentence] = {
    "minute": "{part} is not a minute, 0 to 59",
    "hour": "{part} is not an hour, 0 to 23",
    "day": "{part} is not a day of the month, 1 to 31",
    "month": "{part} is not a month, 1 to 12",
    "day_of_week": "{part} is not a day of the week",
}


def _check_part(name: str, part: str) -> None:
    try:
        CronTrigger(**{name: part}, timezone=UTC)
    except ValueError as error:
        raise BadCron(_(PARTS[name]).format(part=part)) from error


def _weekdays(field: str) -> str:
    if field == "*":
        return field
    days = {day for part in field.split(",") for day in _weekdays_in(part)}
    return ",".join(name for name in _DAYS if name in days)


def _weekdays_in(part: str) -> Iterator[str]:
    match = _PART.fullmatch(part)
    if match is None:
        raise BadCron(_("{part} is not a day of the week").format(part=part))
    first, last, step = match[1], match[2], int(match[3] or 1)
    if not step:
        raise BadCron(_("{part} is not a day of the week").format(part=part))
    start = 0 if first == "*" else _number(first)
    end = _number(last) if last else (6 if first == "*" or match[3] else start)
    if end < start:
        end += 7  # fri-mon
    for day in range(start, end + 1, step):
        yield _DAYS[day % 7]


def _number(day: str) -> int:
    if day in _DAYS:
        return _DAYS.index(day)
    if day.isdigit() and int(day) <= 7:
        return int(day)
    raise BadCron(_("{part} is not a day of the week").format(part=day))
