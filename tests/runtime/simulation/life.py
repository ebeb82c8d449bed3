"""One life of the bot's process: put together from the real parts, and abandoned where it dies."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import cast
from urllib.parse import urlencode

from aiohttp import web

from bot import app
from bot.clock import ManualClock
from bot.model.lanes import Lane
from bot.model.tables import InboxRow
from bot.platforms.limits import EmbeddedCounters, Limits
from bot.platforms.simulator.deliver import ReceiverName
from bot.platforms.simulator.seal import Sealed
from bot.runtime.attempts import Attempts
from bot.runtime.dispatcher import Dispatcher
from bot.runtime.files import Files
from bot.runtime.knowledge import Knowledge
from bot.runtime.outbox import Outbox
from bot.runtime.process import Steps
from bot.runtime.recall import recall
from bot.runtime.scheduler import Scheduler
from bot.runtime.worker import Worker
from bot.settings import Settings
from bot.storage.ledger.inbox import Arrival
from bot.storage.queue import EmbeddedQueue
from bot.storage.work import Store, Work
from bot.web.callbacks import Callbacks
from bot.web.intake import Intake, Read
from handlers import root
from tests.runtime.simulation.disk import Held
from tests.runtime.simulation.fate import Fate
from tests.runtime.simulation.wire import Exchange, Wire


class SetClock:
    """The machine's clock: it shows the world's time, wrongly when somebody has set it wrongly."""

    def __init__(self, world: ManualClock) -> None:
        self._world, self.error = world, timedelta()

    def now(self) -> datetime:
        return self._world.now() + self.error

    async def sleep(self, duration: timedelta) -> None:
        await self._world.sleep(duration)


class Bells(EmbeddedQueue):
    """Which topics have been announced; some announcements are lost. Nobody waits: the seed says whose turn it is."""

    def __init__(self, fate: Fate) -> None:
        super().__init__()
        self._fate, self.rung = fate, dict[str, None]()

    def wake(self, topics: Iterable[str]) -> None:
        self.rung |= dict.fromkeys(topic for topic in topics if not self._fate.strikes(self._fate.loses_notices))


class Noted(Dispatcher):
    """Writes down in which order rows were handled."""

    def __init__(self, settings: Settings, knowledge: Knowledge, handled: list[int]) -> None:
        super().__init__(root, settings, knowledge)
        self._handled = handled

    def handle(self, work: Work, rows: Sequence[InboxRow]) -> int:
        handled = super().handle(work, rows)
        self._handled.extend(row.id for row in rows[:handled] if row.id is not None)
        return handled


class Shelf(Files):
    """Reads files at once: a thread would come back whenever it likes."""

    async def read(self, path: str) -> bytes:
        return (self._folder / path).read_bytes()


class Door(Intake):
    """Writes down what has been acknowledged."""

    def __init__(self, store: Store, most: int, kept: Callable[[Sequence[Arrival]], None]) -> None:
        super().__init__(store, most)
        self._kept = kept

    async def keep_read(self, read: Read, count: int = 1) -> Sequence[Arrival]:
        arrivals = await super().keep_read(read, count)
        self._kept(arrivals)
        return arrivals


class Request:
    """A callback's request, as far as the door looks at it."""

    def __init__(self, sealed: Sealed) -> None:
        self.query, self._body = sealed.query, sealed.body.encode()
        self.query_string = urlencode(sealed.query)

    async def read(self) -> bytes:
        return self._body


class Life:
    """The parts of one process."""

    def __init__(
        self,
        settings: Settings,
        knowledge: Knowledge,
        held: Held,
        exchange: Exchange,
        fate: Fate,
        clock: SetClock,
        kept: Callable[[Sequence[Arrival]], None],
        handled: list[int],
    ) -> None:
        self.held, self.bells, self.settings = held, Bells(fate), settings
        self.store = store = Store(held, self.bells, clock)
        adapters = app.platforms(settings, Wire(exchange, held, fate), clock)
        self._counters = EmbeddedCounters()
        attempts = Attempts(clock, adapters, Shelf(store, settings.media, {}), Limits(self._counters))
        dispatcher = Noted(settings, knowledge, handled)
        self.outboxes = [Outbox(store, attempts, lane) for lane in Lane]
        self.scheduler = Scheduler(store, settings, knowledge)
        workers = [Worker(store, dispatcher, lane) for lane in Lane]
        loops: list[Steps] = [self.scheduler, *workers, *self.outboxes]
        self.loops = {one.topic: one for one in loops}
        self.intake = Door(store, settings.most_waiting, kept)
        self._callbacks = Callbacks(settings, self.intake, knowledge, clock)
        self._door = asyncio.create_task(self.intake.run())

    async def begin(self) -> None:
        """What a process does when it starts."""
        await recall(self.store, self._counters)
        await self.store.work(lambda work: app._begin(work, self.settings))
        await self.scheduler.plan()

    async def receive(self, receiver: ReceiverName, sealed: Sealed) -> None:
        """A callback knocks; it raises when it is not acknowledged."""
        doors = {"wecom": self._callbacks.wecom, "official": self._callbacks.official}
        answer = await doors[receiver](cast(web.Request, Request(sealed)))
        assert answer.status == 200

    async def end(self) -> None:
        """Nothing of this life goes on, whatever it was doing."""
        self.held.close()
        tasks = [self._door, *(task for outbox in self.outboxes for task in outbox._under_way)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
