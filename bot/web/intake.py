"""Keeps arrivals before they are answered, many in one commit, and turns them away when too much waits already.

A commit begins when nobody new has come for a few turns of the event loop: under load it serves all who are just coming
in, and alone nobody waits for longer than it takes to look.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

from bot import metrics
from bot.errors import BotError
from bot.model.lanes import Lane
from bot.storage.ledger.inbox import Arrival
from bot.storage.queries import inbox
from bot.storage.work import Store

MOST_WAITING = 2_000
"""Arrivals that may wait for a commit. More are refused: a platform brings them again, memory does not come back."""
QUIET_TURNS = 6
"""Turns of the event loop without anybody new. Those who were just answered come again in that time, and a commit for
sixty costs hardly more than one for thirty."""
MOST_AT_ONCE = 256
"""Arrivals in one commit, when they never end."""
LOOK_S = 1.0
"""How often the backlog is counted; what is kept in between is added."""
FOR_INSTANT = 2
"""Events that have seconds to live find a door open until the backlog is so many times as deep."""


class Overloaded(BotError):
    """The door is full; say 503, and the platform comes again."""


Read = Callable[[], Sequence[Arrival]]
_Delivery = tuple[Read, "asyncio.Future[Sequence[Arrival]]"]


class Intake:
    """The only way into the inbox from outside."""

    def __init__(self, store: Store, most: int) -> None:
        """`most` is how many rows of the inbox may wait to be handled."""
        self._store, self._most, self._backlog = store, most, 0
        self._waiting: list[_Delivery] = []
        self._waiting_arrivals = 0
        self._bell = asyncio.Event()
        self._stopped = False

    async def keep(self, *arrivals: Arrival) -> None:
        """Return when the arrivals are in the database for good. Raises `Overloaded`."""
        await self.keep_read(lambda: arrivals, len(arrivals))

    async def keep_read(self, read: Read, count: int = 1) -> Sequence[Arrival]:
        """Read so many arrivals and keep them. Raises `Overloaded`, and whatever `read` raises.

        Reading waits for the commit too: one after the other, in a row, callbacks are read in a third of the time that
        each takes between two requests, with the processor's caches full of other things.
        """
        self.admit()
        kept: asyncio.Future[Sequence[Arrival]] = asyncio.get_running_loop().create_future()
        self._waiting.append((read, kept))
        self._waiting_arrivals += count
        self._bell.set()
        return await kept

    def admit(self, room: int = FOR_INSTANT) -> None:
        """Raises `Overloaded` when there is no room, so that nobody reads a body in vain."""
        if self._stopped:
            raise Overloaded("the door is closing")
        if self._waiting_arrivals >= MOST_WAITING:
            raise Overloaded("too many callbacks are waiting")
        self._check_backlog(room)

    def _check_backlog(self, room: int) -> None:
        if self._backlog >= self._most * room:
            raise Overloaded("too many events are waiting to be handled")

    async def measure(self) -> None:
        """Count how deep the backlog is; never further than it matters."""
        deepest = self._most * FOR_INSTANT
        self._backlog = await self._store.read(lambda session: inbox.backlog(session, deepest))

    async def run(self) -> None:
        """Commit whatever has gathered, until `stop` and nothing is left."""
        while not self._stopped or self._waiting:
            if not self._waiting:
                self._bell.clear()
                await self._bell.wait()
                continue
            await self._gather()
            gathered, self._waiting, self._waiting_arrivals = self._waiting, [], 0
            await self._commit(gathered)

    def stop(self) -> None:
        self._stopped = True
        self._bell.set()

    async def _gather(self) -> None:
        came = quiet = 0
        while quiet < QUIET_TURNS and self._waiting_arrivals < MOST_AT_ONCE:
            await asyncio.sleep(0)
            quiet = quiet + 1 if self._waiting_arrivals == came else 0
            came = self._waiting_arrivals

    async def _commit(self, gathered: list[_Delivery]) -> None:
        deliveries = [(arrivals, kept) for read, kept in gathered if (arrivals := self._read(read, kept)) is not None]
        arrivals = [arrival for several, _kept in deliveries for arrival in several]

        try:
            await self._store.receive(arrivals)
        except Exception as error:  # each of those who wait is told
            for _several, kept in deliveries:
                if not kept.done():
                    kept.set_exception(error)
            return
        self._backlog += len(arrivals)
        for source, count in Counter(arrival.source for arrival in arrivals).items():
            metrics.ARRIVED.labels(source).inc(count)
        for several, kept in deliveries:
            if not kept.done():
                kept.set_result(several)

    def _read(self, read: Read, kept: "asyncio.Future[Sequence[Arrival]]") -> Sequence[Arrival] | None:
        """What was delivered; None when it cannot be read or has no room, of which whoever waits is told."""
        try:
            arrivals = read()
            if self._backlog >= self._most:
                self._check_backlog(FOR_INSTANT if all(one.event.lane is Lane.INSTANT for one in arrivals) else 1)
        except Exception as error:
            if not kept.done():
                kept.set_exception(error)
            return None
        return arrivals
