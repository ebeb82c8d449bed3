"""One event to its handlers, and what that led to."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from bot import log, metrics
from bot.community.rules import Rules
from bot.i18n import use
from bot.model.events import Event
from bot.model.ids import TraceId
from bot.model.tables import InboxRow
from bot.runtime.context import Context
from bot.runtime.router import Router
from bot.settings import Settings
from bot.sop import membership
from bot.sop.library import Library
from bot.storage import hindrances, objects
from bot.storage.ledger import inbox, payloads
from bot.storage.work import Work

logger = log.get(__name__)
HELD_UP = "held up"


class Knowledge(Protocol):
    """What is in force right now: it changes when files are edited, between two events."""

    @property
    def library(self) -> Library: ...

    @property
    def rules(self) -> Rules: ...


class Dispatcher:
    """Hands events to the handlers of a router, each event in a savepoint of its own."""

    def __init__(self, router: Router, settings: Settings, knowledge: Knowledge) -> None:
        self._router, self._settings, self._knowledge = router, settings, knowledge

    def handle(self, work: Work, rows: Sequence[InboxRow]) -> int:
        """Handle rows and finish them, then look at the segments of whoever they changed; returns how many that were.

        It ends before a row that another transaction stands in the way of: whatever this one holds is to be let go
        first, or the two would wait for each other.
        """
        changes, handled = membership.Changes(), 0
        for row in rows:
            with log.tracing(row.trace_id):
                ending = self._handle(work, row, changes)
            metrics.HANDLED.labels(row.kind, ending).inc()
            if ending == HELD_UP:
                break
            handled += 1
        self._judge(work, changes)
        return handled

    def _handle(self, work: Work, row: InboxRow, changes: membership.Changes) -> str:
        """When a handler raises, nothing of it is kept, and the row is tried again later."""
        inside = replace(work, trace_id=TraceId(row.trace_id), origin=f"inbox:{row.id}")
        try:
            with objects.all_or_nothing(work.session):
                self.dispatch(inside, payloads.read_event(row.kind, row.payload))
                changes.note(inside)
                inbox.finish(work.session, row, work.now)
            return "done"
        except Exception as error:
            if hindrances.is_trouble(error):
                raise
            if hindrances.is_in_the_way(error):
                return HELD_UP
            reason = f"{type(error).__name__}: {error}"[:500]
            buried = inbox.retry(work.session, row, work.now, reason)
            logger.error("event failed", kind=row.kind, row=row.id, buried=buried, exc_info=True)
            return "buried" if buried else "again"

    def _judge(self, work: Work, changes: membership.Changes) -> None:
        """A segment that cannot be asked undoes no event: the hourly count makes up for it."""
        try:
            with objects.all_or_nothing(work.session):
                hindrances.be_patient(work.session)
                changes.judge(work.session, self._knowledge.library)
        except Exception:
            logger.error("segments were not followed", exc_info=True)

    def dispatch(self, work: Work, event: Event) -> None:
        use(self._settings.language)
        context = Context(work, self._settings, self._knowledge.library, self._knowledge.rules)
        for route in self._router.routes(event):
            route.handler(event, context)
