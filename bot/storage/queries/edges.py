"""Moments in columns: whose lie in a span, and which comes next."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Select, Table
from sqlalchemy.sql import visitors
from sqlmodel import Session, select

from bot.model.columns import UtcDateTime
from bot.storage.queries.segments import Clause, Expression, type_of


@dataclass(frozen=True)
class Moments:
    """A column of moments; on rows of `tables` that belong to the subject by `on`, or on the subject's own."""

    column: Expression
    tables: tuple[Table, ...] = ()
    on: tuple[Clause, ...] = ()

    @property
    def is_indexed(self) -> bool:
        """Whether there is an index of this column alone."""
        column = _bare(self.column)
        if not isinstance(column, Column):
            return False
        return any([one.name for one in index.columns] == [column.name] for index in column.table.indexes)


def _bare(expression: Expression) -> Any:
    """A table's column, where a model's attribute is given."""
    return getattr(expression, "expression", expression)


def moments_in(expression: Expression) -> list[Moments]:
    """The columns of moments that a fact of the subject is made of: its own, and those that are chosen from below."""
    anything = _bare(expression)
    chosen = [part for part in visitors.iterate(anything) if isinstance(part, Select)]
    below = [
        Moments(column, tuple(_tables(one)), () if one.whereclause is None else (one.whereclause,))
        for one in chosen
        for value in one.selected_columns
        for column in visitors.iterate(value)
        if isinstance(column, Column) and _is_moment(column)
    ]
    inside = {id(part) for one in chosen for part in visitors.iterate(one)}
    parts: Iterator[Any] = visitors.iterate(anything)
    own = [Moments(part) for part in parts if _is_moment(part) and id(part) not in inside]
    return [*below, *own]


def _is_moment(part: Any) -> bool:
    return isinstance(part, Column) and isinstance(type_of(part), UtcDateTime)


def _tables(chosen: Select[Any]) -> list[Table]:
    return [one for one in chosen.columns_clause_froms if isinstance(one, Table)]


def ids_between(
    session: Session, anchor: Table, id: Expression, moments: Moments, low: datetime, high: datetime, limit: int
) -> Sequence[Any]:
    """The ids of the subjects with a moment from `low` to `high`."""
    rows: Any = select(id).select_from(anchor, *moments.tables)
    rows = rows.where(moments.column.between(low, high), *moments.on)
    return list(session.exec(rows.distinct().limit(limit)).all())


def first_after(
    session: Session, anchor: Table, among: Clause | None, moments: Moments, after: datetime
) -> datetime | None:
    """The first moment after another, of some subjects or of any."""
    where = [moments.column > after, *moments.on, *([] if among is None else [among])]
    rows: Any = select(moments.column).select_from(anchor, *moments.tables).where(*where)
    found: datetime | None = session.exec(rows.order_by(moments.column).limit(1)).first()
    return found
