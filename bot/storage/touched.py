"""Whose facts a unit of work has changed, by table: what segments are judged anew for.

Subjects are keys such as `contact:7`. What goes through the session's objects is noticed at flush, what is inserted by
statement where that is done; an UPDATE by statement says so itself.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session as AnySession
from sqlalchemy.orm import UOWTransaction
from sqlmodel import Session

_NAME = "touched"
Touched = Mapping[str, set[str]]
"""The tables that were written to, by the subject whose facts stand there."""


def remember(session: AnySession, table: str, row: Mapping[str, Any]) -> None:
    """A row of a table has been written."""
    for subject in _subjects(table, row):
        session.info.setdefault(_NAME, {}).setdefault(subject, set()).add(table)


def take(session: Session) -> Touched:
    """What was touched since this was last asked."""
    session.flush()
    found: Touched = session.info.pop(_NAME, {})
    return found


def _subjects(table: str, row: Mapping[str, Any]) -> Iterator[str]:
    if row.get("contact_id") is not None:
        yield f"contact:{row['contact_id']}"
    if row.get("chat_id") is not None:
        yield f"group:{row['chat_id']}"
    if row.get("user_id") is not None:
        yield f"staff:{row['user_id']}"
    if table == "external_contact" and row.get("id") is not None:
        yield f"contact:{row['id']}"
    if table == "run":
        yield str(row["subject"])


@event.listens_for(AnySession, "after_flush")
def _notice(session: AnySession, _flush: UOWTransaction) -> None:
    for row in (*session.new, *session.dirty, *session.deleted):
        remember(session, row.__tablename__, vars(row))
