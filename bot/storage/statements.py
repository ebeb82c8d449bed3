"""Statements that SQLite and PostgreSQL spell alike but SQLAlchemy keeps apart, and rows by their state."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    CursorResult,
    Executable,
    Row,
    Table,
    bindparam,
    column,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel, col

from bot.storage import prepared, touched

MOST_ROWS = 64
ONE: ColumnElement[int] = literal_column("1")
SQLITE = sqlite.dialect(json_serializer=lambda value: orjson.dumps(value).decode(), paramstyle="qmark")
"""SQLite as `bot.storage.database` opens it."""


def table_of(model: type[SQLModel]) -> Table:
    table = model.__table__  # type: ignore[attr-defined]
    assert isinstance(table, Table)
    return table


def _insert(session: Session, model: type[SQLModel]) -> sqlite.Insert | postgresql.Insert:
    return _insert_for(session.get_bind().dialect.name, model)


def _insert_for(dialect: str, model: type[SQLModel]) -> sqlite.Insert | postgresql.Insert:
    table = table_of(model)
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def insert_new(
    connection: Connection, model: type[SQLModel], rows: Sequence[Mapping[str, Any]], tell: Sequence[str] = ()
) -> Sequence[Row[Any]]:
    """Insert rows in one go; a row whose unique key is there already is left as it stands. All name the same columns.

    PostgreSQL gets them as one JSON document, which costs a third of what so many parameters do, and returns the
    columns in `tell` of the rows that are new; SQLite returns nothing.

    SQLite gets many rows a statement: its driver lets go of the interpreter's lock at every statement, and getting it
    back beside a busy event loop costs more than a row does.
    """
    if not rows:
        return ()
    names = tuple(column.name for column in table_of(model).c if column.name in rows[0])  # as INSERT orders them
    if connection.dialect.name != "sqlite":
        told = connection.execute(_insert_document(model, names, tuple(tell)), {"rows": rows})
        return told.all() if tell else ()
    stores = _stores(model, names)
    for first, count in _chunks(len(rows)):
        values = [
            store(row[name]) if store else row[name] for row in rows[first : first + count] for name, store in stores
        ]
        connection.exec_driver_sql(_many_values(model, names, count), tuple(values))
    return ()


@lru_cache(maxsize=64)
def _insert_document(model: type[SQLModel], names: tuple[str, ...], tell: tuple[str, ...]) -> Executable:
    """PostgreSQL's INSERT of the rows in a JSON document."""
    columns = table_of(model).c
    document = func.json_to_recordset(bindparam("rows", type_=JSON))
    given = document.table_valued(*(column(name, columns[name].type) for name in names))
    rows = select(*given.render_derived("given", with_types=True).c)
    insert = postgresql.insert(table_of(model)).from_select(names, rows).on_conflict_do_nothing()
    return insert.returning(*(columns[name] for name in tell)) if tell else insert


def _chunks(count: int) -> Iterator[tuple[int, int]]:
    """Where each chunk begins and how long it is: powers of two, so that there are few different statements."""
    first = 0
    while first < count:
        size = min(MOST_ROWS, 1 << ((count - first).bit_length() - 1))
        yield first, size
        first += size


@lru_cache(maxsize=128)
def _many_values(model: type[SQLModel], names: tuple[str, ...], count: int) -> str:
    """The INSERT of `count` rows, with a question mark a value."""
    row = dict.fromkeys(names)
    insert: sqlite.Insert = sqlite.insert(table_of(model)).values([row] * count)
    return str(insert.on_conflict_do_nothing().compile(dialect=SQLITE))


@lru_cache(maxsize=64)
def _stores(model: type[SQLModel], names: tuple[str, ...]) -> list[tuple[str, Callable[[Any], Any] | None]]:
    """How the values of each column are written; None where they stay as they are."""
    columns = table_of(model).c
    return [(name, columns[name].type.dialect_impl(SQLITE).bind_processor(SQLITE)) for name in names]


def insert_one(session: Session, model: type[SQLModel], row: Mapping[str, Any]) -> bool:
    """Insert a row; False when its unique key is there already."""
    return _insert_returning(session, model, row, ONE) is not None


def insert_id(session: Session, model: type[SQLModel], row: Mapping[str, Any]) -> int | None:
    """Insert a row and return its id; None when its unique key is there already."""
    found: int | None = _insert_returning(session, model, row, table_of(model).c.id)
    return found


def _insert_returning(session: Session, model: type[SQLModel], row: Mapping[str, Any], told: ColumnElement[Any]) -> Any:
    insert = _insert_or_leave(session.get_bind().dialect.name, model, told)
    found = prepared.rows(session, insert, row)
    if not found:
        return None
    touched.remember(session, table_of(model).name, row)
    return found[0][0]


@lru_cache(maxsize=256)
def _insert_or_leave(dialect: str, model: type[SQLModel], told: ColumnElement[Any]) -> Any:
    """Built once: with the values in it, the statement would cost more than the database does."""
    return _insert_for(dialect, model).on_conflict_do_nothing().returning(told)


def append(session: Session, model: type[SQLModel], row: Mapping[str, Any]) -> None:
    """Insert a row of a history, which nothing in this transaction holds as an object: a fifth of what that costs."""
    prepared.execute(session, _plain_insert(model), row)


@lru_cache(maxsize=64)
def _plain_insert(model: type[SQLModel]) -> Executable:
    return table_of(model).insert().inline()


def append_many(session: Session, model: type[SQLModel], rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert rows that nothing holds as objects; a column that a row does not name has its default."""
    session.connection().execute(_plain_insert(model), [{**blank(model), **row} for row in rows])


def blank(model: type[SQLModel]) -> dict[str, Any]:
    """The values of a row of which nothing is known yet; a column that must be named is missing."""
    return {**_defaults(model)}


@lru_cache(maxsize=64)
def _defaults(model: type[SQLModel]) -> Mapping[str, Any]:
    fields = {name: field for name, field in model.model_fields.items() if not field.is_required() and name != "id"}
    return {name: field.get_default(call_default_factory=True) for name, field in fields.items()}


def ask(session: Session, question: Executable, **values: Any) -> Sequence[tuple[Any, ...]]:
    """The rows of a question that was built once, with its values filled in; what is pending is written before.

    Building a question takes longer than its answer, and objects longer than rows.
    """
    session.flush()
    return prepared.rows(session, question, values)


def upsert(session: Session, model: type[SQLModel], rows: Sequence[Mapping[str, Any]], key: Sequence[str]) -> None:
    """Insert rows, or bring the ones with the same `key` up to date."""
    if not rows:
        return
    statement = _insert(session, model)
    changed = {name: statement.excluded[name] for name in rows[0] if name not in key}
    session.connection().execute(statement.on_conflict_do_update(index_elements=list(key), set_=changed), list(rows))


def count_up(session: Session, model: type[SQLModel], key: Mapping[str, Any], most: int) -> bool:
    """Add one to the `count` of the row with this key, which begins at 1; False when it stands at `most`."""
    one_more = _one_more(session.get_bind().dialect.name, model, tuple(key))
    return most > 0 and bool(prepared.rows(session, one_more, {**key, "count": 1, "most": most}))


@lru_cache(maxsize=64)
def _one_more(dialect: str, model: type[SQLModel], key: tuple[str, ...]) -> Any:
    counted, insert = table_of(model).c.count, _insert_for(dialect, model)
    is_room = counted < bindparam("most")
    counts = insert.on_conflict_do_update(index_elements=list(key), set_={"count": counted + 1}, where=is_room)
    return counts.returning(ONE)


def changed(session: Session, statement: Executable) -> int:
    """Execute an UPDATE or DELETE; returns how many rows it touched."""
    done = session.connection().execute(statement)
    assert isinstance(done, CursorResult)
    return done.rowcount


def in_state(state: str, *states: str) -> ColumnElement[bool]:
    """`state` is one of these, as literals: only then do the engines see that an index of open rows will do."""
    written: list[ColumnElement[str]] = [literal_column(f"'{name}'") for name in states]
    return col(state).in_(written) if len(states) > 1 else col(state) == written[0]
