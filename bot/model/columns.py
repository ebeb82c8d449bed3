"""Column types that mean the same in SQLite and PostgreSQL."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, kept in UTC; a naive one is refused instead of guessed at."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without its zone: {value}")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = JSON().with_variant(JSONB(), "postgresql")


def time_field(*, index: bool = False) -> Any:
    """A column for an aware time that every row has."""
    return Field(sa_type=UtcDateTime, index=index)


def maybe_time_field(*, index: bool = False) -> Any:
    """A column for an aware time that may be missing."""
    return Field(default=None, sa_type=UtcDateTime, nullable=True, index=index)


def json_field(default: type[Any] = dict) -> Any:
    """A JSON column; `default` makes the empty value."""
    return Field(default_factory=default, sa_type=Json)
