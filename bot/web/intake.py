"""Keeps arrivals before they are answered, many in one commit.

While one commit is under way the next arrivals gather, so under load a commit serves all who wait for it, and alone
nobody waits for company.
"""

import asyncio

from bot.errors import BotError
from bot.storage.database import Urgency
from bot.storage.ledger import Arrival, receive
from bot.storage.work import Store, Work

MOST_WAITING = 2_000
"""Arrivals that may wait for a commit. More are refused: a platform brings them again, memory does not come back."""


class Overloaded(BotError):
    """The door is full; say 503, and the platform comes again."""


class Intake:
    """The only way into the inbox from outside."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[tuple[list[Arrival], asyncio.Future[None]]] = []
        self._waiting_arrivals = 0
        self._bell = asyncio.Event()
        self._stopped = False

    async def keep(self, *arrivals: Arrival) -> None:
        """Return when the arrivals are in the database for good. Raises `Overloaded`."""
        if self._stopped:
            raise Overloaded("the door is closing")
        if self._waiting_arrivals >= MOST_WAITING:
            raise Overloaded("too many callbacks are waiting")
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((list(arrivals), kept))
        self._waiting_arrivals += len(arrivals)
        self._bell.set()
        await kept

    async def run(self) -> None:
        """Commit whatever has gathered, until `stop` and nothing is left."""
        while not self._stopped or self._waiting:
            if not self._waiting:
                self._bell.clear()
                await self._bell.wait()
                continue
            gathered, self._waiting, self._waiting_arrivals = self._waiting, [], 0
            await self._commit(gathered)

    def stop(self) -> None:
        self._stopped = True
        self._bell.set()

    async def _commit(self, gathered: list[tuple[list[Arrival], asyncio.Future[None]]]) -> None:
        arrivals = [arrival for several, _kept in gathered for arrival in several]

        def insert(work: Work) -> None:
            receive(work.session, arrivals, work.now)
            work.announced.update(f"inbox.{arrival.event.lane}" for arrival in arrivals)

        try:
            await self._store.work(insert, Urgency.DOOR)
        except Exception as error:  # each of those who wait is told
            for _several, kept in gathered:
                if not kept.done():
                    kept.set_exception(error)
            return
        for _several, kept in gathered:
            if not kept.done():
                kept.set_result(None)
