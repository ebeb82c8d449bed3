"""From a scan to the welcome's arrival at the platform: idle, at a slow and refusing platform, and behind a backlog.

    python -m bench.welcome [--scans N] [--backlog N]

The bot runs in a process of its own (all roles, SQLite) and hears of each scan by an encrypted callback over HTTP; the
simulated platform and the people run here. Every welcome has to arrive within the 20 seconds that its code lives.
"""

import argparse
import asyncio
import multiprocessing
import random
import socket
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlmodel import Session

from bench import rig
from bot import demo, log, serve
from bot.app import opened
from bot.clock import SystemClock
from bot.model.events import WELCOME_WINDOW, ContactEdited
from bot.model.ids import ExternalUserId, TraceId, UserId
from bot.platforms.simulator import Simulator, SimulatorConfig
from bot.platforms.simulator.faults import Fault, Faults
from bot.settings import Settings
from bot.storage.database import Database
from bot.storage.ledger import inbox
from bot.storage.ledger.inbox import Arrival

WELCOME = "externalcontact/send_welcome_msg"
SLOW_S, REFUSED, ANOTHER_APP = 3.0, 0.2, 41096
APART_S = 0.5
PATIENCE_S = 60
CHUNK = 2_000
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Weather(Faults):
    """In bad weather every answer takes three seconds, and every fifth welcome is refused with 41096."""

    def __init__(self) -> None:
        super().__init__()
        self.is_bad, self.refused, self._chance = False, 0, random.Random(20)

    def take(self, endpoint: str) -> Fault | None:
        if not self.is_bad or endpoint != WELCOME or self._chance.random() >= REFUSED:
            return super().take(endpoint)
        self.refused += 1
        return Fault("fail", errcode=ANOTHER_APP)

    @web.middleware
    async def delay(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self.is_bad:
            await asyncio.sleep(SLOW_S)
        return await handler(request)


def run_bot(settings: Settings, ready: Connection) -> None:
    async def run() -> None:
        async with opened(settings) as bot:
            await serve.serve(bot, serve.ALL, lambda: ready.send("ready"))

    log.start("CRITICAL")
    asyncio.run(run())


@asynccontextmanager
async def stage() -> AsyncIterator[tuple[Simulator, Weather, Settings]]:
    """A platform here, and a bot in another process that is connected with it."""
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as probe:
        listen = f"127.0.0.1:{probe.getsockname()[1]}"
        probe.close()
        key, public = demo.archive_keys(Path(folder))
        config = SimulatorConfig(archive_public_key=public)
        simulator, weather = Simulator(SystemClock(), config), Weather()
        simulator.faults = weather
        simulator.app.middlewares.append(weather.delay)
        platform = TestServer(simulator.app)
        await platform.start_server()
        base = str(platform.make_url("/")).rstrip("/")
        database_url = f"sqlite:///{folder}/xiaoer.db"
        settings = demo.settings(config, base, key, listen=listen, database_url=database_url)
        simulator.connect(wecom=f"http://{listen}/callback/wecom", official=None)
        here, there = multiprocessing.Pipe()
        bot = multiprocessing.Process(target=run_bot, args=(settings, there), daemon=True)
        bot.start()
        await asyncio.to_thread(here.recv)
        await asyncio.sleep(3)
        yield simulator, weather, settings
        bot.terminate()
        await asyncio.to_thread(bot.join, 15)
        await simulator.close()
        await platform.close()


async def scans(simulator: Simulator, count: int, name: str) -> list[float]:
    """Seconds from each scan to its welcome, for contacts who come two a second."""
    way = await simulator.contact_way(state="spring", staff="zhou")
    scanned: dict[str, datetime] = {}
    for number in range(count):
        scan = await simulator.scan(way, by=simulator.add_contact(f"{name}{number}").key)
        scanned[scan.welcome_code] = scan.at
        await asyncio.sleep(APART_S)
    arrived: dict[object, datetime] = {}
    for _wait in range(int(PATIENCE_S / APART_S)):
        arrived = {call.body["welcome_code"]: call.at for call in simulator.calls(WELCOME) if call.errcode == 0}
        if scanned.keys() <= arrived.keys():
            break
        await asyncio.sleep(APART_S)
    never = timedelta.max
    return sorted(
        (arrived[code] - at if code in arrived else never) / timedelta(seconds=1) for code, at in scanned.items()
    )


def told(name: str, seconds: list[float], idle: float = 0.0) -> float:
    p50, p99 = (seconds[int(len(seconds) * share)] for share in (0.5, 0.99))
    in_time = sum(one < WELCOME_WINDOW.total_seconds() for one in seconds)
    against = f", p50 {rig.growth(idle, p50)} of idle" if idle else ""
    print(
        f"{name:<36} p50 {p50:6.2f} s  p99 {p99:6.2f} s  slowest {seconds[-1]:6.2f} s; "
        f"{in_time} of {len(seconds)} inside 20 s{against}",
        flush=True,
    )
    return p50


def pile_up(url: str, count: int) -> None:
    """Put events of the normal lane into the inbox: contacts that were edited, each of which wants its profile read."""
    database, clock = Database(url), SystemClock()

    def put(session: Session, first: int) -> None:
        edits = (
            ContactEdited(at=clock.now(), user_id=UserId("zhou"), external_user_id=ExternalUserId(f"wmPile{n}"))
            for n in range(first, min(first + CHUNK, count))
        )
        arrivals = (Arrival("wecom", edit, f"pile:{edit.external_user_id}", TraceId("")) for edit in edits)
        inbox.receive(session.connection(), arrivals, clock.now())

    for first in range(0, count, CHUNK):
        database.run_here(partial(put, first=first))
    database.close()


async def measure(count: int, backlog: int) -> None:
    async with stage() as (simulator, weather, settings):
        idle = told("idle", await scans(simulator, count, "idle"))
        weather.is_bad = True
        slow = await scans(simulator, count, "slow")
        weather.is_bad = False
        told(f"3 s latency, {weather.refused} × 41096", slow, idle)
        await asyncio.to_thread(pile_up, settings.database_url, backlog)
        told(f"{backlog:,} normal events before it", await scans(simulator, count, "busy"), idle)
        print("repeat with: python -m bench.welcome")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--scans", type=int, default=100)
    arguments.add_argument("--backlog", type=int, default=100_000)
    given = arguments.parse_args()
    asyncio.run(measure(given.scans, given.backlog))


if __name__ == "__main__":
    main()
