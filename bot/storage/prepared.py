"""Statements that are put together once, and from then on go straight to SQLite's driver.

What SQLAlchemy does for every single execution takes twenty times as long as SQLite does. It still spells each
statement and converts each value; only the questions of how are asked once. PostgreSQL's statements take its own road.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Executable
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

_NAME = "connection"
Convert = Callable[[Any], Any]
Values = Mapping[str, Any]
Row = tuple[Any, ...]
Place = tuple[str, int | None, Convert | None, Any]


@dataclass(frozen=True, slots=True)
class _Spelled:
    """A statement as the driver takes it: where each of its values comes from, and what becomes of what it answers."""

    sql: str
    given: Sequence[tuple[str, Convert | None]]
    """The values that stand at the places of its question marks, when it is given all of them by name."""
    places: Sequence[Place]
    """The same for a statement that has lists, or values of its own."""
    answers: Sequence[tuple[int, Convert]]

    def filled(self, values: Values) -> list[Any]:
        if self.given:
            return [values[name] if convert is None else convert(values[name]) for name, convert in self.given]
        return [
            fixed if not name else _value(values[name] if index is None else _item(values[name], index), convert)
            for name, index, convert, fixed in self.places
        ]

    def read(self, row: Row) -> Row:
        read = list(row)
        for index, convert in self.answers:
            read[index] = convert(read[index])
        return tuple(read)


def _value(value: Any, convert: Convert | None) -> Any:
    return value if convert is None else convert(value)


def _item(items: Sequence[Any], index: int) -> Any:
    """An item of a list; what it is filled up with repeats its last one."""
    return items[min(index, len(items) - 1)]


MOST = 2000
"""Statements that are remembered; then all are forgotten, and those still in use spelled anew."""
_lists: dict[tuple[Any, ...], tuple[str, ...]] = {}
_spelled: dict[tuple[Any, ...], _Spelled] = {}


def rows(session: Session, question: Executable, values: Values) -> Sequence[Row]:
    """The rows that a statement answers with. It has to be one that lives on: it is remembered."""
    connection, driver = _connected(session)
    if driver is None:
        return [tuple(row) for row in connection.execute(question, dict(values)).all()]
    spelled = _spell(question, connection.dialect, values)
    found = _execute(driver, spelled, values).fetchall()
    return [spelled.read(row) for row in found] if spelled.answers else found


def execute(session: Session, statement: Executable, values: Values) -> int:
    """Carry out a statement that lives on; returns how many rows it touched."""
    connection, driver = _connected(session)
    if driver is None:
        return connection.execute(statement, dict(values)).rowcount
    return _execute(driver, _spell(statement, connection.dialect, values), values).rowcount


def _connected(session: Session) -> tuple[Connection, sqlite3.Connection | None]:
    """The connection of the session's transaction, and SQLite's driver below it.

    A savepoint of the session's own is set when the connection is first asked for.
    """
    known: tuple[Connection, sqlite3.Connection | None] | None = session.info.get(_NAME)
    if known is None or known[0].closed or session.in_nested_transaction():
        connection = session.connection()
        driver: Any = connection.connection.driver_connection if connection.dialect.name == "sqlite" else None
        known = session.info[_NAME] = connection, driver
    return known


def _execute(driver: sqlite3.Connection, spelled: _Spelled, values: Values) -> sqlite3.Cursor:
    """What goes wrong is told as SQLAlchemy tells it, without the values."""
    try:
        filled = spelled.filled(values)
    except Exception as error:
        raise StatementError(str(error), spelled.sql, None, error, hide_parameters=True) from error
    try:
        return driver.execute(spelled.sql, filled)
    except sqlite3.Error as error:
        raise DBAPIError.instance(spelled.sql, None, error, sqlite3.Error, hide_parameters=True) from error


# ── spelling ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _spell(statement: Executable, dialect: Dialect, values: Values) -> _Spelled:
    """The statement for values of these names. Lists are filled up to a power of two, so that spellings are few."""
    shape = (statement, *values)
    lists = _lists.get(shape)
    if lists is None:
        lists = _lists[shape] = tuple(_lists_in(statement, dialect, values))
    key = (*shape, *(_size(values[name]) for name in lists)) if lists else shape
    spelled = _spelled.get(key)
    if spelled is None:
        _make_room()
        filled_up = {name: [_item(values[name], n) for n in range(_size(values[name]))] for name in lists}
        spelled = _spelled[key] = _prepare(statement, dialect, {**values, **filled_up})
    return spelled


def _make_room() -> None:
    if len(_spelled) >= MOST:
        _spelled.clear()
        _lists.clear()


def _size(items: Sequence[Any]) -> int:
    return 1 << (len(items) - 1).bit_length() if items else 0


def _compiled(statement: Executable, dialect: Dialect, values: Values) -> SQLCompiler:
    compiled = statement.compile(dialect=dialect, column_keys=list(values))  # type: ignore[attr-defined]
    assert isinstance(compiled, SQLCompiler)
    return compiled


def _lists_in(statement: Executable, dialect: Dialect, values: Values) -> Iterator[str]:
    """The values that are spelled out one by one, as IN does."""
    binds = _compiled(statement, dialect, values).binds.values()
    return (bind.key for bind in binds if bind.expanding and bind.key in values)


def _prepare(statement: Executable, dialect: Dialect, values: Values) -> _Spelled:
    compiled = _compiled(statement, dialect, values)
    expanded = compiled.construct_expanded_state(dict(values))
    converts: dict[str, Any] = {name: _writes(bind.type, dialect) for bind, name in compiled.bind_names.items()}
    converts |= expanded.processors
    lists = expanded.parameter_expansion.items()
    items = {name: (of, index) for of, names in lists for index, name in enumerate(names)}

    def place(name: str) -> Place:
        of, index = items.get(name, (name, None))
        if of in values:
            return of, index, converts.get(name), None
        return "", None, None, _value(expanded.parameters[name], converts.get(name))

    places = list(map(place, expanded.positiontup or ()))
    are_given = all(name and index is None for name, index, _convert, _fixed in places)
    given = [(name, convert) for name, _index, convert, _fixed in places] if are_given else []
    return _Spelled(expanded.statement, given, places, list(_answers(statement, dialect)))


def _writes(type: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    return type.dialect_impl(dialect).bind_processor(dialect)


def _answers(statement: Any, dialect: Dialect) -> Iterator[tuple[int, Convert]]:
    for index, column in enumerate(getattr(statement, "exported_columns", ())):
        convert = column.type.dialect_impl(dialect).result_processor(dialect, None)
        if convert is not None:
            yield index, convert
