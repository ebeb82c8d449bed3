"""Column types that mean the same in SQLite and PostgreSQL."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
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
        return None if value is None else _in_utc(value)

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        """SQLite keeps times as text. We write it ourselves, and once a moment: every arrival has four of them."""
        return _as_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


@lru_cache(maxsize=1024)
def _as_text(moment: datetime | None) -> str | None:
    return None if moment is None else _in_utc(moment).replace(tzinfo=None).isoformat(" ", "microseconds")


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"a time without its zone: {moment}")
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


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
