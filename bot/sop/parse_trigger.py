"""Reading what starts an SOP."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import time, timedelta
from typing import Any

from bot.i18n import _
from bot.sop import calendar, lunar
from bot.sop.conditions import ALWAYS, Condition, parse_condition
from bot.sop.filters import all_filters
from bot.sop.findings import did_you_mean
from bot.sop.parse_metric import metric
from bot.sop.reading import Reading
from bot.sop.schema import Trigger
from bot.sop.source import Path
from bot.sop.triggers import TRIGGERS, check_event
from bot.sop.values import clock, days, event_name, moment

Read = tuple[Trigger, Condition]
"""A trigger, and on whom it is: those whose birthday it is, for one; everybody for most."""
EXAMPLES = (
    "contact.added, {event: order.paid}, {segment.entered: dormant}, {metric.crossed: silence, above: 7d}, "
    "{cron: 0 20 * * *}, {interval: 2h}, {date: 2026-02-01 08:00}, {birthday: -7d}, {festival: 春节, offset: -15d}"
)
PLACE = ("trigger",)
BESIDE: Mapping[str, tuple[str, ...]] = {
    "event": (),
    "segment.entered": (),
    "segment.exited": (),
    "metric.crossed": ("above", "within"),
    "cron": ("workdays_only",),
    "interval": ("workdays_only",),
    "date": (),
    "birthday": ("at", "workdays_only"),
    "lunar_birthday": ("at", "workdays_only"),
    "anniversary": ("offset", "at", "workdays_only"),
    "festival": ("offset", "at", "workdays_only"),
    "solar_term": ("offset", "at", "workdays_only"),
}
"""What may stand beside the key that names the kind of trigger."""


@dataclass(frozen=True)
class TriggerText:
    """Turns YAML into a trigger, writing down what is wrong."""

    reading: Reading

    def read(self, raw: Any) -> Read:
        if isinstance(raw, str):
            return self._by_name(raw), ALWAYS
        shape = raw if isinstance(raw, dict) else {}
        found = [key for key in shape if key in BESIDE]
        if len(found) != 1:
            self.reading.fail("X111", PLACE, _("a trigger is written like one of: {known}").format(known=EXAMPLES))
            return Trigger("contact.added"), ALWAYS
        [key] = found
        self.reading.keys(shape, PLACE, (key, *BESIDE[key]))
        trigger, whose = self._readers()[key](shape, (*PLACE, key))
        return replace(trigger, workdays=self._workdays(shape)), whose

    def _readers(self) -> Mapping[str, Callable[[dict[str, Any], Path], Read]]:
        return {
            "event": lambda raw, path: (Trigger(event_name(self.reading, raw["event"], path)), ALWAYS),
            "segment.entered": lambda raw, path: self._segment("segment.entered", raw, path),
            "segment.exited": lambda raw, path: self._segment("segment.exited", raw, path),
            "metric.crossed": lambda raw, path: (metric(self.reading, raw, path), ALWAYS),
            "cron": lambda raw, path: (self._cron(raw["cron"], path), ALWAYS),
            "interval": lambda raw, path: (
                Trigger("date", interval=self.reading.duration(raw["interval"], path)),
                ALWAYS,
            ),
            "date": lambda raw, path: (Trigger("date", moment=moment(self.reading, raw["date"], path)), ALWAYS),
            "birthday": lambda raw, path: self._birthday("birthday", raw, path),
            "lunar_birthday": lambda raw, path: self._birthday("lunar_birthday", raw, path),
            "anniversary": self._anniversary,
            "festival": self._festival,
            "solar_term": self._solar_term,
        }

    def _by_name(self, name: str) -> Trigger:
        if name in TRIGGERS and not TRIGGERS[name].params:
            return Trigger(name)
        hint = did_you_mean(name, TRIGGERS)
        if not hint and check_event(name) is None:
            hint = _(" A custom event is written {{event: {name}}}.").format(name=name)
        self.reading.fail("X111", PLACE, _("there is no trigger {name}.").format(name=name) + hint)
        return Trigger("contact.added")

    def _segment(self, name: str, raw: dict[str, Any], path: Path) -> Read:
        return Trigger(name, segment=self.reading.text(raw[name], path, name)), ALWAYS

    def _cron(self, raw: Any, path: Path) -> Trigger:
        line = self.reading.text(raw, path, "cron")
        try:
            calendar.check_cron(line)
        except calendar.BadCron as error:
            self.reading.fail("X112", path, str(error))
        return Trigger("date", cron=line)

    # ── days of people ─────────────────────────────────────────────────────────────────────────────────────────────

    def _birthday(self, name: str, raw: dict[str, Any], path: Path) -> Read:
        """`{birthday: -7d, at: 08:00}`: the number says how many days before."""
        offset = days(self.reading, raw[name], path)
        return self._daily(name, raw), self._celebrates(f"contact.{name}", offset, path)

    def _anniversary(self, raw: dict[str, Any], path: Path) -> Read:
        """`{anniversary: follow.first_added_at, offset: -1d}`: of any date that is known of the subject."""
        fact = raw["anniversary"]
        dates = [name for name, one in all_filters().items() if one.kind.name == "date" and not one.is_pure]
        if fact not in dates:
            message = _("an anniversary is that of a date such as contact.birthday.") + did_you_mean(str(fact), dates)
            self.reading.fail("X112", path, message)
            return Trigger("anniversary"), ALWAYS
        return self._daily("anniversary", raw), self._celebrates(fact, self._offset(raw), path)

    def _celebrates(self, fact: str, offset: timedelta, path: Path) -> Condition:
        if offset > timedelta():
            self.reading.fail("X112", path, _("an anniversary is told `0d` or some days before, such as -7d"))
            return ALWAYS
        ahead = f"{-offset.days}d" if offset else "today"
        return parse_condition(self.reading, {fact: {"anniversary_in": ahead}}, path)

    def _daily(self, name: str, raw: dict[str, Any]) -> Trigger:
        at = self._at(raw)
        return Trigger(name, cron=f"{at.minute} {at.hour} * * *", clock=at)

    # ── days of the year ───────────────────────────────────────────────────────────────────────────────────────────

    def _festival(self, raw: dict[str, Any], path: Path) -> Read:
        name = self._one_of(raw["festival"], lunar.FESTIVALS, path)
        return Trigger("festival", festival=name, offset=self._offset(raw), clock=self._at(raw)), ALWAYS

    def _solar_term(self, raw: dict[str, Any], path: Path) -> Read:
        name = self._one_of(raw["solar_term"], (*lunar.TERMS, "any"), path)
        return Trigger("solar_term", solar_term=name, offset=self._offset(raw), clock=self._at(raw)), ALWAYS

    def _one_of(self, raw: Any, known: tuple[str, ...], path: Path) -> str:
        if (name := str(raw)) in known:
            return name
        self.reading.fail("X112", path, _("{name} is not one of: {known}").format(name=raw, known=", ".join(known)))
        return known[0]

    def _offset(self, raw: dict[str, Any]) -> timedelta:
        return days(self.reading, raw["offset"], (*PLACE, "offset")) if "offset" in raw else timedelta()

    def _at(self, raw: dict[str, Any]) -> time:
        return clock(self.reading, raw["at"], (*PLACE, "at")) if "at" in raw else time(9)

    def _workdays(self, raw: dict[str, Any]) -> bool:
        wanted = raw.get("workdays_only", False)
        if not isinstance(wanted, bool):
            self.reading.fail("X103", (*PLACE, "workdays_only"), _("`workdays_only` is true or false"))
        return wanted is True
