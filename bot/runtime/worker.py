"""Takes events from the inbox, lane by lane, oldest first."""

from bot.model.lanes import Lane
from bot.runtime.dispatcher import Dispatcher
from bot.storage import ledger
from bot.storage.database import Urgency
from bot.storage.work import Store, Work

BATCH = 16
"""Events a transaction: enough to share its commit, few enough that nothing urgent waits long behind it."""


class Worker:
    """Handles the events of one lane."""

    def __init__(self, store: Store, dispatcher: Dispatcher, lane: Lane) -> None:
        self._store, self._dispatcher, self.lane = store, dispatcher, lane
        self.topic = f"inbox.{lane}"

    async def step(self) -> int:
        """Handle what is there, at most a batch; returns how many events that were."""
        urgency = Urgency.INSTANT if self.lane is Lane.INSTANT else Urgency.ORDINARY
        return await self._store.work(self._handle, urgency)

    def _handle(self, work: Work) -> int:
        rows = ledger.claim_events(work.session, self.lane, work.now, BATCH)
        for row in rows:
            self._dispatcher.handle(work, row)
        return len(rows)
