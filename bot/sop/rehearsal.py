"""A rehearsal: the real runner on a clock that is moved, in a database of its own. Calls are answered, never sent.

Whatever the runner sets, records and plans comes back at its own moment, as the scheduler, the workers and the outbox
would bring it. Simulation invents what happens, replay and plan take it from what was recorded.
"""

import heapq
import itertools
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from sqlmodel import Session

from bot.model.calls import Call
from bot.model.events import CallFinished, Event, ScheduleDue, TimerDue
from bot.model.ids import CallId, TraceId
from bot.sop import followups, lifecycle, membership, runner
from bot.sop.calendar import next_fire
from bot.sop.conditions import leaves
from bot.sop.history import History, Unwritten
from bot.sop.invented import conditions_of
from bot.sop.library import Library, schedules
from bot.sop.lifecycle import Stages
from bot.sop.schema import Do, Sop, walk
from bot.sop.triggers import names_of
from bot.storage.database import Database
from bot.storage.ledger import outbox
from bot.storage.ledger.timers import Timer
from bot.storage.work import Work

CHUNK = 400
"""Moments a transaction: enough that its commit does not count."""

Act = Callable[[Work], object]
FIRST, LAST = -1, sys.maxsize
"""Turns among those of a moment, before and after all that were recorded."""


class Limits(Protocol):
    """The platforms' limits; see `bot.platforms.limits`."""

    def until(self, platform: str, endpoint: str, body: dict[str, Any], now: datetime) -> datetime | None: ...


@dataclass(frozen=True)
class Sent:
    """A call that would have left, with the runs and steps that wanted it."""

    at: datetime
    planned_at: datetime
    call: Call

    @property
    def steps(self) -> list[list[Any]]:
        return list(self.call.note.get("steps", []))


def through(limits: Limits, sent: Iterable[Sent]) -> Iterator[Sent]:
    """The same calls, each at the moment when the limits let it leave."""
    queue = [(one.at, number, one) for number, one in enumerate(sent)]
    heapq.heapify(queue)
    while queue:
        at, number, one = heapq.heappop(queue)
        until = limits.until(one.call.platform, one.call.endpoint, one.call.body, at)
        if until is None:
            yield replace(one, at=at)
        else:
            heapq.heappush(queue, (until, number, one))


def alone(library: Library, sop: Sop) -> Library:
    """A library in which nothing but an SOP and those that it starts has anything to say.

    Of the segments those are kept that its conditions ask about.
    """
    sops = {one.name: one for one in [*_started_by(library, sop), sop]}
    asked = {name for one in sops.values() for name in _segments_asked(one)}
    segments = {name: one for name, one in library.segments.items() if name in asked}
    return at_rest(replace(library, sops=sops, versions={}, segments=segments))


def at_rest(library: Library) -> Library:
    """Without the stages of life, where nothing asks for them: moving people costs a question an event."""
    segments = [leaf for one in library.segments.values() for leaf in leaves(one.who)]
    asked = itertools.chain(segments, *(conditions_of(sop) for sop in library))
    return library if any(leaf.filter.name == lifecycle.OWN for leaf in asked) else replace(library, stages=Stages())


def _segments_asked(sop: Sop) -> Iterator[str]:
    for leaf in conditions_of(sop):
        if leaf.filter.name.startswith("segment."):
            yield from map(str, (operand for test in leaf.tests for operand in _listed(test.operand)))
            yield from map(str, leaf.params.values())


def _listed(operand: Any) -> tuple[Any, ...]:
    return operand if isinstance(operand, tuple) else (operand,)


def _started_by(library: Library, sop: Sop) -> Iterator[Sop]:
    for _position, step in walk(sop.steps):
        target = getattr(step.params, "sop", None) if isinstance(step, Do) else None
        found = library.find(target) if isinstance(target, str) else None
        if found is not None:
            yield found


@dataclass
class Rehearsal:
    """What is to come, and what would have been sent so far."""

    database: Database
    library: Library
    now: datetime
    history: History = field(default_factory=Unwritten)
    is_echoing: bool = True
    """Whether events that come of what SOPs do are heard; a replay has them on record."""
    sent: list[Sent] = field(default_factory=list)
    _agenda: list[tuple[datetime, int, int, Act, str, str]] = field(default_factory=list)
    _cancelled: set[str] = field(default_factory=set)
    _order: "itertools.count[int]" = field(default_factory=itertools.count)

    def at(self, moment: datetime, act: Act, *, turn: int = LAST, trace_id: str = "") -> None:
        """Have something done at a moment, in a unit of work of its own."""
        number = next(self._order)
        heapq.heappush(self._agenda, (moment, turn, number, act, f"rehearsal:{number}", trace_id))

    def set_schedules(self, until: datetime) -> None:
        """Put every date that the SOPs have until then on the agenda."""
        for sop, trigger in schedules(self.library):
            moment = self.now
            while (fire := next_fire(trigger, moment, self.library.around.zone)) is not None and fire <= until:
                self.at(fire, self._due(ScheduleDue(at=fire, sop=sop.name)))
                moment = fire

    def _due(self, event: ScheduleDue) -> Act:
        return lambda work: runner.on_schedule(work, self.library, event)

    def run(self, until: datetime) -> None:
        """Do what comes until then, each thing at its own moment."""
        while self._agenda and self._agenda[0][0] <= until:
            self.database.run_here(lambda session: self._chunk(session, until))
        self.now = max(self.now, until)

    def _chunk(self, session: Session, until: datetime) -> None:
        for moment, act, origin, trace_id in itertools.islice(self._coming(until), CHUNK):
            self.now = max(self.now, moment)
            work = _Rehearsed(session, self.now, TraceId(trace_id), origin, rehearsal=self)
            self.history.restore(work)
            act(work)
            membership.follow(work, self.library)

    def _coming(self, until: datetime) -> Iterator[tuple[datetime, Act, str, str]]:
        while self._agenda and self._agenda[0][0] <= until:
            moment, _turn, _number, act, origin, trace_id = heapq.heappop(self._agenda)
            yield moment, act, origin, trace_id

    # ── what the runner leaves for later ───────────────────────────────────────────────────────────────────────────

    def take_timer(self, work: Work, timer: Timer) -> None:
        event = TimerDue(at=timer.due_at, name=timer.name, about=timer.about or {}, subject=timer.subject)

        def due(work: Work) -> None:
            if timer.key in self._cancelled:
                self._cancelled.discard(timer.key)
            elif timer.name in followups.NAMES:
                runner.on_timer(work, self.library, event)

        self._when_fired(work, event, due)

    def _when_fired(self, work: Work, event: TimerDue, act: Act) -> None:
        at, turn = self.history.fired(work.session, event) or (event.at, LAST)
        self.at(at, act, turn=turn, trace_id=work.trace_id)

    def cancel(self, key: str) -> None:
        self._cancelled.add(key)

    def take_event(self, work: Work, event: Event) -> None:
        if isinstance(event, TimerDue):
            self._when_fired(work, event, lambda later: runner.on_timer(later, self.library, event))
        elif self.is_echoing:
            self.at(self.now, lambda later: self._echo(later, event), trace_id=work.trace_id)

    def _echo(self, work: Work, event: Event) -> None:
        """An event of our own says by itself whom it is about."""
        runner.on_event(
            work,
            self.library,
            event,
            contact_id=getattr(event, "contact_id", None),
            chat_id=getattr(event, "chat_id", None),
            user_id=getattr(event, "user_id", None),
            triggers=names_of(event),
        )

    def take_call(self, call: Call, planned_at: datetime, trace_id: str) -> None:
        leaves_at = max(call.after or planned_at, planned_at)
        self.at(leaves_at, lambda work: self._leave(work, call, planned_at), trace_id=trace_id)

    def _leave(self, work: Work, call: Call, planned_at: datetime) -> None:
        """The call leaves, as it reads by then."""
        if not _still_leaves(work.session, call):
            return
        self.sent.append(Sent(work.now, planned_at, call))
        if "steps" not in call.note:
            return
        end = self.history.end_of(work.session, call)
        if end is None:
            return
        at, turn = end.fired or (work.now, LAST)
        finished = CallFinished(
            at=at, call_id=CallId(0), endpoint=call.endpoint, outcome=end.outcome, body=call.body, note=call.note
        )
        if end.fired is None:
            runner.on_call_finished(work, finished)
        else:
            self.at(at, lambda later: runner.on_call_finished(later, finished), turn=turn, trace_id=work.trace_id)


def _still_leaves(session: Session, call: Call) -> bool:
    """A call that was held back may have been cancelled since, or written again: then it reads as its row does."""
    if call.after is None or call.key is None:
        return True
    row = outbox.find(session, call.key)
    if row is None or row.state != "planned":
        return False
    row.state = "sent"
    for told, written in ((call.body, row.body), (call.note, row.note)):
        told.clear()
        told.update(written)
    return True


@dataclass
class _Rehearsed(Work):
    """A unit of work whose timers, events and calls come back to the rehearsal."""

    rehearsal: Rehearsal = field(kw_only=True)

    def plan(self, call: Call) -> bool:
        is_new = super().plan(call)
        if is_new:
            self.rehearsal.take_call(call, self.now, self.trace_id)
        return is_new

    def set_timer(self, timer: Timer) -> bool:
        is_new = super().set_timer(timer)
        if is_new:
            self.rehearsal.take_timer(self, timer)
        return is_new

    def cancel_timer(self, key: str) -> bool:
        was_waiting = super().cancel_timer(key)
        if was_waiting:
            self.rehearsal.cancel(key)
        return was_waiting

    def record(self, event: Event, key: str | None = None) -> None:
        super().record(event, key)
        self.rehearsal.take_event(self, event)
