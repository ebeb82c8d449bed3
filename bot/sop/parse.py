"""Reading an SOP: from YAML to values. Every fault gets its line, nothing is guessed."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bot import i18n
from bot.i18n import _
from bot.model.ids import SopName
from bot.sop import source
from bot.sop.conditions import ALWAYS, Condition, both, parse_condition
from bot.sop.findings import Finding
from bot.sop.parse_gates import Gates
from bot.sop.parse_steps import Steps
from bot.sop.parse_trigger import TriggerText
from bot.sop.reading import Reading
from bot.sop.schema import PURPOSES, Purpose, Reentry, RolloutPlan, RunExit, RunGoal, Sop, Trigger
from bot.sop.scope import SUBJECTS, Subject
from bot.sop.source import Path
from bot.sop.values import event_name

PRIORITIES = {"low": 10, "normal": 50, "high": 90}
KEYS = (
    "sop", "title", "subject", "trigger", "purpose", "priority", "mutex", "reentry", "rollout", "holdout",
    "frequency_cap", "dedupe", "goal", "exit_on", "deadline", "when", "steps",
)  # fmt: skip


def parse(text: str, path: str, name: str) -> tuple[Sop | None, list[Finding]]:
    """The SOP that a file says, and what is wrong with it; no SOP when anything is."""
    sop, findings = _parsed(text, path, name, i18n.current())
    return sop, list(findings)


@lru_cache(source.TEXTS_KEPT)
def _parsed(text: str, path: str, name: str, _language: str) -> tuple[Sop | None, tuple[Finding, ...]]:
    """Kept like the text itself: a draft is simulated, planned and published as it stands. Findings are in words."""
    try:
        read = source.read(text)
    except source.BadSource as error:
        return None, (Finding(path, error.line, "X100", str(error)),)
    reading = Reading(path, read)
    if not isinstance(read.value, dict):
        reading.fail("X100", (), _("an SOP is names and values, beginning with `sop:`"))
        return None, tuple(reading.findings)
    sop = _Head(reading, read.value).sop(text, path, name)
    return (None if reading.failed else sop), tuple(sorted(reading.findings))


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
        trigger, whose = self._option("trigger", TriggerText(reading).read, (Trigger("contact.added"), ALWAYS))
        gates = Gates(reading)
        steps = Steps(reading).block(self.raw.get("steps"), ("steps",)) if "steps" in self.raw else ()
        return Sop(
            name=SopName(name),
            title=reading.text(self.raw["title"], ("title",), "title") if "title" in self.raw else name,
            subject=subject,
            trigger=trigger,
            steps=steps,
            digest=source.digest_of(text),
            source=text,
            path=path,
            when=both(whose, self._option("when", self._condition, ALWAYS)),
            priority=self._option("priority", self._priority, PRIORITIES["normal"]),
            mutex=self._option("mutex", lambda raw: reading.text(raw, ("mutex",), "mutex"), ""),
            reentry=self._option("reentry", self._reentry, Reentry()),
            purpose=self._option("purpose", self._purpose, "marketing"),
            rollout=self._option("rollout", gates.rollout, RolloutPlan()),
            holdout_percent=self._option("holdout", lambda raw: gates.percent(raw, ("holdout",)), 0.0),
            caps=self._option("frequency_cap", gates.caps, ()),
            same_content=self._option("dedupe", lambda raw: reading.duration(raw, ("dedupe",)), None),
            goal=self._option("goal", self._goal, None),
            exits=self._option("exit_on", self._exits, ()),
            deadline=self._option("deadline", lambda raw: reading.duration(raw, ("deadline",)), None),
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

    def _purpose(self, raw: Any) -> Purpose:
        found: Purpose | None = next((one for one in PURPOSES if one == raw), None)
        if found is None:
            self.reading.fail("X103", ("purpose",), _("`purpose` is one of: {names}").format(names=", ".join(PURPOSES)))
        return found or "marketing"

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

    def _exits(self, raw: Any) -> tuple[RunExit, ...]:
        """One `{event: …, where: …}`, or a list of them."""
        if not isinstance(raw, list):
            return (self._exit(raw, ("exit_on",)),)
        return tuple(self._exit(one, ("exit_on", index)) for index, one in enumerate(raw))

    def _exit(self, raw: Any, path: Path) -> RunExit:
        shape = self.reading.mapping(raw, path, "exit_on")
        self.reading.keys(shape, path, ("event", "where"))
        if shape and "event" not in shape:
            self.reading.fail("X102", path, _("`{key}` is missing").format(key="event"))
        event = event_name(self.reading, shape["event"], (*path, "event")) if "event" in shape else ""
        where = parse_condition(self.reading, shape["where"], (*path, "where")) if "where" in shape else ALWAYS
        return RunExit(event, where)
