"""Errors of the database that are nobody's fault: another transaction was in the way, or the server is in trouble.

What failed so is done again, however often; it says nothing about the event that was just being handled.
"""

import sqlite3

from sqlalchemy import TextClause
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import Session, text

IMPATIENT, PATIENT = text("SET LOCAL lock_timeout = 300"), text("SET LOCAL lock_timeout TO DEFAULT")
"""Milliseconds. Of two who wait for each other, PostgreSQL finds out after a second only."""
IN_THE_WAY = ("40001", "40P01", "55P03")
IN_TROUBLE = ("08", "53", "57P", "58")
"""Connections, resources such as disk and memory, a server that is being stopped, and the system below it.

Source: postgresql.org/docs/current/errcodes-appendix.html
"""
SQLITE_IN_TROUBLE = ("SQLITE_BUSY", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_NOMEM", "SQLITE_READONLY", "SQLITE_CANTOPEN")


def be_impatient(session: Session) -> None:
    """Wait for a lock no longer than a moment, in this transaction. SQLite has one writer, and nobody to wait for."""
    _wait(session, IMPATIENT)


def be_patient(session: Session) -> None:
    """Wait for locks as long as it takes, where nobody would come back for what was given up."""
    _wait(session, PATIENT)


def _wait(session: Session, how: TextClause) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(how)


def is_in_the_way(error: Exception) -> bool:
    """Whether another transaction holds what this one needs."""
    return isinstance(error, DBAPIError) and _code(error) in IN_THE_WAY


def is_trouble(error: Exception) -> bool:
    """Whether the database cannot work at the moment, whatever it is asked. No code: nobody was there to give one."""
    if not isinstance(error, DBAPIError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        return _code(error).startswith(SQLITE_IN_TROUBLE)
    nobody_answered = isinstance(error, OperationalError) and not _code(error)
    return nobody_answered or error.connection_invalidated or _code(error).startswith(IN_TROUBLE)


def _code(error: DBAPIError) -> str:
    name = "sqlite_errorname" if isinstance(error.orig, sqlite3.Error) else "sqlstate"
    return str(getattr(error.orig, name, None) or "")
