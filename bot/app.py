"""Puts the bot together: which parts there are, and who is handed what."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from bot.clock import Clock, SystemClock
from bot.community import groups
from bot.community.reports import picture
from bot.model.lanes import Lane
from bot.platforms.http import Http
from bot.platforms.limits import EmbeddedLimits
from bot.platforms.official.client import Official
from bot.platforms.wecom.archive import Archive
from bot.platforms.wecom.client import WeCom
from bot.runtime import process
from bot.runtime.dispatcher import Dispatcher
from bot.runtime.files import Files
from bot.runtime.knowledge import Knowledge
from bot.runtime.outbox import Outbox, Platform
from bot.runtime.scheduler import Scheduler
from bot.runtime.worker import Worker
from bot.settings import Settings
from bot.storage.database import Database
from bot.storage.migrate import migrate
from bot.storage.queue import EmbeddedQueue
from bot.storage.work import Store, Work
from bot.text import tokens
from bot.web import server
from bot.web.callbacks import Callbacks
from bot.web.console import Console
from bot.web.health import Health
from bot.web.intake import Intake
from bot.web.signed import SignedDoors
from handlers import root, staff

LOOK_FOR_CHANGES_S = 3.0
LOOK_FOR_THE_DEAD_S = 30.0


@dataclass
class Bot:
    """All parts of one process, open and ready to run."""

    settings: Settings
    store: Store
    knowledge: Knowledge
    dispatcher: Dispatcher
    workers: Sequence[Worker]
    outboxes: Sequence[Outbox]
    scheduler: Scheduler
    intake: Intake
    web: web.Application
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def work(self) -> None:
        """Handle events and send calls until `stopping` is set, and write down how the last calls ended."""
        await process.run([*self.workers, *self.outboxes], self.store.queue, self.stopping)
        for outbox in self.outboxes:
            await outbox.land()

    async def drain(self) -> None:
        """Do everything that can be done now, and return: for commands and tests."""
        steps: list[process.Steps] = [self.scheduler, *self.workers, *self.outboxes]
        while sum([await one.step() for one in steps]):
            for outbox in self.outboxes:
                await outbox.land()

    async def keep_time(self) -> None:
        """Fire what is due until `stopping` is set."""
        await process.run([self.scheduler], self.store.queue, self.stopping)

    async def look_after(self) -> None:
        """Notice edited files and calls whose sender died, until `stopping` is set."""
        async with asyncio.TaskGroup() as duties:
            duties.create_task(process.every(LOOK_FOR_CHANGES_S, self.refresh, self.stopping))
            for outbox in self.outboxes[:1]:
                duties.create_task(process.every(LOOK_FOR_THE_DEAD_S, outbox.recover, self.stopping))

    async def refresh(self) -> None:
        """Take edited SOPs and rules into force."""
        if await self.knowledge.refresh():
            await self.scheduler.plan()


@asynccontextmanager
async def opened(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Bot]:
    """The bot, with its database migrated and its knowledge read; closed again at the end."""
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(migrate, settings.database_url)
        database = Database(settings.database_url)
        stack.callback(database.close)
        store = Store(database, EmbeddedQueue(), clock or SystemClock())
        session = await stack.enter_async_context(aiohttp.ClientSession())
        knowledge = Knowledge(settings, store)
        bot = _assemble(settings, store, knowledge, platforms(settings, Http(session), store.clock))
        await asyncio.to_thread(tokens.load)
        await bot.refresh()
        await store.work(lambda work: _begin(work, settings))
        yield bot


def _begin(work: Work, settings: Settings) -> None:
    for name in settings.webhooks:
        groups.ensure_webhook(work, name)
    if staff.needs_first_reading(work):
        staff.begin(work)


def platforms(settings: Settings, http: Http, clock: Clock) -> dict[str, Platform]:
    """The adapters that the settings ask for."""
    found: dict[str, Platform] = {}
    if settings.wecom is not None:
        found["wecom"] = WeCom(http, settings.wecom, clock, settings.webhooks)
    if settings.official is not None:
        found["official"] = Official(http, settings.official, clock)
    archive = settings.archive
    if archive.pull_base and archive.pull_secret and archive.private_key:
        pem = archive.private_key.read_bytes()
        found["archive"] = Archive(http, archive.pull_base, archive.pull_secret.get_secret_value(), pem)
    return found


def _assemble(settings: Settings, store: Store, knowledge: Knowledge, adapters: dict[str, Platform]) -> Bot:
    dispatcher = Dispatcher(root, settings, knowledge)
    intake = Intake(store)
    limits = EmbeddedLimits()
    files = Files(store, settings.media, {"report": _draw(settings, store)})
    doors = [
        *Callbacks(settings, intake, knowledge, store.clock).routes(),
        *SignedDoors(settings, intake, store).routes(),
        *Health(store).routes(),
        *Console(settings, store, knowledge).routes(),
    ]
    return Bot(
        settings=settings,
        store=store,
        knowledge=knowledge,
        dispatcher=dispatcher,
        workers=[Worker(store, dispatcher, lane) for lane in Lane],
        outboxes=[Outbox(store, adapters, files, limits, lane) for lane in Lane],
        scheduler=Scheduler(store, settings, knowledge),
        intake=intake,
        web=server.build(doors),
    )


def _draw(settings: Settings, store: Store) -> Callable[[str], Awaitable[bytes]]:
    async def draw(name: str) -> bytes:
        return await picture(store.read, name, settings.zone)

    return draw
