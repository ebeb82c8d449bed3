"""The engine: what a run does next. Pure: it reads no clock, no database and no network.

`advance` takes a run as far as it gets without help: it decides ifs, branches and splits itself, and stops where an
action has to be done, a wait begins, or the run ends.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.sop.conditions import Condition
from bot.sop.moments import next_fit
from bot.sop.schema import (
    Branch,
    BranchEvent,
    BranchResult,
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
    position_of,
    spelled,
    step_at,
)
from bot.sop.scope import Judgement
from bot.sop.shares import share_of, variant_for

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
    """What the engine is told of the world: the time, whose run it is, and how to ask about it.

    `happened` says how often an event happened since a step of the run, or since its beginning. `results` says what
    became of a step, the most telling word first. `winner` is the variant that has won a split, if one has.
    """

    now: datetime
    zone: ZoneInfo
    subject: str
    judge: Judge
    happened: Callable[[str, Position | None], int] = lambda _event, _since: 0
    results: Callable[[Position], Sequence[str]] = lambda _position: ()
    winner: Callable[[Position], str] = lambda _position: ""


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


def _decide(
    sop: Sop, step: If | Branch | BranchEvent | BranchResult | Split, position: Position, moment: Moment
) -> Taken:
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
        case BranchEvent(event=event, since=since):
            begins = position_of(sop, since) if since else None
            count = moment.happened(event, begins)
            told = {"event": event, "count": count} | ({"since": spelled(begins)} if begins else {})
            return Taken(position, step.name, "then" if count else "else", told)
        case BranchResult(of=of, ways=ways):
            found = moment.results(position_of(sop, of))
            way = next((word for word in found if word in ways), "default")
            return Taken(position, step.name, way, {"of": of, "found": list(found)})
        case Split():
            return _split(sop, step, position, moment)


def _split(sop: Sop, split: Split, position: Position, moment: Moment) -> Taken:
    """The variant by share; once one has won, everybody gets that."""
    winner = moment.winner(position) if split.winner else ""
    if winner:
        return Taken(position, split.name, winner, {"winner": True})
    share = share_of(moment.subject, f"{sop.name}:{spelled(position)}")
    return Taken(position, split.name, variant_for(split, share), {"share": round(share, 4)})


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
