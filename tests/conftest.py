"""What every test may ask for."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.world import World
from tests.world import world as a_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """The whole bot with the simulated platform, read in and at rest."""
    async with a_world(tmp_path) as here:
        yield here
