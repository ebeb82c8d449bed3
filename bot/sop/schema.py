"""An SOP as values: what a file means once it has been read. Everything is frozen."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import cached_property
from typing import Literal

from pydantic import BaseModel

from bot.model.ids import SopName
from bot.sop.conditions import ALWAYS, Condition
from bot.sop.scope import Subject

Purpose = Literal["marketing", "service"]
"""Service is what the contact asked for, such as the way of an order: it needs no consent and knows no caps."""
PURPOSES: tuple[Purpose, ...] = ("marketing", "service")

Position = tuple[int | str, ...]
"""Where a step stands: `(3, "then", 0)` is the first step of the `then` of the fourth step."""


@dataclass(frozen=True, kw_only=True)
class _Step:
    """`id` is the name by which later steps speak of this one."""

    line: int = 0
    id: str = ""

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
class BranchEvent(_Step):
    """Go one way when an event has happened since the run began, or since an earlier step; the other way when not."""

    event: str
    since: str = ""
    then: "Block" = ()
    otherwise: "Block" = ()

    @property
    def name(self) -> str:
        return "branch_event"

    @property
    def blocks(self) -> "Mapping[str, Block]":
        return {"then": self.then, "else": self.otherwise}


RESULTS = ("clicked", "unconfirmed", "sent", "pending", "failed", "suppressed")
"""What can have become of an earlier step; the first that fits and has a way is taken."""


@dataclass(frozen=True, kw_only=True)
class BranchResult(_Step):
    """Go by what became of an earlier step: clicked, unconfirmed, sent, pending, failed or suppressed."""

    of: str
    ways: "Mapping[str, Block]"
    default: "Block" = ()

    @property
    def name(self) -> str:
        return "branch_result"

    @property
    def blocks(self) -> "Mapping[str, Block]":
        return {**self.ways, "default": self.default}


@dataclass(frozen=True, kw_only=True)
class Winner:
    """How a split finds its best variant: by an event within a time, from enough subjects and days on.

    It may be looked at as often as one likes: a false winner is declared at most 5 times in 100.
    """

    event: str
    within: timedelta = timedelta(days=7)
    min_sample: int = 1000
    min_time: timedelta = timedelta(hours=72)


@dataclass(frozen=True, kw_only=True)
class Variant:
    name: str
    weight: int
    steps: "Block"


@dataclass(frozen=True, kw_only=True)
class Split(_Step):
    """Divide subjects by weight; the same subject always goes the same way."""

    variants: tuple[Variant, ...]
    winner: Winner | None = None

    @property
    def blocks(self) -> "Mapping[str, Block]":
        return {variant.name: variant.steps for variant in self.variants}


@dataclass(frozen=True, kw_only=True)
class Wait(_Step):
    """Go on after a duration."""

    duration: timedelta


@dataclass(frozen=True, kw_only=True)
class WaitUntil(_Step):
    """Go on at the next moment that fits: a time of day, weekdays or workdays, outside quiet hours, or a date."""

    clock: time | None = None
    weekdays: frozenset[int] = frozenset()
    workdays: bool = False
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


SopStep = Do | If | Branch | BranchEvent | BranchResult | Split | Wait | WaitUntil | WaitFor | Goal | Exit
Block = tuple[SopStep, ...]


METRICS: Mapping[str, tuple[Subject, ...]] = {
    "silence": ("contact", "group", "staff"),
    "flood": ("contact", "group"),
    "overdue": ("staff",),
    "drop": ("group",),
}
"""Figures that are watched, and whose they are."""


@dataclass(frozen=True)
class Metric:
    """A figure and its line: silence and overdue by a duration, flood by messages within a time, drop by percent."""

    name: str
    duration: timedelta = timedelta()
    count: int = 0
    within: timedelta = timedelta(minutes=10)
    percent: float = 0.0

    @property
    def line(self) -> str:
        """The same for the same line, whichever SOP asks."""
        above = {"flood": f"{self.count}/{self.within}", "drop": f"{self.percent}%"}
        return f"{self.name}>{above.get(self.name, self.duration)}"

    @property
    def is_polled(self) -> bool:
        """Whether it is looked for by the clock; a flood is seen as it comes."""
        return self.name != "flood"


SCHEDULES = ("date", "birthday", "lunar_birthday", "anniversary", "festival", "solar_term")
"""Triggers that are moments, not events."""


@dataclass(frozen=True)
class Trigger:
    """What starts runs: an event by name, a segment, or a schedule.

    A festival or solar term fires at `clock` on the day `offset` away; `workdays` leaves out days nobody works.
    """

    name: str
    cron: str = ""
    interval: timedelta | None = None
    moment: datetime | None = None
    festival: str = ""
    solar_term: str = ""
    offset: timedelta = timedelta()
    clock: time = time(9)
    workdays: bool = False
    segment: str = ""
    metric: Metric | None = None

    @property
    def is_schedule(self) -> bool:
        return self.name in SCHEDULES or (self.metric is not None and self.metric.is_polled)

    @property
    def heard_as(self) -> str:
        """The name of the events that begin a run."""
        of = self.metric.line if self.metric else self.segment
        return f"{self.name}:{of}" if of else self.name


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


@dataclass(frozen=True)
class RunExit:
    """An event at which a run is over, whatever it waits for, if `where` holds then."""

    event: str
    where: Condition = ALWAYS


@dataclass(frozen=True)
class StopLoss:
    """When a rollout has to stop: a share of the runs, of at least `minimum`, met with an event within a time."""

    event: str
    above_percent: float
    minimum: int = 200
    within: timedelta = timedelta(days=7)


@dataclass(frozen=True)
class RolloutPlan:
    """Let an SOP out to a share of its subjects, and to more of them stage by stage while nothing speaks against it."""

    stages: tuple[float, ...] = (100.0,)
    every: timedelta = timedelta(hours=24)
    stop_loss: StopLoss | None = None

    @property
    def is_watched(self) -> bool:
        return len(self.stages) > 1 or self.stop_loss is not None


@dataclass(frozen=True)
class Cap:
    """At most `count` messages within a time, by one channel, or by all when `channel` is empty."""

    count: int
    per: timedelta
    channel: str = ""


@dataclass(frozen=True, kw_only=True)
class Sop:
    """One version of one SOP; `digest` is the hash of its text, `source` the text.

    `same_content` is how long the same words are not said again; None is what the settings say.
    """

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
    rollout: RolloutPlan = field(default_factory=RolloutPlan)
    caps: tuple[Cap, ...] = ()
    same_content: timedelta | None = None
    purpose: Purpose = "marketing"
    holdout_percent: float = 0.0
    goal: RunGoal | None = None
    exits: tuple[RunExit, ...] = ()
    deadline: timedelta | None = None

    @cached_property
    def named(self) -> "Mapping[str, str]":
        """Where the steps are that have an id, spelled."""
        return {step.id: spelled(position) for position, step in walk(self.steps) if step.id}


def step_at(sop: Sop, position: Position) -> SopStep:
    """The step at a position; `LookupError` when there is none."""
    return block_at(sop, position[:-1])[_index(position[-1])]


def position_of(sop: Sop, id: str) -> Position:
    """Where the step with an id stands; `LookupError` when there is none."""
    for position, step in walk(sop.steps):
        if step.id == id:
            return position
    raise LookupError(f"no step is called {id!r}")


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


def before_waits(block: Block) -> Iterator[Do]:
    """The actions that are done before anything is waited for, on whichever way."""
    for step in block:
        if isinstance(step, Wait | WaitUntil | WaitFor | Exit | Goal):
            return
        if isinstance(step, Do):
            yield step
        for below in step.blocks.values():
            yield from before_waits(below)


def spelled(position: Position) -> str:
    """A position as people read it: 3.then.0"""
    return ".".join(str(part) for part in position)
