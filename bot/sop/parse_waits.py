"""Reading the step that waits for a time of day, a weekday, the end of quiet hours, or a date."""

from datetime import time
from typing import Any

from bot.i18n import _
from bot.sop.filters.time import WEEKDAYS
from bot.sop.reading import Reading
from bot.sop.schema import WaitUntil
from bot.sop.source import Path
from bot.sop.values import clock, moment


def wait_until(reading: Reading, raw: dict[str, Any], path: Path) -> WaitUntil:
    reading.keys(raw, path, ("wait_until",))
    line, path = reading.line(path), (*path, "wait_until")
    shape = reading.mapping(raw["wait_until"], path, "wait_until")
    reading.keys(shape, path, ("time", "weekdays", "outside", "workdays_only", "date"))
    if "date" in shape and len(shape) > 1:
        reading.fail("X103", path, _("`date` stands alone: it is one moment"))
    return WaitUntil(
        clock=clock(reading, shape["time"], (*path, "time")) if "time" in shape else None,
        weekdays=_weekdays(reading, shape["weekdays"], (*path, "weekdays")) if "weekdays" in shape else frozenset(),
        quiet=_quiet(reading, shape["outside"], (*path, "outside")) if "outside" in shape else None,
        workdays=_workdays(reading, shape.get("workdays_only", False), (*path, "workdays_only")),
        moment=moment(reading, shape["date"], (*path, "date")) if "date" in shape else None,
        line=line,
    )


def _weekdays(reading: Reading, raw: Any, path: Path) -> frozenset[int]:
    if isinstance(raw, list) and raw and all(day in WEEKDAYS for day in raw):
        return frozenset(WEEKDAYS.index(day) for day in raw)
    reading.fail("X103", path, _("`weekdays` is a list of: {names}").format(names=", ".join(WEEKDAYS)))
    return frozenset()


def _workdays(reading: Reading, raw: Any, path: Path) -> bool:
    if not isinstance(raw, bool):
        reading.fail("X103", path, _("`workdays_only` is true or false"))
    return raw is True


def _quiet(reading: Reading, raw: Any, path: Path) -> tuple[time, time] | None:
    if isinstance(raw, list) and len(raw) == 2:
        start, end = (clock(reading, one, (*path, index)) for index, one in enumerate(raw))
        if start != end or reading.failed:
            return start, end
    reading.fail("X103", path, _('`outside` is a window such as ["22:00", "08:00"]'))
    return None
