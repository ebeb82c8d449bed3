"""The migrations make exactly the tables that the code names."""

from bot.storage import migrate


def test_migrations_and_tables_agree(url: str) -> None:
    migrate.migrate(url)
    assert migrate.differences(url) == []


def test_migrating_twice_is_harmless(url: str) -> None:
    migrate.migrate(url)
    migrate.migrate(url)
