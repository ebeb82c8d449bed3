"""Replay: a draft over the events that were recorded, without sending, against what really happened.

The people are copied as they are now; what came later than the moment the replay begins is taken out of the copy and
put back in its turn. What a condition found at the time was written down, and wins over what stands there today.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.model.events import Event, ScheduleDue
from bot.model.tables import InboxRow
from bot.sop import past as history
from bot.sop import runner
from bot.sop.calendar import next_fire
from bot.sop.library import Library
from bot.sop.past import Decision, Past
from bot.sop.publish import publish
from bot.sop.rehearsal import Act, Rehearsal, Sent, at_rest
from bot.sop.schema import Sop
from bot.storage.database import Database
from bot.storage.ledger import payloads
from bot.storage.queries import rehearsals as rows
from bot.storage.queries import sops
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
        past = _copied(source, database, draft.name, since)
        database.run_here(lambda session: publish(Work(session, since, "", ""), trial))  # type: ignore[arg-type]
        rehearsal = Rehearsal(database, trial, since, answer=past.answer, is_echoing=False)
        for moment, act, trace_id in _agenda(past, trial, draft, hear, since, until):
            rehearsal.at(moment, act, trace_id=trace_id)
        rehearsal.run(until)
        would = database.run_here(lambda session: history.decisions(session, draft.name, since))
    return Replayed(
        draft.name, draft.digest, since, until, len(past.events), past.decisions, would, tuple(rehearsal.sent)
    )


def _copied(source: Session, database: Database, sop: str, since: datetime) -> Past:
    past = history.read(source, sop, since)

    def fill(target: Session) -> Past:
        rows.copy(source, target)
        return replace(past, undone=rows.rewind(target, since))

    return database.run_here(fill)


def _agenda(
    past: Past, library: Library, draft: Sop, hear: Hear, since: datetime, until: datetime
) -> Iterator[tuple[datetime, Act, str]]:
    """What is to happen: rows that come back first, so that an event finds what its handlers had written."""
    theirs = [
        one for one in past.undone if f"sop:{draft.name}" not in (one.values.get("rule"), one.values.get("reason"))
    ]
    for one in theirs:
        if not one.is_late:
            yield one.at, _bring_back(one), ""
    for row in past.events:
        if row.kind != ScheduleDue.kind or row.payload.get("sop") != draft.name:
            yield row.finished_at or row.event_at, _again(past, library, draft, hear, row), row.trace_id
    for one in theirs:
        if one.is_late:
            yield one.at, _bring_back(one), ""
    seen = dict(history.schedules_seen(past, draft.name))
    for fire in _fires(draft, library, since, until):
        known = seen.get(fire)
        at = known.finished_at if known and known.finished_at else fire
        yield at, _date(library, ScheduleDue(at=fire, sop=draft.name)), known.trace_id if known else ""


def _fires(sop: Sop, library: Library, since: datetime, until: datetime) -> Iterator[datetime]:
    moment = since - timedelta(microseconds=1)
    while sop.trigger.is_schedule and (fire := next_fire(sop.trigger, moment, library.around.zone)) is not None:
        if fire > until:
            return
        yield fire
        moment = fire


def _date(library: Library, event: ScheduleDue) -> Act:
    return lambda work: runner.on_schedule(work, library, event)


def _bring_back(one: rows.Undone) -> Act:
    return lambda work: rows.bring_back(work.session, one)


def _again(past: Past, library: Library, draft: Sop, hear: Hear, row: InboxRow) -> Act:
    asked = history.asked_by(draft)
    event = payloads.read_event(row.kind, row.payload)

    def act(work: Work) -> None:
        past.restore(work, row.trace_id, asked)
        paused = past.paused.get(row.trace_id, frozenset())
        for state in sops.states(work.session):
            state.paused = state.sop in paused
        hear(work, library, event)

    return act
