"""Publishes what Redis does not know: rows that it lost, had no room for, or that have ripened unannounced."""

from datetime import timedelta

from bot import log
from bot.storage import spread
from bot.storage.redis_link import RedisError
from bot.storage.redis_queue import RedisQueue
from bot.storage.streams import MOST_PUBLISHED
from bot.storage.work import Store

logger = log.get(__name__)
EVERY = timedelta(milliseconds=900)
"""Once in so long, by whichever process comes first."""
MOST_LOOKED_AT = MOST_PUBLISHED + 2_000
"""More than a stream holds: so among the oldest rows there are always some that it could take."""


class Sweep:
    """A loop like the workers'."""

    topic = "sweep"

    def __init__(self, store: Store, queue: RedisQueue) -> None:
        self._store, self._queue = store, queue

    async def step(self) -> int:
        """Look once; returns 0, because looking again at once would find nothing more."""
        try:
            if await self._queue.streams.is_my_turn_to_sweep(EVERY):
                await self.look()
        except RedisError as error:
            logger.warning("nothing can be swept", reason=type(error).__name__)
        return 0

    async def look(self) -> int:
        """Publish every open row that is due and in no stream; returns how many there were."""
        now = self._store.clock.now()
        found = await self._store.read(lambda session: spread.due(session, now, MOST_LOOKED_AT))
        return sum([await self._queue.streams.publish(topic, ids, is_news=False) for topic, ids in found.items()])
