"""An SOP as values: what a file means once it has been read. Everything is frozen."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Literal

from pydantic import BaseModel

from bot.model.ids import SopName
from bot.sop.conditions import ALWAYS, Condition
from bot.sop.scope import Subject

Position = tuple[int | str, ...]
"""Where a step stands: `(3, "then", 0)` is the first step of the `then` of the fourth step."""


@dataclass(frozen=True, kw_only=True)
class _Step:
    line: int = 0

    @property
    def name(self) -> str:
        return type(self).__name__.lower()

    @property
    def blocks(self) -> "Mapping[str, Block]":
        """The steps below this one, by the name of the way there."""
        return {}


@dataclass(frozen=True, kw_only=True)
class Do(_Step):
    """One action."""

    action: str
    params: BaseModel

    @property
    def name(self) -> str:
        return self.action


@dataclass(frozen=True, kw_only=True)
class If(_Step):
    """Go one way when a condition holds, the other way when not."""

    condition: Condition
    then: "Block" = ()
    otherwise: "Block" = ()

    @property
    def blocks(self) -> "Mapping[str, Block]":
        return {"then": self.then, "else": self.otherwise}


@dataclass(frozen=True, kw_only=True)
class Case:
    name: str
    condition: Condition
    steps: "Block"


@dataclass(frozen=True, kw_only=True)
class Branch(_Step):
    """Go the first way whose condition holds; the default is compulsory."""

    cases: tuple[Case, ...]
    default: "Block" = ()

    @property
    def blocks(self) -> "Mapping[str, Block]":
        return {case.name: case.steps for case in self.cases} | {"default": self.default}


@dataclass(frozen=True, kw_only=True)
class Variant:
    name: str
    weight: int
    steps: "Block"


@dataclass(frozen=True, kw_only=True)
class Split(_Step):
    """Divide subjects by weight; the same subject always goes the same way."""

    variants: tuple[Variant, ...]

    @property
    def blocks(self) -> "Mapping[str, Block]":
        return {variant.name: variant.steps for variant in self.variants}


@dataclass(frozen=True, kw_only=True)
class Wait(_Step):
    """Go on after a duration."""

    duration: timedelta


@dataclass(frozen=True, kw_only=True)
class WaitUntil(_Step):
    """Go on at the next moment that fits: a time of day, certain weekdays, outside quiet hours, or a date."""

    clock: time | None = None
    weekdays: frozenset[int] = frozenset()
    quiet: tuple[time, time] | None = None
    moment: datetime | None = None

    @property
    def name(self) -> str:
        return "wait_until"


@dataclass(frozen=True, kw_only=True)
class WaitFor(_Step):
    """Go on when an event happens to the subject, or another way when it does not happen in time.

    The event that was heard is the run's event from there on.
    """

    event: str
    within: timedelta
    where: Condition = ALWAYS
    then: "Block" = ()
    timeout: "Block" = ()

    @property
    def name(self) -> str:
        return "wait_for"

    @property
    def blocks(self) -> "Mapping[str, Block]":
        return {"then": self.then, "timeout": self.timeout}


@dataclass(frozen=True, kw_only=True)
class Goal(_Step):
    """The run has reached what it was for, and ends."""


@dataclass(frozen=True, kw_only=True)
class Exit(_Step):
    """End the run, with a reason."""

    reason: str = ""


SopStep = Do | If | Branch | Split | Wait | WaitUntil | WaitFor | Goal | Exit
Block = tuple[SopStep, ...]


@dataclass(frozen=True)
class Trigger:
    """What starts runs: an event by name, or a schedule."""

    name: str
    cron: str = ""
    interval: timedelta | None = None
    moment: datetime | None = None

    @property
    def is_schedule(self) -> bool:
        return self.name == "date"


@dataclass(frozen=True)
class Reentry:
    """Whether a subject may come again: never, always, or a duration after its last run began."""

    rule: Literal["never", "always", "after"] = "always"
    after: timedelta | None = None


@dataclass(frozen=True)
class RunGoal:
    """The event that a run is for, when it happens within a duration of the start."""

    event: str
    within: timedelta


@dataclass(frozen=True, kw_only=True)
class Sop:
    """One version of one SOP; `digest` is the hash of its text, `source` the text."""

    name: SopName
    title: str
    subject: Subject
    trigger: Trigger
    steps: Block
    digest: str
    source: str
    path: str = ""
    when: Condition = ALWAYS
    priority: int = 50
    mutex: str = ""
    reentry: Reentry = field(default_factory=Reentry)
    rollout_percent: float = 100.0
    holdout_percent: float = 0.0
    goal: RunGoal | None = None


def step_at(sop: Sop, position: Position) -> SopStep:
    """The step at a position; `LookupError` when there is none."""
    return block_at(sop, position[:-1])[_index(position[-1])]


def block_at(sop: Sop, way: Position) -> Block:
    """The block that a way of (index, name, index, name …) leads to."""
    block = sop.steps
    for index, name in zip(way[::2], way[1::2], strict=True):
        block = block[_index(index)].blocks[str(name)]
    return block


def _index(part: int | str) -> int:
    if not isinstance(part, int):
        raise LookupError(f"{part!r} is not the number of a step")
    return part


def walk(block: Block, way: Position = ()) -> Iterator[tuple[Position, SopStep]]:
    """Every step of a block and below it, with its position."""
    for index, step in enumerate(block):
        position = (*way, index)
        yield position, step
        for name, below in step.blocks.items():
            yield from walk(below, (*position, name))


def spelled(position: Position) -> str:
    """A position as people read it: 3.then.0"""
    return ".".join(str(part) for part in position)
