"""Building blocks of segments: conditions on rows beside the subject, and the questions asked of whole audiences."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

import orjson
from sqlalchemy import (
    JSON,
    BindParameter,
    Boolean,
    Column,
    ColumnElement,
    Executable,
    Float,
    Integer,
    SQLColumnExpression,
    String,
    Table,
    bindparam,
    case,
    cast,
    extract,
    func,
    join,
    literal,
    true,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import aliased
from sqlalchemy.sql import visitors
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import NullType, TypeEngine
from sqlmodel import Session, col, select

from bot.model.tables import Behaviour

Clause = ColumnElement[bool]
P = TypeVar("P")
Expression = SQLColumnExpression[Any]
Question = Executable
SHOWN = 20
"""How many values of a many-valued fact an explanation names."""


def some_row(tables: Sequence[Table], on: Clause, condition: Clause) -> Clause:
    """Whether any row of `tables` that belongs to the subject by `on` meets `condition`."""
    rows = select(literal(1)).select_from(*tables).where(on, condition)
    return rows.correlate_except(*tables).exists()


def over_rows(tables: Sequence[Table], on: Clause, value: Expression) -> Expression:
    """An aggregate over the rows that belong to the subject, as one value of the subject."""
    return select(value).select_from(*tables).where(on).correlate_except(*tables).scalar_subquery()


def ratio(condition: Clause) -> Expression:
    """Over rows: how many meet a condition, as a share of how many do not; NULL when all of them do."""
    met = func.sum(case((condition, 1), else_=0))
    return cast(met, Float) / func.nullif(func.count() - met, 0)


def has_item(column: Expression, value: str | int) -> Clause:
    """Whether a JSON array holds a value; the array is compared as text, which both databases spell alike."""
    written = cast(column, String)
    if isinstance(value, str):
        return written.contains(orjson.dumps(value).decode(), autoescape=True)
    bare = func.replace(func.replace(func.replace(written, "[", ","), "]", ","), " ", "")
    return (literal(",") + bare + literal(",")).contains(f",{value},", autoescape=True)


def has_item_of(column: Expression, value: Expression) -> Clause:
    """Whether a JSON array of ids holds the id in another column."""
    return cast(column, String).contains(literal('"') + value + literal('"'))


def has_items(column: Expression) -> Clause:
    """Whether a JSON array holds anything."""
    return cast(column, String).not_in(("[]", "null"))


class _JsonValue(GenericFunction[Any]):
    """A value of a JSON object by its name, if it is of the wanted type: text, number or flag; else NULL.

    SQLite and PostgreSQL would each turn other types into one another in their own way.
    """

    name = "json_value"
    inherit_cache = True


_SQLITE_TYPES = {"text": "('text')", "number": "('integer', 'real')", "flag": "('true', 'false')"}
_POSTGRES_TYPES = {"text": "string", "number": "number", "flag": "boolean"}
_POSTGRES_CASTS = {"text": "TEXT", "number": "DOUBLE PRECISION", "flag": "BOOLEAN"}


@compiles(_JsonValue, "sqlite")
def _json_value_sqlite(element: Any, compiler: Any, **more: Any) -> str:
    column, name, wanted = element.clauses
    document, path = compiler.process(column, **more), compiler.process(literal('$."') + name + '"', **more)
    kinds = _SQLITE_TYPES[wanted.value]
    return f"CASE WHEN json_type({document}, {path}) IN {kinds} THEN json_extract({document}, {path}) END"


@compiles(_JsonValue, "postgresql")
def _json_value_postgresql(element: Any, compiler: Any, **more: Any) -> str:
    column, name, wanted = element.clauses
    document, key = compiler.process(column, **more), compiler.process(name, **more)
    kind, cast_to = _POSTGRES_TYPES[wanted.value], _POSTGRES_CASTS[wanted.value]
    value = f"CAST({document} ->> CAST({key} AS TEXT) AS {cast_to})"
    return f"CASE WHEN jsonb_typeof({document} -> CAST({key} AS TEXT)) = '{kind}' THEN {value} END"


_VALUE_TYPES: dict[str, TypeEngine[Any]] = {"text": String(), "number": Float(), "flag": Boolean()}


def json_value(column: Expression, name: str, wanted: str) -> Expression:
    """A value of a JSON object, missing when it is not of the type `wanted`: text, number or flag."""
    return _JsonValue(column, literal(name), literal(wanted), type_=_VALUE_TYPES[wanted])


class _AsciiLower(GenericFunction[str]):
    """ASCII letters in lower case, and no others: PostgreSQL would go by the database's language."""

    name = "ascii_lower"
    type = String()
    inherit_cache = True


@compiles(_AsciiLower, "sqlite")
def _ascii_lower_sqlite(element: Any, compiler: Any, **more: Any) -> str:
    return f"lower({compiler.process(element.clauses, **more)})"


@compiles(_AsciiLower, "postgresql")
def _ascii_lower_postgresql(element: Any, compiler: Any, **more: Any) -> str:
    return f'lower({compiler.process(element.clauses, **more)} COLLATE "C")'


def ascii_lower(column: Expression) -> Expression:
    return _AsciiLower(column)


def first_of(tables: Sequence[Table], on: Clause, value: Expression, by: Expression) -> Expression:
    """A value of the first of the rows that belong to the subject."""
    rows = select(value).select_from(*tables).where(on).order_by(by).limit(1)
    return rows.correlate_except(*tables).scalar_subquery()


def day_number(moment: Expression, offset: timedelta) -> SQLColumnExpression[int]:
    """The days since 1970 at a moment, on a clock that is `offset` ahead of UTC."""
    return (cast(extract("epoch", moment), Integer) + int(offset.total_seconds())) // 86400


Also = Callable[[Any], Sequence[Clause]]
"""Further conditions on one of the rows of a sequence."""


def followed_by(contact_id: Expression, first: str, then: str, within: timedelta, also: tuple[Also, Also]) -> Clause:
    """Whether a contact's behaviour `first` was followed by `then` within a time, to the second."""
    earlier, later = aliased(Behaviour), aliased(Behaviour)
    of_first, of_then = also
    gap = cast(extract("epoch", col(later.at)), Integer) - cast(extract("epoch", col(earlier.at)), Integer)
    pairs = select(literal(1)).where(
        col(earlier.contact_id) == contact_id,
        col(earlier.name) == first,
        col(later.contact_id) == contact_id,
        col(later.name) == then,
        col(later.at) > col(earlier.at),
        gap <= int(within.total_seconds()),
        *of_first(earlier),
        *of_then(later),
    )
    return pairs.correlate_except(earlier, later).exists()


def type_of(expression: Expression) -> TypeEngine[Any]:
    """The SQL type of a column or of what is computed from one."""
    anything: Any = expression
    found: TypeEngine[Any] = anything.type
    return found


def is_json(column: Expression) -> bool:
    return isinstance(type_of(column), JSON)


def tables_in(clause: Clause) -> frozenset[str]:
    """The tables whose facts a clause looks at, by name; that rows belong together by an id is no fact."""
    columns = (part for part in visitors.iterate(clause) if isinstance(part, Column) and not part.primary_key)
    return frozenset(getattr(column.table, "element", column.table).name for column in columns)


def count_where(session: Session, anchor: Table, clause: Clause) -> int:
    return session.exec(select(func.count()).select_from(anchor).where(clause)).one()


def ids_where(
    session: Session, anchor: Table, id_column: Expression, clause: Clause, after: Any, limit: int
) -> list[Any]:
    """The ids of the audience above `after`, in order."""
    rows: Any = select(id_column).select_from(anchor).where(clause)
    if after is not None:
        rows = rows.where(id_column > after)
    return list(session.exec(rows.order_by(id_column).limit(limit)).all())


def named_where(
    session: Session, anchor: Table, id_column: Expression, clause: Clause, limit: int
) -> Sequence[tuple[Any, str | None]]:
    """The first of the audience, each with a name."""
    rows = select(id_column, anchor.c.name).select_from(anchor).where(clause).order_by(id_column).limit(limit)
    return session.exec(rows).all()


def values_of_one(anchor: Table, id: Expression, values: Sequence[Expression]) -> Question:
    """What each expression says of the subject `subject_id`, as a question to be asked again and again."""
    named: list[Any] = [value.label(f"value_{number}") for number, value in enumerate(values)]
    found: Question = select(*named).select_from(anchor).where(id == bindparam("subject_id"))
    return found


def left_open(question: Question, place: type[P]) -> tuple[Question, dict[str, P]] | None:
    """The question with a bind in place of each value that is a `place`, and what they were by the names of the binds.

    None when nothing tells how such a value is to be written.
    """
    places: dict[str, P] = {}

    def opened(part: Any, **_more: Any) -> Any:
        if not isinstance(part, BindParameter) or not isinstance(part.value, place):
            return None
        name = f"open_{len(places)}"
        places[name] = part.value
        return bindparam(name, type_=part.type)

    found: Any = visitors.replacement_traverse(question, {}, opened)  # type: ignore[call-overload]
    binds = (part for part in visitors.iterate(found) if isinstance(part, BindParameter) and part.key in places)
    return None if any(isinstance(part.type, NullType) for part in binds) else (found, places)


def values_of_some(
    session: Session, anchor: Table, id: Expression, ids: Sequence[Any], values: Sequence[Expression]
) -> dict[Any, Sequence[Any]]:
    """What each expression says of these subjects, by their ids; who does not exist is missing."""
    asked = select(id, *values).select_from(anchor).where(id.in_(ids))
    return {row[0]: row[1:] for row in session.connection().execute(asked)}


def values_of_these(anchor: Table, id: Expression, values: Sequence[Expression]) -> Question:
    """The same as a question to be asked again and again, with the `ids` filled in."""
    return select(id, *values).select_from(anchor).where(id.in_(bindparam("ids", expanding=True)))


def rows_of_one(anchor: Table, id: Expression, tables: Sequence[Table], on: Clause, value: Expression) -> Question:
    """The first values that the rows beside the subject `subject_id` hold, for an explanation."""
    joined: Any = anchor
    for table in tables[:-1]:
        joined = join(joined, table, true())
    rows: Any = select(value).select_from(join(joined, tables[-1], on))
    found: Question = rows.where(id == bindparam("subject_id")).limit(SHOWN)
    return found
