"""Reading the trigger of a figure that crosses its line: `{metric.crossed: flood, above: 20, within: 10m}`."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from bot.i18n import _
from bot.sop.parse_gates import Gates
from bot.sop.reading import Reading
from bot.sop.schema import METRICS, Metric, Trigger
from bot.sop.source import Path

LOOKS = {"silence": "*/5 * * * *", "overdue": "*/5 * * * *", "drop": "0 9 * * *"}
"""When each is looked for. A drop is that of yesterday against the same weekday before."""
ABOVE = ("trigger", "above")


def metric(reading: Reading, raw: Mapping[str, Any], path: Path) -> Trigger:
    name = str(raw["metric.crossed"])
    if name not in METRICS:
        known = ", ".join(METRICS)
        reading.fail("X112", path, _("{name} is not one of: {known}").format(name=name, known=known))
        return Trigger("metric.crossed")
    if "above" not in raw:
        reading.fail("X102", path, _("`{key}` is missing").format(key="above"))
        return Trigger("metric.crossed")
    if "within" in raw and name != "flood":
        reading.fail("X101", ("trigger", "within"), _("`{key}` is not known here.").format(key="within"))
    return Trigger("metric.crossed", cron=LOOKS.get(name, ""), metric=_READERS[name](reading, name, raw))


def _duration(reading: Reading, name: str, raw: Mapping[str, Any]) -> Metric:
    return Metric(name, duration=reading.duration(raw["above"], ABOVE))


def _flood(reading: Reading, name: str, raw: Mapping[str, Any]) -> Metric:
    flood = Metric(name, count=reading.count(raw["above"], ABOVE, "above"))
    if "within" not in raw:
        return flood
    return replace(flood, within=reading.duration(raw["within"], ("trigger", "within")))


def _drop(reading: Reading, name: str, raw: Mapping[str, Any]) -> Metric:
    return Metric(name, percent=Gates(reading).percent(raw["above"], ABOVE))


_READERS: Mapping[str, Callable[[Reading, str, Mapping[str, Any]], Metric]] = {
    "silence": _duration,
    "overdue": _duration,
    "flood": _flood,
    "drop": _drop,
}
