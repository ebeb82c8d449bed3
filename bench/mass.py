"""Memory while one mass send to a million contacts streams from the SOP through the outbox.

    python -m bench.mass [--contacts N] [--walk N]

A schedule lets everybody in. What is measured is resident memory, and what a contact costs, after each tenth of the
contacts that are walked: whoever keeps the crowd in memory shows here. The bot is the one that is started (SQLite), the
platform answers at once.
"""

import argparse
import asyncio
import gc
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlmodel import Session, func, select

from bench import rig
from bot import demo, log
from bot.app import Bot, opened
from bot.clock import ManualClock
from bot.model.tables import ExternalContact, FollowUser, Run
from bot.platforms.simulator import SimulatorConfig
from bot.storage.statements import append_many

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
CHUNK = 20_000
SENDERS = 10
PARTS = 10
SOP = """sop: contact/everybody
title: 全员群发
subject: contact
trigger: {date: "2026-03-02 10:30"}
steps:
  - do: send_mass
    text: 春季焕新开始了，回复“试色”领取新品色卡
"""


class Platform:
    """Takes every task, and counts whom it would reach."""

    def __init__(self) -> None:
        self.tasks = self.reached = 0
        self.app = web.Application(client_max_size=64 * 1024 * 1024)
        self.app.router.add_route("*", "/wecom/{endpoint:.*}", self._answer)

    async def _answer(self, request: web.Request) -> web.Response:
        if request.path.endswith("gettoken"):
            return web.json_response({"errcode": 0, "access_token": "t", "expires_in": 7200})
        if request.path.endswith("add_msg_template"):
            self.tasks += 1
            self.reached += len((await request.json())["external_userid"])
        return web.json_response({"errcode": 0, "errmsg": "ok", "msgid": f"m{self.tasks}", "fail_list": []})


def fill(session: Session, first: int, last: int) -> None:
    """Contacts who agreed to be written to, with the staff member who follows each."""
    numbers = range(first + 1, last + 1)
    contacts: Sequence[dict[str, Any]] = [
        {"id": n, "external_user_id": f"wm{n:07}", "name": f"客户{n}", "first_seen_at": NOW, "marketing_consent": True}
        for n in numbers
    ]
    append_many(session, ExternalContact, contacts)
    own = {"status": "active", "state": "", "added_at": NOW, "changed_at": NOW}
    follows = [{**own, "contact_id": n, "user_id": f"staff{n % SENDERS}"} for n in numbers]
    append_many(session, FollowUser, follows)


@asynccontextmanager
async def stage(contacts: int) -> AsyncIterator[tuple[Bot, ManualClock, Platform]]:
    """A bot with one SOP and everybody in its database, and the platform it speaks with."""
    with tempfile.TemporaryDirectory(prefix="xiaoer-bench-") as name:
        folder, platform = Path(name), Platform()
        (folder / "sops" / "contact").mkdir(parents=True)
        (folder / "sops" / "contact" / "everybody.yaml").write_text(SOP, "utf-8")
        server = TestServer(platform.app)
        await server.start_server()
        key, _public = demo.archive_keys(folder)
        base, url = str(server.make_url("/")).rstrip("/"), f"sqlite:///{folder}/bench.db"
        clock = ManualClock(NOW)
        own = demo.settings(SimulatorConfig(), base, key, database_url=url, sops=folder / "sops")
        async with opened(own, clock) as bot:
            for first in range(0, contacts, CHUNK):
                bot.store.database.run_here(partial(fill, first=first, last=min(first + CHUNK, contacts)))
            yield bot, clock, platform
        await server.close()


async def measure(contacts: int, walk: int) -> None:
    log.start("CRITICAL")
    async with stage(contacts) as (bot, clock, platform):
        clock.advance(timedelta(hours=1))
        gc.collect()
        print(f"{contacts:,} contacts wait; {rig.rss_mb():.0f} MB before the first is written to", flush=True)
        first_mb = first_ms = 0.0
        for part in range(1, PARTS + 1):
            before, began = await let_in(bot), time.process_time()
            while await let_in(bot) < walk * part // PARTS:
                clock.advance(timedelta(seconds=1))
                await turn(bot)
            each_ms = (time.process_time() - began) / (await let_in(bot) - before) * 1000
            first_mb, first_ms = first_mb or rig.rss_mb(), first_ms or each_ms
            print(
                f"  {await let_in(bot):>9,} let in, {platform.reached:>9,} of them in {platform.tasks:,} tasks: "
                f"{rig.rss_mb():.0f} MB ({rig.growth(first_mb, rig.rss_mb())}), "
                f"{each_ms:.1f} ms a contact ({rig.growth(first_ms, each_ms)})",
                flush=True,
            )
    print("repeat with: python -m bench.mass")


async def let_in(bot: Bot) -> int:
    return await bot.store.read(lambda session: session.exec(select(func.max(Run.id))).one()) or 0


async def turn(bot: Bot) -> None:
    """What the loops of a process do, once each."""
    steps = [bot.scheduler.fire, *(one.handle for one in bot.workers), *(one.move for one in bot.outboxes)]
    moved = sum([await step() for step in steps])
    for outbox in bot.outboxes:
        await outbox.land()
    if not moved:
        raise SystemExit("the mass send stands still")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--contacts", type=int, default=1_000_000, help="in the database, all of whom match")
    asked.add_argument("--walk", type=int, default=20_000, help="stop after so many; the rest would go on likewise")
    given = asked.parse_args()
    asyncio.run(measure(given.contacts, min(given.walk, given.contacts)))


if __name__ == "__main__":
    main()
