"""Statements that SQLite and PostgreSQL spell alike but SQLAlchemy keeps apart."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import CursorResult, Dialect, Executable, Table, bindparam, func, literal_column, select, true
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
    """Insert rows in one go; a row whose unique key is there already is left as it stands. All name the same columns.

    SQLite gets them as one JSON array in one statement: its driver lets go of the interpreter's lock at every row that
    it is handed, and beside a busy event loop getting it back costs more than the row.
    """
    if not rows:
        return
    if session.get_bind().dialect.name != "sqlite":
        session.connection().execute(_insert(session, model).on_conflict_do_nothing(), list(rows))
        return
    statement, stored = _insert_from_json(model, tuple(rows[0]))
    array = orjson.dumps([[store(row[name]) for name, store in stored] for row in rows]).decode()
    session.connection().execute(statement, {"rows": array})


Store = Callable[[Any], Any]


@lru_cache(maxsize=64)
def _insert_from_json(model: type[SQLModel], names: tuple[str, ...]) -> tuple[Executable, list[tuple[str, Store]]]:
    """An INSERT of all rows of a JSON array of arrays, and how each value is stored."""
    table, dialect = table_of(model), sqlite_dialect()
    each = func.json_each(bindparam("rows")).table_valued("value")
    values = [func.json_extract(each.c.value, f"$[{index}]") for index in range(len(names))]
    insert = sqlite.insert(table).from_select(list(names), select(*values).where(true()), include_defaults=False)
    stored = [(name, table.c[name].type.dialect_impl(dialect).bind_processor(dialect) or _as_it_is) for name in names]
    return insert.on_conflict_do_nothing(), stored


def sqlite_dialect() -> Dialect:
    """SQLite as `bot.storage.database` opens it, with its way of writing JSON."""
    dialect = sqlite.dialect()
    dialect._json_serializer = lambda value: orjson.dumps(value).decode()
    return dialect


def _as_it_is(value: Any) -> Any:
    return value


def insert_one(session: Session, model: type[SQLModel], row: Mapping[str, Any]) -> bool:
    """Insert a row; False when its unique key is there already."""
    insert = _insert(session, model).values(**row).on_conflict_do_nothing().returning(literal_column("1"))
    return session.connection().execute(insert).first() is not None


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
