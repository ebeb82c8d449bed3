"""One dialect for all databases that a test process opens: a statement is compiled once, not once a test."""

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

MOST_KEPT = 4_000
_MADE: dict[tuple[type, frozenset[tuple[str, Any]]], Any] = {}
_COMPILED: LRUCache[Any, Any] = LRUCache(MOST_KEPT)


class _Shared(DefaultDialect):
    """The same dialect for all who ask with the same arguments, and with it what it has compiled."""

    def __new__(cls, **given: Any) -> "_Shared":
        made: _Shared = _MADE.setdefault((cls, frozenset(given.items())), super().__new__(cls))
        return made

    def __init__(self, **given: Any) -> None:
        if not hasattr(self, "dbapi"):
            super().__init__(**given)

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        engine.update_execution_options(compiled_cache=_COMPILED)


class SQLite(_Shared, SQLiteDialect_pysqlite):
    supports_statement_cache = True


class PostgreSQL(_Shared, PGDialect_psycopg):
    supports_statement_cache = True


def share() -> None:
    """From here on whoever makes an engine gets these."""
    registry.register("sqlite", __name__, SQLite.__name__)
    registry.register("postgresql.psycopg", __name__, PostgreSQL.__name__)
