"""A town for tests of SOPs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import i18n
from tests.sops.town import Town


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    i18n.use("en")
    town = Town(tmp_path)
    yield town
    town.close()
    i18n.use(i18n.DEFAULT)
