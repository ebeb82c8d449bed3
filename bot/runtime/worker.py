"""Takes events from the inbox, lane by lane, oldest first."""

from collections.abc import Sequence

from bot.model.lanes import Lane
from bot.runtime.dispatcher import Dispatcher
from bot.storage import ledger, spread
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
        """Handle this worker's share, at most a batch; returns how many events that were."""
        async with self._store.queue.share(self.topic, BATCH) as ids:
            return await self.handle(ids)

    async def handle(self, ids: Sequence[int] | None = None) -> int:
        """Handle those of these events that may be handled now, or the oldest; returns how many that were."""
        if ids is not None and not ids:
            return 0
        urgency = Urgency.INSTANT if self.lane is Lane.INSTANT else Urgency.ORDINARY
        return await self._store.work(lambda work: self._handle(work, ids), urgency)

    def _handle(self, work: Work, ids: Sequence[int] | None) -> int:
        rows = ledger.claim_events(work.session, self.lane, work.now, BATCH, ids)
        self._dispatcher.handle(work, rows)
        if self._store.queue.spreads_rows:
            work.announced.add(self.topic, spread.next_events(work.session, self.lane, rows))
        return len(rows)
