"""SQLite has one worker: a second is refused in one line, and `xiaoer sync` leaves the work to the one that runs."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlmodel import select

from bot import cli
from bot.clock import SystemClock
from bot.errors import SettingsError
from bot.model.tables import TimerRow
from bot.serve import serve
from bot.storage.sole import alone
from tests.world import World
from tests.world import world as a_world

DUE = select(TimerRow.id).where(TimerRow.state == "waiting")


def as_variables(world: World) -> dict[str, str]:
    """The world's settings, as a command reads them."""
    wecom = world.bot.settings.wecom
    assert wecom is not None
    return {
        "XIAOER_DATABASE_URL": world.bot.settings.database_url,
        "XIAOER_LANGUAGE": "en",
        "XIAOER_WECOM__CORP_ID": wecom.corp_id,
        "XIAOER_WECOM__AGENT_ID": str(wecom.agent_id),
        "XIAOER_WECOM__SECRET": wecom.secret.get_secret_value(),
        "XIAOER_WECOM__TOKEN": wecom.token.get_secret_value(),
        "XIAOER_WECOM__AES_KEY": wecom.aes_key.get_secret_value(),
        "XIAOER_WECOM__API_BASE": wecom.api_base,
    }


@pytest.fixture
async def today(tmp_path: Path) -> AsyncIterator[World]:
    """Commands go by the machine's clock, so the world does too."""
    async with a_world(tmp_path, SystemClock().now()) as here:
        yield here


async def test_a_second_worker_is_refused(world: World) -> None:
    with alone(world.bot.store.database), pytest.raises(SettingsError, match="several workers need PostgreSQL"):
        await serve(world.bot, ["worker"])


@pytest.mark.parametrize("is_running", [True, False])
async def test_sync_works_where_nobody_else_does(today: World, is_running: bool) -> None:
    before = len(today.wecom.calls("department/list"))
    order = asyncio.create_task(asyncio.to_thread(CliRunner().invoke, cli.sync, env=as_variables(today)))
    if is_running:
        with alone(today.bot.store.database):
            while not order.done() and not today.read(DUE.where(TimerRow.due_at <= SystemClock().now())):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            assert len(today.wecom.calls("department/list")) == before
            today.clock.move_to(SystemClock().now())
            await today.settle()
            done = await order
    else:
        done = await order
    assert done.exit_code == 0, done.output
    assert len(today.wecom.calls("department/list")) == before + 1
    assert "found" in done.output.splitlines()[-1]
