"""A database in memory that is thrown away, for simulations and replays: the same tables, the same statements."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlmodel import SQLModel

from bot.model import tables
from bot.storage.database import Database

assert tables  # imported so that every table is known


@contextmanager
def scratch() -> Iterator[Database]:
    """An empty database with every table; gone when the block ends."""
    database = Database("sqlite:///:memory:", writers=1)
    try:
        SQLModel.metadata.create_all(database.engine, checkfirst=False)
        yield database
    finally:
        database.close()
