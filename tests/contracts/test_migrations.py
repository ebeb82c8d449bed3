"""The migrations make exactly the tables that the code names."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.storage import migrate
from tests.servers import PostgresServer


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/xiaoer.db"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.empty_database() as url:
        yield url


def test_migrations_and_tables_agree(empty_url: str) -> None:
    migrate.migrate(empty_url)
    assert migrate.differences(empty_url) == []


def test_migrating_twice_is_harmless(empty_url: str) -> None:
    migrate.migrate(empty_url)
    migrate.migrate(empty_url)
    assert migrate.differences(empty_url) == []
