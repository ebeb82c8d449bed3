"""Reading the steps of an SOP."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.community.complaints import said
from bot.i18n import _
from bot.sop.components import all_actions
from bot.sop.conditions import ALWAYS, parse_condition
from bot.sop.findings import did_you_mean
from bot.sop.parse_waits import wait_until
from bot.sop.reading import Reading
from bot.sop.schema import (
    RESULTS,
    Block,
    Branch,
    BranchEvent,
    BranchResult,
    Case,
    Do,
    Exit,
    Goal,
    If,
    SopStep,
    Split,
    Variant,
    Wait,
    WaitFor,
    Winner,
)
from bot.sop.source import Path
from bot.sop.values import event_name

Raw = dict[str, Any]
CODES = {
    "template": "X120",
    "too_long": "X121",
    "string_too_long": "X121",
    "duration": "X104",
    "extra_forbidden": "X101",
    "missing": "X102",
}
"""Finding codes by the error type of pydantic; anything else is X103."""


@dataclass(frozen=True)
class Steps:
    """Turns YAML into steps, writing down what is wrong."""

    reading: Reading

    def block(self, raw: Any, path: Path) -> Block:
        """A list of steps; steps that can never be reached are a fault."""
        if not isinstance(raw, list) or not raw:
            self.reading.fail("X103", path, _("a list of steps is wanted here"))
            return ()
        steps = tuple(self._step(item, (*path, index)) for index, item in enumerate(raw))
        for index, step in enumerate(steps[:-1]):
            if isinstance(step, Exit | Goal):
                message = _("nothing after `{step}` is ever reached").format(step=step.name)
                self.reading.fail("X114", (*path, index + 1), message)
                break
        return steps

    def _step(self, raw: Any, path: Path) -> SopStep:
        kinds = self._kinds()
        if not isinstance(raw, dict):
            self.reading.fail("X105", path, _("a step is one of: {kinds}").format(kinds=", ".join(kinds)))
            return Exit()
        found = [key for key in raw if key in kinds]
        if len(found) > 1:
            message = _("one step cannot be two: {kinds}").format(kinds=", ".join(found))
            self.reading.fail("X105", path, message)
            return Exit()
        if not found:
            hint = did_you_mean(str(next(iter(raw), "")), kinds)
            message = _("a step is one of: {kinds}.").format(kinds=", ".join(kinds)) + hint
            self.reading.fail("X105", path, message)
            return Exit()
        step = kinds[found[0]]({key: value for key, value in raw.items() if key != "id"}, path)
        return replace(step, id=self.reading.text(raw["id"], (*path, "id"), "id")) if "id" in raw else step

    def _kinds(self) -> Mapping[str, Callable[[Raw, Path], SopStep]]:
        return {
            "do": self._do,
            "if": self._if,
            "branch": self._branch,
            "branch_event": self._branch_event,
            "branch_result": self._branch_result,
            "split": self._split,
            "wait": self._wait,
            "wait_until": lambda raw, path: wait_until(self.reading, raw, path),
            "wait_for": self._wait_for,
            "goal": self._goal,
            "exit": self._exit,
        }

    # ── actions ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _do(self, raw: Raw, path: Path) -> SopStep:
        actions = all_actions()
        name = raw["do"] if isinstance(raw["do"], str) else ""
        if name not in actions:
            message = _("there is no action {name}.").format(name=raw["do"]) + did_you_mean(name, actions)
            self.reading.fail("X106", (*path, "do"), message)
            return Exit()
        given = {key: value for key, value in raw.items() if key != "do"}
        try:
            params = actions[name].params.model_validate(given, strict=False)
        except ValidationError as error:
            for one in error.errors():
                self._refuse(name, actions[name].params, one, path)
            return Exit()
        return Do(action=name, params=params, line=self.reading.line(path))

    def _refuse(self, action: str, params: type[BaseModel], error: ErrorDetails, path: Path) -> None:
        where = tuple(error["loc"])
        name = ".".join(str(part) for part in where)
        match error["type"]:
            case "extra_forbidden":
                hint = did_you_mean(str(where[-1]), params.model_fields) if len(where) == 1 else ""
                message = _("`{key}` is not known here.").format(key=name) + hint
            case "missing":
                message = _("`{key}` is missing").format(key=name)
            case _:
                message = f"{name or action}: {said(error)}"
        self.reading.fail(CODES.get(error["type"], "X103"), (*path, *where), message)

    # ── decisions ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _if(self, raw: Raw, path: Path) -> SopStep:
        self.reading.keys(raw, path, ("if", "then", "else"))
        if "then" not in raw:
            self.reading.fail("X102", path, _("`{key}` is missing").format(key="then"))
        return If(
            condition=parse_condition(self.reading, raw["if"], (*path, "if")),
            then=self._below(raw, "then", path),
            otherwise=self._below(raw, "else", path),
            line=self.reading.line(path),
        )

    def _below(self, raw: Raw, key: str, path: Path) -> Block:
        return self.block(raw[key], (*path, key)) if key in raw else ()

    def _branch(self, raw: Raw, path: Path) -> SopStep:
        self.reading.keys(raw, path, ("branch", "default"))
        if "default" not in raw:
            self.reading.fail("X113", path, _("a branch needs a `default`, for whom no way fits"))
        cases = raw["branch"] if isinstance(raw["branch"], list) else []
        if not cases:
            self.reading.fail("X103", (*path, "branch"), _("`branch` wants a list of ways, each with when and steps"))
        return Branch(
            cases=tuple(self._case(case, index, (*path, "branch", index)) for index, case in enumerate(cases)),
            default=self._below(raw, "default", path),
            line=self.reading.line(path),
        )

    def _case(self, raw: Any, index: int, path: Path) -> Case:
        shape = self.reading.mapping(raw, path, "branch")
        self.reading.keys(shape, path, ("when", "steps", "name"))
        for key in ("when", "steps"):
            if shape and key not in shape:
                self.reading.fail("X102", path, _("`{key}` is missing").format(key=key))
        return Case(
            name=str(shape.get("name", f"way {index + 1}")),
            condition=parse_condition(self.reading, shape["when"], (*path, "when")) if "when" in shape else ALWAYS,
            steps=self._below(shape, "steps", path),
        )

    def _branch_event(self, raw: Raw, path: Path) -> SopStep:
        self.reading.keys(raw, path, ("branch_event", "then", "else"))
        path_of = (*path, "branch_event")
        shape = self.reading.mapping(raw["branch_event"], path_of, "branch_event")
        self.reading.keys(shape, path_of, ("event", "since"))
        if shape and "event" not in shape:
            self.reading.fail("X102", path_of, _("`{key}` is missing").format(key="event"))
        if "then" not in raw:
            self.reading.fail("X102", path, _("`{key}` is missing").format(key="then"))
        return BranchEvent(
            event=event_name(self.reading, shape["event"], (*path_of, "event")) if "event" in shape else "",
            since=self.reading.text(shape["since"], (*path_of, "since"), "since") if "since" in shape else "",
            then=self._below(raw, "then", path),
            otherwise=self._below(raw, "else", path),
            line=self.reading.line(path),
        )

    def _branch_result(self, raw: Raw, path: Path) -> SopStep:
        self.reading.keys(raw, path, ("branch_result", "ways", "default"))
        if "default" not in raw:
            self.reading.fail("X113", path, _("a branch needs a `default`, for whom no way fits"))
        ways = self.reading.mapping(raw.get("ways"), (*path, "ways"), "ways")
        self.reading.keys(ways, (*path, "ways"), RESULTS)
        return BranchResult(
            of=self.reading.text(raw["branch_result"], (*path, "branch_result"), "branch_result"),
            ways={name: self.block(below, (*path, "ways", name)) for name, below in ways.items()},
            default=self._below(raw, "default", path),
            line=self.reading.line(path),
        )

    def _split(self, raw: Raw, path: Path) -> SopStep:
        self.reading.keys(raw, path, ("split", "winner"))
        shape = self.reading.mapping(raw["split"], (*path, "split"), "split")
        if len(shape) == 1:
            self.reading.fail("X124", (*path, "split"), _("a split needs two variants at the least"))
        variants = tuple(self._variant(name, value, (*path, "split", name)) for name, value in shape.items())
        winner = self._winner(raw["winner"], (*path, "winner")) if "winner" in raw else None
        return Split(variants=variants, winner=winner, line=self.reading.line(path))

    def _winner(self, raw: Any, path: Path) -> Winner:
        shape = self.reading.mapping(raw, path, "winner")
        self.reading.keys(shape, path, ("event", "within", "min_sample", "min_time"))
        if shape and "event" not in shape:
            self.reading.fail("X102", path, _("`{key}` is missing").format(key="event"))
        return Winner(
            event=event_name(self.reading, shape["event"], (*path, "event")) if "event" in shape else "",
            within=self.reading.duration(shape.get("within", "7d"), (*path, "within")),
            min_sample=self.reading.count(shape.get("min_sample", 1000), (*path, "min_sample"), "min_sample"),
            min_time=self.reading.duration(shape.get("min_time", "72h"), (*path, "min_time")),
        )

    def _variant(self, name: str, raw: Any, path: Path) -> Variant:
        shape = self.reading.mapping(raw, path, name)
        self.reading.keys(shape, path, ("weight", "steps"))
        weight = shape.get("weight")
        if isinstance(weight, bool) or not isinstance(weight, int) or not 0 < weight <= 10_000:
            self.reading.fail("X124", (*path, "weight"), _("`weight` is a whole number from 1 on"))
            weight = 1
        return Variant(name=name, weight=weight, steps=self._below(shape, "steps", path))

    # ── waits and ends ─────────────────────────────────────────────────────────────────────────────────────────────

    def _wait(self, raw: Raw, path: Path) -> SopStep:
        self.reading.keys(raw, path, ("wait",))
        return Wait(duration=self.reading.duration(raw["wait"], (*path, "wait")), line=self.reading.line(path))

    def _wait_for(self, raw: Raw, path: Path) -> SopStep:
        self.reading.keys(raw, path, ("wait_for", "then", "timeout"))
        shape = self.reading.mapping(raw["wait_for"], (*path, "wait_for"), "wait_for")
        path_of = (*path, "wait_for")
        self.reading.keys(shape, path_of, ("event", "within", "where"))
        for key in ("event", "within"):
            if shape and key not in shape:
                self.reading.fail("X102", path_of, _("`{key}` is missing").format(key=key))
        return WaitFor(
            event=event_name(self.reading, shape["event"], (*path_of, "event")) if "event" in shape else "",
            within=self.reading.duration(shape.get("within", "1h"), (*path_of, "within")),
            where=parse_condition(self.reading, shape["where"], (*path_of, "where")) if "where" in shape else ALWAYS,
            then=self._below(raw, "then", path),
            timeout=self._below(raw, "timeout", path),
            line=self.reading.line(path),
        )

    def _goal(self, raw: Raw, path: Path) -> SopStep:
        self.reading.keys(raw, path, ("goal",))
        if raw["goal"] is not True:
            self.reading.fail("X103", (*path, "goal"), _("a goal step is written `goal: true`"))
        return Goal(line=self.reading.line(path))

    def _exit(self, raw: Raw, path: Path) -> SopStep:
        self.reading.keys(raw, path, ("exit",))
        if raw["exit"] is True:
            return Exit(line=self.reading.line(path))
        return Exit(reason=self.reading.text(raw["exit"], (*path, "exit"), "exit"), line=self.reading.line(path))
