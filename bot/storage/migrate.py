"""Brings the database up to this version's tables, and compares the two."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlmodel import SQLModel, text

import bot.model.tables
from bot.storage.addresses import check_database
from bot.storage.database import Database

FOLDER = Path(__file__).parent / "migrations"
LOCK = 20_130_523
"""Whoever migrates holds the advisory lock of this number until its connection ends."""
assert bot.model.tables


def migrate(url: str) -> None:
    """Apply every migration that the database does not have yet; of processes that start together, one does it."""
    check_database(url)
    database = Database(url)
    try:
        with database.engine.connect() as connection:
            if not database.is_sqlite:
                connection.execute(text("SELECT pg_advisory_lock(:number)"), {"number": LOCK})
            command.upgrade(_config(connection), "head")
            connection.commit()
    finally:
        database.close()


def revise(url: str, message: str) -> None:
    """Write a migration for what the tables have that the database at `url` has not: for developers."""
    database = Database(url)
    try:
        with database.engine.connect() as connection:
            number = len(list((FOLDER / "versions").glob("[0-9]*.py"))) + 1
            command.revision(_config(connection), message, autogenerate=True, rev_id=f"{number:04}")
    finally:
        database.close()


def differences(url: str) -> list[object]:
    """What the tables have that the migrations do not make, or the other way round; empty when all is well."""
    database = Database(url)
    try:
        with database.engine.connect() as connection:
            return list(compare_metadata(MigrationContext.configure(connection), SQLModel.metadata))
    finally:
        database.close()


def _config(connection: object) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config
