"""The engine: what a run does next. Pure: it reads no clock, no database and no network.

`advance` takes a run as far as it gets without help: it decides ifs, branches and splits itself, and stops where an
action has to be done, a wait begins, or the run ends.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.sop.calendar import in_zone
from bot.sop.conditions import Condition
from bot.sop.schema import (
    Branch,
    Do,
    Exit,
    Goal,
    If,
    Position,
    Sop,
    Split,
    Wait,
    WaitFor,
    WaitUntil,
    block_at,
    spelled,
    step_at,
)
from bot.sop.scope import Judgement

Judge = Callable[[Condition], Judgement]


@dataclass(frozen=True)
class Elapsed:
    """The time that was waited for has come."""


@dataclass(frozen=True)
class Heard:
    """An event that was waited for has happened; conditions are now asked about it."""

    name: str


News = Elapsed | Heard


@dataclass(frozen=True)
class Taken:
    """A step that was decided: what it came to, and why."""

    position: Position
    name: str
    outcome: str
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class _Outcome:
    taken: Sequence[Taken] = ()


@dataclass(frozen=True, kw_only=True)
class Perform(_Outcome):
    """Do an action; the run goes on at `then`, or is done when there is nothing after it."""

    step: Do
    position: Position
    then: Position | None


@dataclass(frozen=True, kw_only=True)
class Pause(_Outcome):
    """Wait at `position` until a moment, or until `event` happens before that."""

    position: Position
    until: datetime
    name: str
    event: str = ""


@dataclass(frozen=True, kw_only=True)
class Ended(_Outcome):
    """The run is over. `reason` is empty when it simply came to its end."""

    reason: str = ""
    reached_goal: bool = False
    exited: bool = False


Outcome = Perform | Pause | Ended


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What the engine is told of the world: the time, whose run it is, and how to ask about conditions."""

    now: datetime
    zone: ZoneInfo
    subject: str
    judge: Judge


def advance(sop: Sop, position: Position | None, moment: Moment, news: News | None = None) -> Outcome | None:
    """Take a run from `position` to where it stops next.

    With `news`, the step at `position` is a wait that has ended. None when the news is not what it waited for.
    """
    taken: list[Taken] = []
    if news is not None and position is not None:
        woken = _wake(sop, position, moment, news)
        if woken is None:
            return None
        position = _follow(sop, position, woken, taken)
    while position is not None:
        step = step_at(sop, position)
        match step:
            case Do():
                return Perform(step=step, position=position, then=after(sop, position), taken=taken)
            case Wait(duration=duration):
                return Pause(position=position, until=moment.now + duration, name=step.name, taken=taken)
            case WaitUntil():
                until = next_fit(step, moment.now, moment.zone)
                if until > moment.now:
                    return Pause(position=position, until=until, name=step.name, taken=taken)
                decided = Taken(position, step.name, "passed")
            case WaitFor(event=event, within=within):
                until = moment.now + within
                return Pause(position=position, until=until, name=step.name, event=event, taken=taken)
            case Goal():
                taken.append(Taken(position, step.name, "reached"))
                return Ended(reason="goal", reached_goal=True, taken=taken)
            case Exit(reason=reason):
                taken.append(Taken(position, step.name, "exited", {"reason": reason} if reason else {}))
                return Ended(reason=reason or "exit", exited=True, taken=taken)
            case _:
                decided = _decide(sop, step, position, moment)
        position = _follow(sop, position, decided, taken)
    return Ended(taken=taken)


def _decide(sop: Sop, step: If | Branch | Split, position: Position, moment: Moment) -> Taken:
    match step:
        case If(condition=condition):
            judgement = moment.judge(condition)
            detail = {"verdicts": judgement.as_list()}
            return Taken(position, step.name, "then" if judgement.passed else "else", detail)
        case Branch(cases=cases):
            asked = []
            for case in cases:
                judgement = moment.judge(case.condition)
                asked += judgement.as_list()
                if judgement.passed:
                    return Taken(position, step.name, case.name, {"verdicts": asked})
            return Taken(position, step.name, "default", {"verdicts": asked})
        case Split():
            share = share_of(moment.subject, f"{sop.name}:{spelled(position)}")
            return Taken(position, step.name, variant_for(step, share), {"share": round(share, 4)})


def _wake(sop: Sop, position: Position, moment: Moment, news: News) -> Taken | None:
    step = step_at(sop, position)
    match step, news:
        case WaitFor(event=event, where=where), Heard(name=name) if name == event:
            judgement = moment.judge(where)
            return Taken(position, step.name, "then", {"heard": name}) if judgement.passed else None
        case WaitFor(), Elapsed():
            return Taken(position, step.name, "timeout")
        case ((Wait() | WaitUntil()), Elapsed()):
            return Taken(position, step.name, "passed")
        case _:
            return None


def _follow(sop: Sop, position: Position, decided: Taken, taken: list[Taken]) -> Position | None:
    """Where a decided step leads: into the block that its outcome names, or on."""
    taken.append(decided)
    if step_at(sop, position).blocks.get(decided.outcome):
        return (*position, decided.outcome, 0)
    return after(sop, position)


def start_of(sop: Sop) -> Position | None:
    return (0,) if sop.steps else None


def after(sop: Sop, position: Position) -> Position | None:
    """The step that follows, also after the last one of a block; None at the end."""
    while position:
        *way, index = position
        following = int(index) + 1
        if following < len(block_at(sop, tuple(way))):
            return (*way, following)
        position = tuple(way[:-1])
    return None


# ── shares ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def share_of(subject: str, salt: str) -> float:
    """A number from 0 to under 1 that is always the same for a subject and a salt, and even over subjects."""
    digest = hashlib.sha256(f"{salt}|{subject}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def variant_for(split: Split, share: float) -> str:
    """The variant whose part of the line from 0 to 1 holds `share`."""
    total, reached = sum(variant.weight for variant in split.variants), 0
    for variant in split.variants:
        reached += variant.weight
        if share * total < reached:
            return variant.name
    return split.variants[-1].name


# ── waiting for a moment ───────────────────────────────────────────────────────────────────────────────────────────

_DAY = timedelta(days=1)


def next_fit(step: WaitUntil, now: datetime, zone: ZoneInfo) -> datetime:
    """The first moment from `now` on that fits the step; `now` itself when it does."""
    if step.moment is not None:
        return max(now, in_zone(step.moment, zone))
    fit = now
    if step.clock is not None or step.weekdays:
        fit = _next_clock(step, now, zone)
    return _past_quiet(step.quiet, fit, zone) if step.quiet else fit


def _next_clock(step: WaitUntil, now: datetime, zone: ZoneInfo) -> datetime:
    """The next of the days at the time of day; without one, a fitting day fits from midnight on."""
    local = now.astimezone(zone)
    for ahead in range(9):
        day = local.date() + _DAY * ahead
        if step.weekdays and day.weekday() not in step.weekdays:
            continue
        moment = _at(day, step.clock or time(), zone)
        if moment >= now:
            return moment
        if step.clock is None:
            return now
    raise AssertionError("some day of the next nine fits")


def _past_quiet(quiet: tuple[time, time], moment: datetime, zone: ZoneInfo) -> datetime:
    """The moment, or the end of the quiet hours it falls into; they may cross midnight."""
    start, end = quiet
    local = moment.astimezone(zone)
    clock = local.time()
    if not (start <= clock < end if start <= end else clock >= start or clock < end):
        return moment
    return _at(local.date() if clock < end else local.date() + _DAY, end, zone)


def _at(day: Any, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, zone).astimezone(UTC)
