"""What goes wrong around the bot: it recovers without hands, loses nothing, and says why."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlmodel import col, select

from bot.app import Bot, opened
from bot.model.calls import Call
from bot.model.lanes import Lane
from bot.model.tables import InboxRow, OutboxRow, Run, StaffTask, TimerRow
from bot.platforms.http import Http
from bot.platforms.simulator.cast import CUSTOMER_GROUP, INTERNAL_GROUP
from bot.settings import HOUSE
from bot.storage.ledger.timers import Timer
from bot.storage.work import Work
from tests.servers import PATIENCE_S, RedisServer
from tests.world import World, world

WELCOME, ADD = "externalcontact/send_welcome_msg", "externalcontact/add_msg_template"
SLOW = "externalcontact/get_corp_tag_list"
IMPATIENT_S = 0.3
A_THOUSAND = 1000


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients give up soon, so that a platform that hangs costs a test little."""
    monkeypatch.setattr(Http.__init__, "__defaults__", (IMPATIENT_S,))


@pytest.fixture
async def hurried(impatient: None, tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as here:
        yield here


def states(here: World, endpoint: str) -> list[str]:
    return list(here.read(select(OutboxRow.state).where(OutboxRow.endpoint == endpoint).order_by(col(OutboxRow.id))))


def open_events(here: World) -> list[Any]:
    return here.read(select(InboxRow).where(InboxRow.state != "done"))


# ── the platform ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_call_that_hangs_holds_up_nobody_and_is_made_again(hurried: World) -> None:
    hurried.wecom.faults.hang(SLOW, seconds=3600)
    await hurried.bot.store.work(lambda work: work.plan(Call(SLOW, key="slow", lane=Lane.BULK)))
    await hurried.wecom.scan("spring", by="mei")
    await hurried.settle()
    assert states(hurried, WELCOME) == ["sent"]
    assert states(hurried, SLOW)[-1] == "planned"
    [row] = hurried.read(select(OutboxRow).where(OutboxRow.dedupe_key == "slow"))
    assert "no answer within" in row.reason
    await hurried.advance(timedelta(minutes=1))
    assert states(hurried, SLOW)[-1] == "sent"


async def test_a_message_that_hangs_is_unknown_and_stays_so(hurried: World) -> None:
    hurried.wecom.faults.hang("message/send", seconds=3600)
    await hurried.wecom.tell("lin", "/help")
    await hurried.settle()
    await hurried.advance(timedelta(hours=2))
    assert states(hurried, "message/send") == ["unknown"]


@pytest.mark.parametrize("fault", ["http", "garbage", "cut", "after"])
async def test_an_outage_delays_and_loses_nothing(world: World, fault: str) -> None:
    harm = getattr(world.wecom.faults, fault)
    for endpoint in ("externalcontact/get", "externalcontact/mark_tag"):
        harm(endpoint, **({"status": 503} if fault == "http" else {}), times=3)
    await world.wecom.scan("spring", by="mei")
    await world.advance(timedelta(minutes=5))
    assert open_events(world) == []
    assert set(states(world, "externalcontact/get")) == {"sent"}
    assert world.wecom.tags_of("mei") == ["渠道/春季"]
    assert world.contact("mei").name == "梅"


async def test_a_welcome_that_no_retry_could_save_is_left_to_the_staff_with_its_reason(world: World) -> None:
    world.wecom.faults.http(WELCOME, 502, times=60)
    await world.wecom.scan("spring", by="mei")
    await world.advance(timedelta(minutes=1))
    assert states(world, WELCOME) == ["expired"]
    [row] = world.read(select(OutboxRow).where(OutboxRow.endpoint == WELCOME))
    assert row.reason == "HTTP 502"
    assert [task.user_id for task in world.read(select(StaffTask))] == ["zhou"]


# ── the machine ────────────────────────────────────────────────────────────────────────────────────────────────────


async def limit_pages(here: World, most: int) -> None:
    """SQLite keeps the limit by connection: the door has one of its own."""

    def set_most(connection: Connection) -> None:
        connection.execute(text(f"PRAGMA max_page_count = {most}"))

    await here.bot.store.database.run(lambda session: set_most(session.connection()))
    await here.bot.store.database.append(set_most)


async def test_a_full_disk_turns_callbacks_away_and_they_come_again(world: World) -> None:
    await limit_pages(world, 1)  # SQLite makes it the present size: not one page more
    contacts = [f"c{number}" for number in range(40)]
    for name in contacts:
        world.wecom.add_contact(name)
        await world.wecom.scan("spring", by=name)
    await world.wecom.settle()
    refused = [one for one in world.wecom.callbacks() if one.status == 500]
    assert refused
    await limit_pages(world, 1_000_000)
    await world.advance(timedelta(seconds=8))
    greeted = {call.body["welcome_code"] for call in world.wecom.calls(WELCOME) if call.errcode == 0}
    assert len(greeted) == len(contacts)
    assert open_events(world) == []


async def test_a_locked_database_is_waited_for(world: World) -> None:
    locker = sqlite3.connect(world.bot.settings.database_url.removeprefix("sqlite:///"), isolation_level=None)
    locker.execute("BEGIN IMMEDIATE")
    await world.wecom.scan("spring", by="mei")
    await asyncio.sleep(1.5)
    assert world.wecom.callbacks() == []  # nobody has said yet that it is kept
    locker.execute("ROLLBACK")
    locker.close()
    await world.settle()
    assert [one.status for one in world.wecom.callbacks()] == [200]
    assert states(world, WELCOME) == ["sent"]


async def test_a_clock_that_jumps_forth_and_back_fires_nothing_twice(world: World) -> None:
    await world.wecom.tell("lin", f"/post {INTERNAL_GROUP} at 11:00 中午见")
    await world.wecom.scan("spring", by="mei")
    await world.settle()
    right = world.clock.now()
    world.clock.move_to(right + timedelta(hours=3))
    await world.settle()
    world.clock.move_to(right)
    await world.settle()
    await world.advance(timedelta(hours=4))
    said = [call for call in world.wecom.calls("webhook/send") if "中午见" in str(call.body)]
    assert len(said) == 1
    assert len(world.wecom.calls(WELCOME)) == 1
    assert len(world.runs("mei", "contact/spring")) == 1
    assert open_events(world) == []
    stuck = select(Run).where(Run.state == "running")
    assert world.read(stuck) == []


async def test_what_was_put_off_by_a_clock_eight_hours_ahead_does_not_wait_eight_hours(world: World) -> None:
    right = world.clock.now()
    world.clock.move_to(right + timedelta(hours=8))
    await world.bot.recover()
    world.wecom.faults.fail("externalcontact/get", -1)
    await world.wecom.scan("spring", by="mei")
    await world.settle()
    await world.wecom.scan("spring", by="another")
    await world.wecom.settle()  # kept, and not yet handled
    world.clock.move_to(right)
    await world.bot.recover()
    await world.advance(timedelta(minutes=1))
    assert open_events(world) == []
    assert set(states(world, "externalcontact/get")) == {"sent"}
    assert states(world, WELCOME) == ["sent", "sent"]


# ── many processes ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("way", ["postgresql", "redis"])
async def test_two_schedulers_and_three_workers_do_everything_once(
    request: pytest.FixtureRequest, tmp_path: Path, way: str
) -> None:
    given: dict[str, Any] = {"database_url": request.getfixturevalue("postgres_url")}
    if way == "redis":
        server: RedisServer = request.getfixturevalue("redis")
        given["redis_url"] = server.url
    async with world(tmp_path, **given) as here, AsyncExitStack() as stack:
        others = [await stack.enter_async_context(opened(here.bot.settings, here.clock)) for _number in range(2)]
        for number in range(4):
            await here.wecom.tell("lin", f"/post {INTERNAL_GROUP} at 11:00 第{number}条")
        await here.wecom.tell("lin", f"/post {CUSTOMER_GROUP} at 11:00 大家好")
        await here.settle()
        await here.bot.store.work(lambda work: set_timers(work, 40))
        here.clock.advance(timedelta(hours=1, minutes=1))
        await run_together([here.bot, *others], schedulers=2, until=lambda: is_over(here))
        said = [body["text"]["content"] for body in here.bodies("webhook/send")]
        assert sorted(said) == [f"第{number}条" for number in range(4)]
        assert len(here.wecom.calls(ADD)) == 1
        fired = here.read(select(InboxRow.dedupe_key).where(InboxRow.source == "timer"))
        assert len(fired) == len(set(fired)) >= 40


def set_timers(work: Work, count: int) -> None:
    for number in range(count):
        work.set_timer(Timer("nudge", f"nudge:{number}", work.now + timedelta(minutes=30), lane=Lane.BULK))


def is_over(here: World) -> bool:
    due = col(TimerRow.due_at) <= here.clock.now()
    if here.read(select(TimerRow.id).where(TimerRow.state == "waiting", due)) or open_events(here):
        return False
    is_open = col(OutboxRow.state).in_(("planned", "sending"))
    if here.read(select(OutboxRow.id).where(is_open, col(OutboxRow.ready_at) <= here.clock.now())):
        return False
    here.clock.advance(timedelta(seconds=5))  # a post to a customer group is held back for a moment
    return bool(here.wecom.calls(ADD))


async def run_together(bots: list[Bot], *, schedulers: int, until: Any) -> None:
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as tasks:
        for number, bot in enumerate(bots):
            bot.stopping.clear()
            tasks.create_task(bot.work())
            if number < schedulers:
                tasks.create_task(bot.keep_time())
        while not until():  # noqa: ASYNC110 - it looks into a database
            await asyncio.sleep(0.05)
        for bot in bots:
            bot.stopping.set()


# ── many at once ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_thousand_contacts_in_one_second_are_a_thousand_welcomes(tmp_path: Path) -> None:
    """One staff member, one live code, one second: whoever tells them apart by these three greets one of them."""
    sops = tmp_path / "sops"
    (sops / "contact").mkdir(parents=True)
    shutil.copy(HOUSE / "sops" / "contact" / "welcome.yaml", sops / "contact")
    async with world(tmp_path, sops=sops) as here:
        spring = await here.wecom.contact_way(state="spring", staff="zhou")
        scans = [
            await here.wecom.scan(spring, by=here.wecom.add_contact(f"c{number}", joined_accounts=False))
            for number in range(A_THOUSAND)
        ]
        assert len({(scan.at, scan.userid, scan.state) for scan in scans}) == 1
        await here.settle()
        welcomed = [call.body["welcome_code"] for call in here.wecom.calls(WELCOME) if call.errcode == 0]
        assert len(welcomed) == A_THOUSAND
        assert set(welcomed) == {scan.welcome_code for scan in scans}
