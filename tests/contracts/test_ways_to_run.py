"""The three ways to run, from settings alone: the same stories with real loops, over one process or several."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from bot.app import Bot, opened
from bot.model.calls import Call
from bot.model.lanes import Lane
from bot.model.tables import InboxRow, OutboxRow, TimerRow
from bot.storage.ledger.timers import Timer
from bot.storage.work import Work
from tests.command import Shell
from tests.servers import PATIENCE_S, RedisServer
from tests.world import World, world

OFFICIAL = {"APP_ID": "wx1", "SECRET": "s", "TOKEN": "t", "MODE": "plain"}
WELCOME = "externalcontact/send_welcome_msg"
WAYS = ["sqlite", "postgresql", "redis"]
PLAIN = {f"XIAOER_OFFICIAL__{name}": value for name, value in OFFICIAL.items()}
"""The settings of an official account, which is enough to begin."""


def settings_of(request: pytest.FixtureRequest, way: str) -> dict[str, Any]:
    if way == "sqlite":
        return {}
    shared: dict[str, Any] = {"database_url": request.getfixturevalue("postgres_url")}
    if way == "redis":
        server: RedisServer = request.getfixturevalue("redis")
        shared["redis_url"] = server.url
    return shared


async def run_until(bots: list[Bot], is_done: Any, within_s: float = PATIENCE_S) -> None:
    """Run several processes' loops until something is true, then stop them all."""
    async with asyncio.timeout(within_s), asyncio.TaskGroup() as tasks:
        for bot in bots:
            bot.stopping.clear()
            tasks.create_task(bot.work())
            tasks.create_task(bot.keep_time())
        while not is_done():  # noqa: ASYNC110 - it looks into a database
            await asyncio.sleep(0.05)
        for bot in bots:
            bot.stopping.set()


def at_rest(here: World) -> bool:
    events = here.read(select(InboxRow.id).where(InboxRow.state == "new"))
    is_open = col(OutboxRow.state).in_(["planned", "sending"])
    due = here.read(select(OutboxRow.id).where(col(OutboxRow.ready_at) <= here.clock.now(), is_open))
    return not events and not due


@pytest.mark.parametrize("way", WAYS)
async def test_a_contact_is_greeted_once_by_however_many_workers(
    request: pytest.FixtureRequest, tmp_path: Path, way: str
) -> None:
    given = settings_of(request, way)
    async with world(tmp_path, **given) as here:
        spring = await here.wecom.contact_way(state="spring", staff="zhou")
        for name in ("mei", "another"):
            await here.wecom.scan(spring, by=name, deliveries=3)
        await here.wecom.settle()
        others = 0 if way == "sqlite" else 2
        async with AsyncExitStack() as stack:
            more = [await stack.enter_async_context(opened(here.bot.settings, here.clock)) for _number in range(others)]
            bots = [here.bot, *more]
            await run_until(bots, lambda: len(here.wecom.calls(WELCOME)) >= 2 and at_rest(here))
        assert len(here.wecom.calls(WELCOME)) == 2


@pytest.mark.parametrize("way", ["postgresql", "redis"])
async def test_two_schedulers_fire_each_timer_once(request: pytest.FixtureRequest, tmp_path: Path, way: str) -> None:
    async with world(tmp_path, **settings_of(request, way)) as here, opened(here.bot.settings, here.clock) as other:

        def set_timers(work: Work) -> None:
            for number in range(50):
                work.set_timer(Timer("nudge", f"nudge:{number}", work.now, lane=Lane.BULK))

        await here.bot.store.work(set_timers)
        # both lead at once, which a lease does not rule out for ever
        await asyncio.gather(*(bot.scheduler.fire() for bot in (here.bot, other, here.bot, other)))
        fired = here.read(select(InboxRow.dedupe_key).where(InboxRow.source == "timer", InboxRow.kind == "timer.due"))
        assert len(fired) == len(set(fired)) >= 50
        assert not here.read(select(TimerRow).where(TimerRow.state == "waiting", TimerRow.name == "nudge"))


@pytest.mark.parametrize("way", ["postgresql", "redis"])
async def test_a_spare_scheduler_takes_over(request: pytest.FixtureRequest, tmp_path: Path, way: str) -> None:
    async with world(tmp_path, **settings_of(request, way)) as here, opened(here.bot.settings, here.clock) as spare:

        async def nudge(number: int) -> None:
            await here.bot.store.work(lambda work: work.set_timer(Timer("nudge", f"nudge:{number}", work.now)) and None)

        await nudge(1)
        assert [await here.bot.scheduler.step(), await spare.scheduler.step()] == [1, 0]
        await nudge(2)
        assert await spare.scheduler.step() == 0
        here.clock.advance(timedelta(seconds=3))  # the leader is gone
        assert await spare.scheduler.step() == 1
        await nudge(3)
        assert await here.bot.scheduler.step() == 0
        await spare.scheduler.resign()
        assert await here.bot.scheduler.step() == 1


@pytest.mark.parametrize("way", ["postgresql", "redis"])
async def test_processes_share_one_access_token(request: pytest.FixtureRequest, tmp_path: Path, way: str) -> None:
    async with world(tmp_path, **settings_of(request, way)) as here:
        before = len(here.wecom.calls("gettoken"))
        async with opened(here.bot.settings, here.clock) as other:
            await other.drain()
            call = "externalcontact/get_follow_user_list"
            await other.store.work(lambda work: _plan(work, call))
            await other.drain()
        assert len(here.wecom.calls("gettoken")) == before == 1


def _plan(work: Work, endpoint: str) -> None:
    work.plan(Call(endpoint))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"XIAOER_DATABASE_URL": "nonsense"}, "XIAOER_DATABASE_URL must be"),
        ({"XIAOER_DATABASE_URL": "postgresql://x:secret@127.0.0.1:1/x"}, "XIAOER_DATABASE_URL cannot be reached"),
        ({"XIAOER_REDIS_URL": "redis://127.0.0.1:1/0"}, "XIAOER_REDIS_URL needs XIAOER_DATABASE_URL"),
        ({"XIAOER_REDIS_URL": "nonsense"}, "XIAOER_REDIS_URL must be"),
    ],
)
def test_a_bad_address_is_one_line(shell: Shell, given: dict[str, str], said: str) -> None:
    ended = shell.xiaoer(PLAIN | given, "worker")
    assert ended.code == 2
    [line] = ended.err.strip().splitlines()
    assert said in line
    assert "secret" not in line


def test_a_redis_that_is_not_there_is_one_line(shell: Shell, postgres_url: str) -> None:
    given = {"XIAOER_DATABASE_URL": postgres_url, "XIAOER_REDIS_URL": "redis://127.0.0.1:1/0"}
    ended = shell.xiaoer(PLAIN | given, "worker")
    assert ended.code == 2
    assert "XIAOER_REDIS_URL cannot be reached" in ended.err.strip().splitlines()[-1]
