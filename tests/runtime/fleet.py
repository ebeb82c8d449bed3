"""Real processes of the bot beside a platform in this one: started, killed without warning, started again."""

import asyncio
import os
import random
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from aiohttp import ClientConnectorError, ClientSession
from aiohttp.test_utils import TestServer

from bot.cli import main
from bot.clock import SystemClock
from bot.platforms.simulator import Simulator, SimulatorConfig
from tests import blank
from tests.servers import PATIENCE_S, free_port

NURSERY = get_context("forkserver")
NURSERY.set_forkserver_preload(["bot.app", "bot.serve", "handlers.commands", "bot.storage.redis_queue", __name__])
"""What every process would load is loaded once; each begins as a copy of that."""


def live(role: str, folder: Path, settings: Mapping[str, str]) -> None:
    """What `xiaoer ROLE` does when it is typed in a folder."""
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    os.chdir(folder)
    for name in [name for name in os.environ if name.startswith("XIAOER_")]:
        del os.environ[name]
    os.environ.update(settings)
    sys.argv = ["xiaoer", role]
    main()


class Fleet:
    """The processes of one bot, by their role. `given` are settings beside those of the platform."""

    def __init__(self, folder: Path, simulator: Simulator, base: str, key: Path, given: Mapping[str, str]) -> None:
        self._folder = folder
        self.listen = f"127.0.0.1:{free_port()}"
        config = simulator.config
        self._settings = {
            "XIAOER_LISTEN": self.listen,
            "XIAOER_DATABASE_URL": f"sqlite:///{folder}/xiaoer.db",
            "XIAOER_KEEP__FOLDER": str(folder / "archive"),
            "XIAOER_WECOM__CORP_ID": config.corp_id,
            "XIAOER_WECOM__AGENT_ID": str(config.agent_id),
            "XIAOER_WECOM__SECRET": config.app_secret,
            "XIAOER_WECOM__TOKEN": config.token,
            "XIAOER_WECOM__AES_KEY": config.aes_key,
            "XIAOER_WECOM__API_BASE": f"{base}/wecom",
            "XIAOER_ARCHIVE__PULL_BASE": f"{base}/archive",
            "XIAOER_ARCHIVE__PULL_SECRET": config.archive_secret,
            "XIAOER_ARCHIVE__PRIVATE_KEY": str(key),
            **given,
        }
        self.url = self._settings["XIAOER_DATABASE_URL"]
        self._processes: list[tuple[str, ForkServerProcess]] = []

    async def start(self, roles: Sequence[str]) -> None:
        """Start a process for each role, and return when the door is open."""
        for role in roles:
            process = NURSERY.Process(target=live, args=(role, self._folder, self._settings), daemon=True)
            await asyncio.to_thread(process.start)
            self._processes.append((role, process))
        async with asyncio.timeout(PATIENCE_S), ClientSession() as session:
            while not await self._is_open(session):  # noqa: ASYNC110 - it is another process that we wait for
                await asyncio.sleep(0.05)

    async def kill_one(self, draw: random.Random) -> str:
        """kill -9 one of them; returns the role that is missing now."""
        victim = draw.randrange(len(self._processes))
        role, process = self._processes.pop(victim)
        process.kill()
        await asyncio.to_thread(process.join)
        return role

    async def stop_all(self) -> Sequence[int | None]:
        """Tell all of them to stop, as an upgrade does; returns how they ended."""
        for _role, process in self._processes:
            process.terminate()
        for _role, process in self._processes:
            await asyncio.to_thread(process.join, PATIENCE_S)
        return [process.exitcode for _role, process in self._processes]

    async def kill_all(self) -> None:
        while self._processes:
            _role, process = self._processes.pop()
            process.kill()
            await asyncio.to_thread(process.join)

    async def _is_open(self, session: ClientSession) -> bool:
        try:
            async with session.get(f"http://{self.listen}/healthz") as answer:
                return answer.status == 200
        except ClientConnectorError:
            return False


@asynccontextmanager
async def a_fleet(folder: Path, given: Mapping[str, str]) -> AsyncIterator[tuple[Fleet, Simulator]]:
    """A platform that brings callbacks again for as long as nobody takes them, and a fleet that is not started yet."""
    key, public = blank.archive_keys(folder)
    config = SimulatorConfig(archive_public_key=public, deliveries=200, retry_after_s=0.3)
    simulator = Simulator(SystemClock(), config)
    platform = TestServer(simulator.app)
    await platform.start_server()
    fleet = Fleet(folder, simulator, str(platform.make_url("/")).rstrip("/"), key, given)
    simulator.connect(wecom=f"http://{fleet.listen}/callback/wecom", official=None)
    try:
        yield fleet, simulator
    finally:
        await fleet.kill_all()
        await simulator.close()
        await platform.close()
