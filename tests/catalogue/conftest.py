"""The whole bot, started once for all tests of the catalogue."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.catalogue.outside import Outside, outside
from tests.catalogue.stage import Stage
from tests.world import World
from tests.world import world as a_world


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def others() -> AsyncIterator[Outside]:
    """The servers of others: a mail server, a provider of short messages, somebody's shop."""
    async with outside() as servers:
        yield servers


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def shared(tmp_path_factory: pytest.TempPathFactory, others: Outside) -> AsyncIterator[World]:
    folder = tmp_path_factory.mktemp("catalogue")
    sops = folder / "sops"
    sops.mkdir()
    async with a_world(folder, sops=sops, **others.settings) as world:
        yield world


@pytest_asyncio.fixture(loop_scope="package")
async def stage(shared: World) -> Stage:
    here = Stage(shared)
    await shared.bot.refresh()
    await shared.settle()
    return here
