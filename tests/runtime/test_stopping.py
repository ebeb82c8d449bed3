"""A real process that is told to stop in the middle of a call does not wait for its end, and leaves nothing hanging."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientConnectorError, ClientSession
from aiohttp.test_utils import TestServer
from sqlmodel import Session, select

from bot.clock import SystemClock
from bot.model.calls import Call
from bot.model.ids import TraceId
from bot.model.tables import OutboxRow
from bot.platforms.simulator import Simulator, SimulatorConfig
from bot.settings import HOUSE
from bot.storage.database import Database
from bot.storage.ledger import outbox
from tests import blank
from tests.servers import PATIENCE_S, free_port

GREETING = {"touser": "zhou", "msgtype": "text", "text": {"content": "你好"}}
REPEATABLE = "getcallbackip"
HANGS_S = 3 * PATIENCE_S


class Beside:
    """A platform in this process, a bot in another, and the database between them."""

    def __init__(self, folder: Path, simulator: Simulator, platform: TestServer) -> None:
        self.simulator, self.url = simulator, blank.sqlite(folder / "xiaoer.db")
        self.listen = f"127.0.0.1:{free_port()}"
        config = simulator.config
        self._folder = folder
        self._settings = {
            "XIAOER_LISTEN": self.listen,
            "XIAOER_DATABASE_URL": self.url,
            "XIAOER_KEEP__FOLDER": str(folder / "archive"),
            "XIAOER_WECOM__CORP_ID": config.corp_id,
            "XIAOER_WECOM__AGENT_ID": str(config.agent_id),
            "XIAOER_WECOM__SECRET": config.app_secret,
            "XIAOER_WECOM__TOKEN": config.token,
            "XIAOER_WECOM__AES_KEY": config.aes_key,
            "XIAOER_WECOM__API_BASE": str(platform.make_url("/wecom")),
        }
        self.database = Database(self.url)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.subprocess.Process]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("XIAOER_")}
        bot = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "all", cwd=self._folder, stderr=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL, env=kept | {"PYTHONPATH": str(HOUSE)} | self._settings,
        )  # fmt: skip
        try:
            await self._open_doors(bot)
            yield bot
        finally:
            if bot.returncode is None:
                bot.kill()
            await bot.wait()

    async def _open_doors(self, bot: asyncio.subprocess.Process) -> None:
        async with asyncio.timeout(PATIENCE_S), ClientSession() as session:
            while bot.returncode is None:
                try:
                    async with session.get(f"http://{self.listen}/readyz") as answer:
                        if answer.status == 200:
                            return
                except ClientConnectorError:
                    pass
                await asyncio.sleep(0.1)
        raise AssertionError("the bot does not open its doors")

    def plan(self, *calls: Call) -> None:
        def planned(session: Session) -> None:
            for call in calls:
                outbox.plan(session, call, SystemClock().now(), TraceId(""))

        self.database.run_here(planned)

    def row(self, key: str) -> OutboxRow:
        found = select(OutboxRow).where(OutboxRow.dedupe_key == key)
        return self.database.run_here(lambda session: session.exec(found).one())

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():  # noqa: ASYNC110 - it looks into a database
                await asyncio.sleep(0.05)


@pytest.fixture
async def beside(tmp_path: Path) -> AsyncIterator[Beside]:
    simulator = Simulator(SystemClock(), SimulatorConfig())
    platform = TestServer(simulator.app)
    await platform.start_server()
    made = Beside(tmp_path, simulator, platform)
    yield made
    made.database.close()
    await simulator.close()
    await platform.close()


async def test_a_call_that_hangs_is_given_back_or_unknown_and_the_next_start_goes_on(beside: Beside) -> None:
    async with beside.running() as bot:
        beside.simulator.faults.hang("message/send", HANGS_S)
        beside.plan(Call("message/send", GREETING, key="message"))
        await beside.until(lambda: beside.row("message").state == "sending")
        beside.simulator.faults.hang(REPEATABLE, HANGS_S)
        beside.plan(Call(REPEATABLE, key="look"), Call("message/send", GREETING, key="next", subject="s"))
        await beside.until(lambda: beside.row("look").state == "sending" and beside.row("next").state == "sent")
        bot.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(bot.wait(), PATIENCE_S) == 0
    message, look = beside.row("message"), beside.row("look")
    assert (message.state, look.state) == ("unknown", "planned")
    assert "stopped" in message.reason
    beside.simulator.faults.clear()
    async with beside.running() as again:
        await beside.until(lambda: beside.row("look").state == "sent")
        assert beside.row("message").state == "unknown"
        again.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(again.wait(), PATIENCE_S) == 0
