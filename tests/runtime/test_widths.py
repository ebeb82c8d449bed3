"""An endpoint that says "too many at once" is asked by half as many, and by more again as long as that goes well."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from bot import demo
from bot.app import platforms
from bot.clock import ManualClock, SystemClock
from bot.model.tables import OutboxRow
from bot.platforms.http import Http
from bot.platforms.limits import EmbeddedCounters, Limits
from bot.platforms.simulator import Simulator, SimulatorConfig
from bot.runtime.attempts import Attempts
from bot.runtime.files import Files
from bot.storage.database import Database
from bot.storage.queue import EmbeddedQueue
from bot.storage.work import Store
from tests.world import START

ENDPOINT = "externalcontact/get_follow_user_list"
TOGETHER = 16


class Crowd:
    """Sixteen calls that all leave at the same moment, again and again."""

    def __init__(self, simulator: Simulator, attempts: Attempts, clock: ManualClock) -> None:
        self.simulator, self._attempts, self._clock = simulator, attempts, clock

    async def comes(self) -> Counter[str]:
        rows = [
            OutboxRow(id=n, platform="wecom", endpoint=ENDPOINT, planned_at=START, ready_at=START)
            for n in range(TOGETHER)
        ]
        self.simulator.faults.clear()
        self.simulator.faults.hang(ENDPOINT, 0.1, times=TOGETHER)
        ended = await asyncio.gather(*map(self._attempts.make, rows))
        self._clock.advance(timedelta(seconds=5))
        return Counter("refused" if one.errcode else "sent" if one.again_at is None else "kept" for one in ended)


@pytest.fixture
async def crowd(tmp_path: Path) -> AsyncIterator[Crowd]:
    simulator, clock = Simulator(SystemClock(), SimulatorConfig(calls_at_once=4)), ManualClock(START)
    server = TestServer(simulator.app)
    await server.start_server()
    key, _public = demo.archive_keys(tmp_path)
    settings = demo.settings(simulator.config, str(server.make_url("/")).rstrip("/"), key)
    database = Database(f"sqlite:///{tmp_path}/xiaoer.db")
    files = Files(Store(database, EmbeddedQueue(), clock), tmp_path, {})
    async with ClientSession() as session:
        adapters = platforms(settings, Http(session), clock)
        yield Crowd(simulator, Attempts(clock, adapters, files, Limits(EmbeddedCounters())), clock)
    await simulator.close()
    await server.close()
    database.close()


async def test_half_as_many_at_once_until_it_is_not_too_many_and_then_more_again(crowd: Crowd) -> None:
    assert await crowd.comes() == {"sent": 4, "refused": 12}
    assert await crowd.comes() == {"sent": 4, "refused": 4, "kept": 8}
    assert await crowd.comes() == {"sent": 4, "kept": 12}
    crowd.simulator.config = replace(crowd.simulator.config, calls_at_once=None)
    sent = [(await crowd.comes())["sent"] for _time in range(14)]
    assert sent == sorted(sent)
    assert (sent[0], sent[-1]) == (5, TOGETHER)
