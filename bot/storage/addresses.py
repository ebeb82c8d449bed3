"""Looks at the database's address before anything is opened: what is wrong is one clear line."""

import os
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from bot.errors import SettingsError
from bot.storage.database import CONNECTION

VARIABLE = "XIAOER_DATABASE_URL"


def check_database(url: str) -> None:
    """Raises `SettingsError` when `url` is malformed, or nobody answers there."""
    try:
        target = make_url(url)
    except ArgumentError as error:
        raise SettingsError(f"{VARIABLE} must be sqlite:///… or postgresql://user:password@host/database") from error
    if target.get_backend_name() == "sqlite":
        _check_folder(Path(target.database or ""))
        return
    engine = create_engine(target.set(drivername="postgresql+psycopg"), connect_args=CONNECTION)
    try:
        engine.connect().close()
    except DBAPIError as error:
        raise SettingsError(f"{VARIABLE} cannot be reached: {_reason(error)}") from error
    finally:
        engine.dispose()


def _check_folder(file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"{VARIABLE} names a folder that cannot be made: {file.parent}") from error
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        raise SettingsError(f"{VARIABLE} names a file that cannot be written: {file}")


def _reason(error: DBAPIError) -> str:
    """What the driver says, in one line; it names host and database, never the password."""
    lines = [line.strip() for line in str(error.orig).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
