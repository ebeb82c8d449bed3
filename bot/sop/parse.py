"""Reading an SOP: from YAML to values. Every fault gets its line, nothing is guessed."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.i18n import _
from bot.model.ids import SopName
from bot.sop import calendar, source
from bot.sop.conditions import ALWAYS, Condition, parse_condition
from bot.sop.findings import Finding, did_you_mean
from bot.sop.parse_steps import Steps
from bot.sop.reading import Reading
from bot.sop.schema import Reentry, RunGoal, Sop, Trigger
from bot.sop.scope import SUBJECTS, Subject
from bot.sop.triggers import TRIGGERS, check_event
from bot.sop.values import event_name, moment

PRIORITIES = {"low": 10, "normal": 50, "high": 90}
KEYS = (
    "sop", "title", "subject", "trigger", "priority", "mutex", "reentry", "rollout", "holdout", "goal", "when", "steps",
)  # fmt: skip


def digest_of(text: str) -> str:
    """The name of one version: the hash of its text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def parse(text: str, path: str, name: str) -> tuple[Sop | None, list[Finding]]:
    """The SOP that a file says, and what is wrong with it; no SOP when anything is."""
    try:
        read = source.read(text)
    except source.BadSource as error:
        return None, [Finding(path, error.line, "X100", str(error))]
    reading = Reading(path, read)
    if not isinstance(read.value, dict):
        reading.fail("X100", (), _("an SOP is names and values, beginning with `sop:`"))
        return None, reading.findings
    sop = _Head(reading, read.value).sop(text, path, name)
    return (None if reading.failed else sop), sorted(reading.findings)


@dataclass
class _Head:
    """Everything of an SOP but its steps."""

    reading: Reading
    raw: dict[str, Any]

    def sop(self, text: str, path: str, name: str) -> Sop:
        reading = self.reading
        reading.keys(self.raw, (), KEYS)
        for key in ("sop", "title", "subject", "trigger", "steps"):
            if key not in self.raw:
                reading.fail("X102", (), _("`{key}` is missing").format(key=key))
        if self.raw.get("sop", name) != name:
            reading.fail("X110", ("sop",), _("`sop` has to be {name}, like its path").format(name=name))
        subject = self._subject()
        trigger = self._option("trigger", self._trigger, Trigger("contact.added"))
        steps = Steps(reading).block(self.raw.get("steps"), ("steps",)) if "steps" in self.raw else ()
        return Sop(
            name=SopName(name),
            title=reading.text(self.raw["title"], ("title",), "title") if "title" in self.raw else name,
            subject=subject,
            trigger=trigger,
            steps=steps,
            digest=digest_of(text),
            source=text,
            path=path,
            when=self._option("when", self._condition, ALWAYS),
            priority=self._option("priority", self._priority, PRIORITIES["normal"]),
            mutex=self._option("mutex", lambda raw: reading.text(raw, ("mutex",), "mutex"), ""),
            reentry=self._option("reentry", self._reentry, Reentry()),
            rollout_percent=self._option("rollout", self._rollout, 100.0),
            holdout_percent=self._option("holdout", lambda raw: self._percent(raw, ("holdout",)), 0.0),
            goal=self._option("goal", self._goal, None),
        )

    def _option(self, key: str, read: Callable[[Any], Any], default: Any) -> Any:
        return read(self.raw[key]) if key in self.raw else default

    def _condition(self, raw: Any) -> Condition:
        return parse_condition(self.reading, raw, ("when",))

    def _subject(self) -> Subject:
        raw = self.raw.get("subject", "contact")
        if raw in SUBJECTS:
            return raw  # type: ignore[no-any-return]
        self.reading.fail("X103", ("subject",), _("`subject` is one of: {names}").format(names=", ".join(SUBJECTS)))
        return "contact"

    def _trigger(self, raw: Any) -> Trigger:
        if isinstance(raw, str):
            return self._event_trigger(raw)
        shape = raw if isinstance(raw, dict) and len(raw) == 1 else {"": None}
        [(key, value)] = shape.items()
        path = ("trigger", key)
        match key:
            case "event":
                return Trigger(event_name(self.reading, value, path))
            case "cron":
                return self._cron(value, path)
            case "interval":
                return Trigger("date", interval=self.reading.duration(value, path))
            case "date":
                return Trigger("date", moment=moment(self.reading, value, path))
        known = "contact.added, {event: order.paid}, {cron: 0 20 * * *}, {interval: 2h}, {date: 2026-02-01 08:00}"
        self.reading.fail("X111", ("trigger",), _("a trigger is written like one of: {known}").format(known=known))
        return Trigger("contact.added")

    def _event_trigger(self, name: str) -> Trigger:
        if name in TRIGGERS and not TRIGGERS[name].params:
            return Trigger(name)
        hint = did_you_mean(name, TRIGGERS)
        if not hint and check_event(name) is None:
            hint = " " + _("A custom event is written {{event: {name}}}.").format(name=name)
        self.reading.fail("X111", ("trigger",), _("there is no trigger {name}.").format(name=name) + hint)
        return Trigger("contact.added")

    def _cron(self, raw: Any, path: source.Path) -> Trigger:
        line = self.reading.text(raw, path, "cron")
        try:
            calendar.check_cron(line)
        except calendar.BadCron as error:
            self.reading.fail("X112", path, str(error))
        return Trigger("date", cron=line)

    def _priority(self, raw: Any) -> int:
        if isinstance(raw, str) and raw in PRIORITIES:
            return PRIORITIES[raw]
        if isinstance(raw, int) and not isinstance(raw, bool) and 0 <= raw <= 1000:
            return raw
        self.reading.fail("X103", ("priority",), _("`priority` is low, normal, high or a number from 0 to 1000"))
        return PRIORITIES["normal"]

    def _reentry(self, raw: Any) -> Reentry:
        if raw in ("never", "always"):
            return Reentry(raw)
        if isinstance(raw, dict) and list(raw) == ["after"]:
            return Reentry("after", self.reading.duration(raw["after"], ("reentry", "after")))
        self.reading.fail("X103", ("reentry",), _("`reentry` is never, always or {after: 30d}"))
        return Reentry()

    def _rollout(self, raw: Any) -> float:
        shape = self.reading.mapping(raw, ("rollout",), "rollout")
        if "stop_loss" in shape:
            self.reading.fail("X115", ("rollout", "stop_loss"), _("`stop_loss` is not watched yet: leave it out"))
        self.reading.keys({key: None for key in shape if key != "stop_loss"}, ("rollout",), ("percent",))
        return self._percent(shape.get("percent", 100), ("rollout", "percent"))

    def _percent(self, raw: Any, path: source.Path) -> float:
        number = raw.removesuffix("%") if isinstance(raw, str) and raw.endswith("%") else raw
        try:
            percent = -1.0 if isinstance(number, bool) else float(number)
        except (TypeError, ValueError):
            percent = -1.0
        if not 0 <= percent <= 100:
            self.reading.fail("X103", path, _("{value!r} is not a share such as 10%").format(value=raw))
            return 0.0
        return percent

    def _goal(self, raw: Any) -> RunGoal | None:
        shape = self.reading.mapping(raw, ("goal",), "goal")
        self.reading.keys(shape, ("goal",), ("event", "within"))
        for key in ("event", "within"):
            if shape and key not in shape:
                self.reading.fail("X102", ("goal",), _("`{key}` is missing").format(key=key))
                return None
        if not shape:
            return None
        within = self.reading.duration(shape["within"], ("goal", "within"))
        return RunGoal(event_name(self.reading, shape["event"], ("goal", "event")), within)
