"""One stage per test; `make_stage` opens one with other settings."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import pytest
from aiohttp.test_utils import TestServer

from bot.clock import ManualClock
from bot.platforms.simulator import SimulatorConfig

from .stage import Stage, open_stage

MakeStage = Callable[[SimulatorConfig], Awaitable[Stage]]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 3, 2, 2, 0, tzinfo=UTC))


@pytest.fixture
async def make_stage(clock: ManualClock) -> AsyncIterator[MakeStage]:
    opened: list[tuple[Stage, TestServer]] = []

    async def make(config: SimulatorConfig) -> Stage:
        opened.append(await open_stage(config, clock))
        return opened[-1][0]

    yield make
    for stage, server in opened:
        await stage.simulator.close()
        await stage.client.close()
        await server.close()


@pytest.fixture
async def stage(make_stage: MakeStage) -> Stage:
    return await make_stage(SimulatorConfig())
