"""Turns what is due into events: timers, and the dates of SOPs.

A date becomes a timer of its own, unique on (SOP, moment): however many schedulers look, it comes once.
"""

from datetime import datetime

from bot import metrics
from bot.model.events import Event, ScheduleDue, TimerDue
from bot.model.ids import SopName, TraceId
from bot.model.lanes import Lane
from bot.model.tables import TimerRow
from bot.runtime.dispatcher import Knowledge
from bot.settings import Settings
from bot.sop.calendar import next_fire
from bot.sop.library import schedules
from bot.sop.schema import Trigger
from bot.storage.leases import Lease
from bot.storage.ledger import inbox, timers
from bot.storage.work import Store, Work

BATCH = 500
SCHEDULE = "schedule"


class Scheduler:
    """Looks at the clock for everyone."""

    topic = "timers"

    def __init__(self, store: Store, settings: Settings, knowledge: Knowledge, lease: Lease | None = None) -> None:
        self._store, self._settings, self._knowledge, self._lease = store, settings, knowledge, lease

    async def step(self) -> int:
        """Fire what is due, if this is the scheduler that leads; returns how many timers that were."""
        return await self._store.work(self._lead)

    async def fire(self) -> int:
        """Fire what is due, at most a batch, whoever leads: twice would be harmless."""
        return await self._store.work(self._fire)

    async def resign(self) -> None:
        """Let another scheduler go on at once."""
        if self._lease is not None:
            lease = self._lease
            await self._store.work(lambda work: lease.give_back(work.session))

    def _lead(self, work: Work) -> int:
        leads = self._lease is None or self._lease.take(work.session, work.now)
        metrics.LEADING.set(leads)
        return self._fire(work) if leads else 0

    def _fire(self, work: Work) -> int:
        due = timers.claim(work.session, work.now, BATCH)
        arrivals = [
            inbox.Arrival("timer", _event(row), f"timer:{row.id}", TraceId(row.trace_id or f"timer:{row.id}"))
            for row in due
        ]
        work.receive(arrivals)
        timers.fired(work.session, due, work.now)
        for row in due:
            if row.name == SCHEDULE:
                self._set_next(work, SopName(row.subject.removeprefix("sop:")), row)
        return len(due)

    async def plan(self) -> None:
        """Set the next date of every SOP that has one: at start, and whenever the library has changed."""
        await self._store.work(self._plan)

    def _plan(self, work: Work) -> None:
        for sop, trigger in schedules(self._knowledge.library):
            self._set(work, sop.name, trigger, work.now)

    def _set_next(self, work: Work, name: SopName, row: TimerRow) -> None:
        sop = self._knowledge.library.find(name)
        if sop is not None and sop.trigger.is_schedule:
            self._set(work, name, sop.trigger, max(row.due_at, work.now))

    def _set(self, work: Work, sop: SopName, trigger: Trigger, after: datetime) -> None:
        due_at = next_fire(trigger, after, self._settings.zone)
        if due_at is not None:
            key = f"{SCHEDULE}:{sop}:{due_at.isoformat()}"
            work.set_timer(timers.Timer(SCHEDULE, key, due_at, f"sop:{sop}", lane=Lane.BULK))


def _event(row: TimerRow) -> Event:
    if row.name == SCHEDULE:
        return ScheduleDue(at=row.due_at, sop=SopName(row.subject.removeprefix("sop:")))
    return TimerDue(at=row.due_at, name=row.name, about=row.payload, subject=row.subject)
