"""Replay: a draft over the events that were recorded, without sending, against what really happened.

The people are copied as they are now; what came later than the moment the replay begins is taken out of the copy and
put back in its turn. What was found at the time was written down, and wins over what stands there today.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from sqlmodel import Session

from bot.model.events import Event, ScheduleDue, TimerDue
from bot.model.tables import Run
from bot.sop import past as history
from bot.sop import runner
from bot.sop.calendar import next_fire
from bot.sop.decisions import Decision, decisions
from bot.sop.library import Library
from bot.sop.past import Past
from bot.sop.publish import publish
from bot.sop.rehearsal import FIRST, LAST, Act, Rehearsal, Sent, at_rest
from bot.sop.retold import Retold
from bot.sop.schema import Sop
from bot.storage.database import Database
from bot.storage.ledger import payloads
from bot.storage.queries import rehearsals as rows
from bot.storage.queries import rewinding, sops
from bot.storage.queries.rewinding import Undone
from bot.storage.scratch import scratch
from bot.storage.work import Work

Hear = Callable[[Work, Library, Event], None]
"""Brings an event to the SOPs, as the handlers do."""


@dataclass(frozen=True)
class Replayed:
    """What the draft would have decided, beside what was decided."""

    sop: str
    digest: str
    since: datetime
    until: datetime
    events: int
    was: Sequence[Decision]
    would: Sequence[Decision]
    sent: Sequence[Sent] = ()

    @property
    def same(self) -> int:
        return (Counter(self.was) & Counter(self.would)).total()

    @property
    def only_was(self) -> list[Decision]:
        """What was decided, and would not be by the draft."""
        return sorted((Counter(self.was) - Counter(self.would)).elements())

    @property
    def only_would(self) -> list[Decision]:
        return sorted((Counter(self.would) - Counter(self.was)).elements())


def replay(
    source: Session,
    library: Library,
    draft: Sop,
    hear: Hear,
    *,
    since: datetime,
    until: datetime,
) -> Replayed:
    """Walk `draft` over what was recorded between two moments; `library` is what is in force beside it.

    `source` is only read.
    """
    trial = at_rest(replace(library, sops={**library.sops, draft.name: draft}, versions={}))
    with scratch() as database:
        past = _copied(source, database, trial, draft, since)
        looking_back = replace(trial, evidence=past.evidence)
        database.run_here(lambda session: publish(Work(session, since, "", ""), trial))  # type: ignore[arg-type]
        rehearsal = Rehearsal(database, looking_back, since, history=past, is_echoing=False)
        for one in _agenda(past, looking_back, draft, hear, until):
            rehearsal.at(one.at, one.act, turn=one.turn, trace_id=one.trace_id)
        rehearsal.run(until)
        would = database.run_here(lambda session: decisions(session, draft.name, since))
    events = sum(row.kind not in history.OURS for row in past.records.events)
    return Replayed(draft.name, draft.digest, since, until, events, past.decisions, would, tuple(rehearsal.sent))


def _copied(source: Session, database: Database, library: Library, draft: Sop, since: datetime) -> Past:
    past = history.read(source, library, draft, since)

    def fill(target: Session) -> Past:
        rows.copy(source, target)
        relations = rewinding.take_out_relations(target, since, past.began)
        rewinding.take_back_followers(target, since, past.followed)
        undone = rewinding.rewind(target, since, rows.last_dates(source, since))
        return replace(past, undone=undone, retold=Retold(relations))

    return database.run_here(fill)


class _Planned(NamedTuple):
    """An act of the agenda, and its turn among those of the same moment."""

    at: datetime
    act: Act
    turn: int = LAST
    trace_id: str = ""


def _agenda(past: Past, library: Library, draft: Sop, hear: Hear, until: datetime) -> Iterator[_Planned]:
    """What is to happen: rows that come back first, so that an event finds what its handlers had written."""
    for one in past.undone:
        if f"sop:{draft.name}" not in (one.values.get("rule"), one.values.get("reason")):
            yield _Planned(one.at, _bring_back(one), FIRST)
    for row, fired in past.records.handled():
        if row.kind not in history.OURS:
            act = _again(past, library, hear, payloads.read_event(row.kind, row.payload))
            yield _Planned(fired.at, act, fired.turn, row.trace_id)
    for row, fired, greeting in past.greetings():
        yield _Planned(fired.at, partial(past.retold.tell, event=greeting), fired.turn, row.trace_id)
    for row, fired, event in past.left_over():
        yield _Planned(fired.at, _go_on(library, event), fired.turn, row.trace_id)
    for at, run in past.stopped():
        yield _Planned(at, partial(_stop, run=run))
    for fire in _unseen(past, library, draft, until):
        yield _Planned(fire, _again(past, library, hear, ScheduleDue(at=fire, sop=draft.name)))


def _unseen(past: Past, library: Library, draft: Sop, until: datetime) -> Iterator[datetime]:
    """The dates of a draft that came for no version before it. Those of the version in force are all on record."""
    version = past.records.in_force.get(draft.name)
    if version is not None and version.digest == draft.digest:
        return
    dates = past.records.handled(ScheduleDue.kind)
    seen = {row.event_at for row, _fired in dates if row.payload["sop"] == draft.name}
    for fire in _fires(draft, library, past.records.since, until):
        if fire not in seen:
            yield fire


def _fires(sop: Sop, library: Library, since: datetime, until: datetime) -> Iterator[datetime]:
    moment = since - timedelta(microseconds=1)
    while sop.trigger.is_schedule and (fire := next_fire(sop.trigger, moment, library.around.zone)) is not None:
        if fire > until:
            return
        yield fire
        moment = fire


def _bring_back(one: Undone) -> Act:
    return lambda work: rewinding.bring_back(work.session, one)


def _again(past: Past, library: Library, hear: Hear, event: Event) -> Act:
    def act(work: Work) -> None:
        past.retold.tell(work, event)
        hear(work, library, event)

    return act


def _stop(work: Work, *, run: Run) -> None:
    sops.end_runs(work.session, run.subject, run.sop, run.reason, work.now)


def _go_on(library: Library, event: TimerDue) -> Act:
    return lambda work: runner.on_timer(work, library, event)
