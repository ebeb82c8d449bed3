"""Puts the bot together: which parts there are, and who is handed what."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web

from bot.clock import Clock, SystemClock
from bot.community import groups
from bot.community.reports import picture
from bot.model.lanes import Lane
from bot.platforms.hooks import Hooks
from bot.platforms.http import Http
from bot.platforms.limits import EmbeddedCounters, Limits
from bot.platforms.mail import Mail
from bot.platforms.official.client import Official
from bot.platforms.sms.client import Sms
from bot.platforms.tokens import TokenStore
from bot.platforms.wecom.archive import Archive
from bot.platforms.wecom.client import WeCom
from bot.runtime import process
from bot.runtime.attempts import Attempts, Platform
from bot.runtime.dispatcher import Dispatcher
from bot.runtime.files import Files
from bot.runtime.knowledge import Knowledge
from bot.runtime.outbox import Outbox
from bot.runtime.recall import recall
from bot.runtime.scheduler import Scheduler
from bot.runtime.worker import Worker
from bot.settings import Settings
from bot.storage import leases, setback, sharing
from bot.storage.database import Database
from bot.storage.migrate import migrate
from bot.storage.sharing import Sharing
from bot.storage.work import Store, Work
from bot.text import tokens as words
from bot.web import server
from bot.web.callbacks import Callbacks
from bot.web.console import Console
from bot.web.health import Health
from bot.web.intake import Intake
from bot.web.signed import SignedDoors
from handlers import housekeeping, root, scores, staff

if TYPE_CHECKING:
    from bot.storage.sweep import Sweep

LOOK_FOR_CHANGES_S = 3.0
LOOK_FOR_THE_DEAD_S = 30.0
BEGINNING = 1
"""The number under which processes that start together take turns."""
LAND_WITHIN = timedelta(seconds=7)
"""How long calls under way may take after the word to stop: the rest of ten seconds is for writing down the others."""


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
    sweeps: "Sequence[Sweep]"
    intake: Intake
    pulse: process.Pulse
    health: web.Application
    web: web.Application
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    has_planned: bool = False
    """Whether the dates of the SOPs in force are set."""
    looked_at: datetime | None = None
    """When `recover` last looked. Nobody knows what the clock did before the start."""

    async def work(self) -> None:
        """Handle events and send calls until `stopping` is set; then finish or give back what is in hand."""
        if self.store.database.is_sqlite:
            await self.outboxes[0].recover(alone=True)
        loops: list[process.Steps] = [*self.workers, *self.outboxes, *self.sweeps]
        async with asyncio.TaskGroup() as duties:
            duties.create_task(process.every(LOOK_FOR_THE_DEAD_S, self.recover, self.stopping))
            await process.run(loops, self.store.queue, self.stopping, self.pulse)
        await asyncio.gather(*(outbox.land(LAND_WITHIN) for outbox in self.outboxes))

    async def recover(self) -> None:
        """Take care of what the dead have left, and of what waits for a time that a clock set back has yet to reach."""
        now = self.store.clock.now()
        if self.looked_at is None or now < self.looked_at:
            await self.store.work(lambda work: setback.bring_back(work.session, work.now))
        self.looked_at = now
        await self.outboxes[0].recover()

    async def drain(self) -> None:
        """Do everything that can be done now, and return: for commands and tests."""
        steps = [self.scheduler.fire, *(one.handle for one in self.workers), *(one.move for one in self.outboxes)]
        while sum([await step() for step in steps]):
            for outbox in self.outboxes:
                await outbox.land()

    async def keep_time(self) -> None:
        """Fire what is due until `stopping` is set."""
        await process.run([self.scheduler], self.store.queue, self.stopping, self.pulse)
        await self.scheduler.resign()

    async def look_after(self) -> None:
        """Notice edited files until `stopping` is set: whatever a process does, it goes by them."""
        await process.every(LOOK_FOR_CHANGES_S, self.refresh, self.stopping)

    async def refresh(self) -> None:
        """Take edited SOPs and rules into force."""
        if await self.knowledge.refresh():
            self.has_planned = False
        if not self.has_planned:
            await self.scheduler.plan()
            self.has_planned = True


@asynccontextmanager
async def opened(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Bot]:
    """The bot, with its database migrated and its knowledge read; closed again at the end."""
    async with AsyncExitStack() as stack:
        await process.outlast(lambda: asyncio.to_thread(migrate, settings.database_url))
        database = Database(settings.database_url)
        stack.callback(database.close)
        shared = await stack.enter_async_context(sharing.opened(database, settings.redis_url, clock or SystemClock()))
        store = shared.store
        embedded = EmbeddedCounters()
        await process.outlast(lambda: recall(store, embedded))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        knowledge = Knowledge(settings, store)
        adapters = platforms(settings, Http(session), store.clock, shared.tokens)
        bot = _assemble(settings, shared, knowledge, adapters, Limits(shared.counters or embedded))
        await asyncio.to_thread(words.load)
        await process.outlast(bot.refresh)
        await process.outlast(lambda: store.work(lambda work: _begin(work, settings)))
        yield bot


def _begin(work: Work, settings: Settings) -> None:
    leases.one_at_a_time(work.session, BEGINNING)
    for name in settings.webhooks:
        groups.ensure_webhook(work, name)
    housekeeping.begin(work, settings)
    scores.begin(work, settings)
    if staff.needs_first_reading(work):
        staff.begin(work)


def platforms(settings: Settings, http: Http, clock: Clock, tokens: TokenStore | None = None) -> dict[str, Platform]:
    """The adapters that the settings ask for; those of one process share access tokens through `tokens`."""
    found: dict[str, Platform] = {}
    if settings.wecom is not None:
        found["wecom"] = WeCom(http, settings.wecom, clock, settings.webhooks, tokens)
    if settings.official is not None:
        found["official"] = Official(http, settings.official, clock, tokens)
    if settings.miniprogram is not None:
        found["miniprogram"] = Official(http, settings.miniprogram.as_account(), clock, tokens)
    if settings.sms is not None:
        found["sms"] = Sms(http, settings.sms, clock)
    if settings.mail is not None:
        found["mail"] = Mail(settings.mail, clock)
    if settings.hooks:
        found["hooks"] = Hooks(http, settings.hooks, clock)
    archive = settings.archive
    if archive.pull_base and archive.pull_secret and archive.private_key:
        pem = archive.private_key.read_bytes()
        found["archive"] = Archive(http, archive.pull_base, archive.pull_secret.get_secret_value(), pem)
    return found


def _assemble(
    settings: Settings, shared: Sharing, knowledge: Knowledge, adapters: dict[str, Platform], limits: Limits
) -> Bot:
    store = shared.store
    dispatcher = Dispatcher(root, settings, knowledge)
    intake, pulse = Intake(store, settings.most_waiting), process.Pulse(store.clock)
    files = Files(store, settings.media, {"report": _draw(settings, store)})
    attempts = Attempts(store.clock, adapters, files, limits)
    health = Health(store, pulse, shared.ping)
    doors = [
        *Callbacks(settings, intake, knowledge, store.clock).routes(),
        *SignedDoors(settings, intake, store, knowledge).routes(),
        *health.routes(),
        *Console(settings, store, knowledge).routes(),
    ]
    return Bot(
        settings=settings,
        store=store,
        knowledge=knowledge,
        dispatcher=dispatcher,
        workers=[Worker(store, dispatcher, lane) for lane in Lane],
        outboxes=[Outbox(store, attempts, lane) for lane in Lane],
        scheduler=Scheduler(store, settings, knowledge, shared.lease),
        sweeps=shared.sweeps,
        intake=intake,
        pulse=pulse,
        web=server.build(doors),
        health=server.build(health.routes()),
    )


def _draw(settings: Settings, store: Store) -> Callable[[str], Awaitable[bytes]]:
    async def draw(name: str) -> bytes:
        return await picture(store.read, name, settings.zone)

    return draw
