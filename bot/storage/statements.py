"""Statements that SQLite and PostgreSQL spell alike but SQLAlchemy keeps apart."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import CursorResult, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel


def table_of(model: type[SQLModel]) -> Table:
    table = model.__table__  # type: ignore[attr-defined]
    assert isinstance(table, Table)
    return table


def _insert(session: Session, model: type[SQLModel]) -> sqlite.Insert | postgresql.Insert:
    dialect = session.get_bind().dialect.name
    table = table_of(model)
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def insert_new(session: Session, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows in one go; a row whose unique key is there already is left as it stands."""
    if rows:
        session.connection().execute(_insert(session, model).on_conflict_do_nothing(), list(rows))


def insert_one(session: Session, model: type[SQLModel], row: Mapping[str, Any]) -> bool:
    """Insert a row; False when its unique key is there already."""
    done = session.connection().execute(_insert(session, model).values(**row).on_conflict_do_nothing())
    return done.rowcount == 1


def upsert(session: Session, model: type[SQLModel], rows: Sequence[Mapping[str, Any]], key: Sequence[str]) -> None:
    """Insert rows, or bring the ones with the same `key` up to date."""
    if not rows:
        return
    statement = _insert(session, model)
    changed = {name: statement.excluded[name] for name in rows[0] if name not in key}
    session.connection().execute(statement.on_conflict_do_update(index_elements=list(key), set_=changed), list(rows))


def changed(session: Session, statement: Executable) -> int:
    """Execute an UPDATE or DELETE; returns how many rows it touched."""
    done = session.connection().execute(statement)
    assert isinstance(done, CursorResult)
    return done.rowcount
