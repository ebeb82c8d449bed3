"""A SQLite database has one worker: a second one would know nothing of the calls that the first has under way, and keep
the platforms' limits for itself."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import SettingsError
from bot.storage.database import Database


class InUse(SettingsError):
    """Another process works on this database."""


@contextmanager
def alone(database: Database) -> Iterator[None]:
    """Nobody else works on a SQLite database while the block runs, or raises `InUse`. PostgreSQL takes any number.

    The system lets go of the lock when a process ends, however it ends.
    """
    if database.file is None:
        yield
        return
    with Path(f"{database.file}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InUse(
                f"another process works on {database.file}: several workers need PostgreSQL, by XIAOER_DATABASE_URL"
            ) from error
        yield
