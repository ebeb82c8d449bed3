"""Brings the database up to this version's tables, and compares the two."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect
from sqlmodel import SQLModel, text

import bot.model.tables
from bot.storage.addresses import check_database
from bot.storage.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).parent / "migrations"
VERSIONS = FOLDER / "versions"
LOCK = 20_130_523
"""Whoever migrates holds the advisory lock of this number until its connection ends."""
assert bot.model.tables


def migrate(url: str) -> None:
    """Apply every migration that the database does not have yet; of processes that start together, one does it."""
    check_database(url)
    database = Database(url)
    try:
        with database.engine.connect() as connection:
            if not _is_up_to_date(connection):
                _upgrade(connection, is_alone=database.is_sqlite)
    finally:
        database.close()


def _is_up_to_date(connection: Connection) -> bool:
    """A look that needs nothing of Alembic, which is slow to load and has nothing to do at most starts."""
    if not inspect(connection).has_table("alembic_version"):
        return False
    newest = max(file.name for file in VERSIONS.glob("[0-9]*.py"))
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [newest[:4]]


def _upgrade(connection: Connection, *, is_alone: bool) -> None:
    from alembic import command

    if not is_alone:
        connection.execute(text("SELECT pg_advisory_lock(:number)"), {"number": LOCK})
    command.upgrade(_config(connection), "head")
    connection.commit()


def revise(url: str, message: str) -> None:
    """Write a migration for what the tables have that the database at `url` has not: for developers."""
    from alembic import command

    database = Database(url)
    try:
        with database.engine.connect() as connection:
            number = len(list(VERSIONS.glob("[0-9]*.py"))) + 1
            command.revision(_config(connection), message, autogenerate=True, rev_id=f"{number:04}")
    finally:
        database.close()


def differences(url: str) -> list[object]:
    """What the tables have that the migrations do not make, or the other way round; empty when all is well."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    database = Database(url)
    try:
        with database.engine.connect() as connection:
            return list(compare_metadata(MigrationContext.configure(connection), SQLModel.metadata))
    finally:
        database.close()


def _config(connection: object) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config
