"""Takes events from the inbox, lane by lane, oldest first."""

from collections.abc import Sequence

from bot.model.lanes import Lane
from bot.runtime.dispatcher import Dispatcher
from bot.storage import hindrances, spread
from bot.storage.database import Urgency
from bot.storage.ledger import inbox
from bot.storage.work import Store, Work

BATCH = 16
"""Events a transaction: enough to share its commit, few enough that nothing urgent waits long behind it."""


class Worker:
    """Handles the events of one lane.

    A transaction keeps what it has locked until it ends. So where transactions get into each other's way they become as
    small as can be, and larger again as long as that goes well.
    """

    def __init__(self, store: Store, dispatcher: Dispatcher, lane: Lane) -> None:
        self._store, self._dispatcher, self.lane = store, dispatcher, lane
        self._most = BATCH
        self.topic = f"inbox.{lane}"

    async def step(self) -> int:
        """Handle this worker's share, at most a batch; returns how many events that were."""
        async with self._store.queue.share(self.topic, self._most) as ids:
            return await self.handle(ids)

    async def handle(self, ids: Sequence[int] | None = None) -> int:
        """Handle those of these events that may be handled now, or the oldest; returns how many it took up."""
        if ids is not None and not ids:
            return 0
        urgency = Urgency.INSTANT if self.lane is Lane.INSTANT else Urgency.ORDINARY
        taken, handled = await self._store.work(lambda work: self._handle(work, ids), urgency)
        self._most = min(self._most + 1, BATCH) if handled == taken else 1
        return taken

    def _handle(self, work: Work, ids: Sequence[int] | None) -> tuple[int, int]:
        hindrances.be_impatient(work.session)
        rows = inbox.claim(work.session, self.lane, work.now, self._most, ids)
        handled = self._dispatcher.handle(work, rows)
        if self._store.queue.spreads_rows:
            work.announced.add(self.topic, [row.id for row in rows[handled:] if row.id is not None])
            work.announced.add(self.topic, spread.next_events(work.session, self.lane, rows))
        return len(rows), handled
