"""What the benchmarks share: engines of their own, stopwatches for processor and wall, and what the database took.

Wall time on a shared machine says little; the ratios of one run, and the processor time, say more.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import psycopg
from sqlalchemy import Engine, event

from bot.storage import prepared
from bot.storage.database import Database
from bot.storage.migrate import migrate

P = ParamSpec("P")
T = TypeVar("T")
ENGINES = ("sqlite", "postgresql")
TITLES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def options(doc: str | None) -> argparse.ArgumentParser:
    """The options of a benchmark that runs on both databases."""
    asked = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--engine", choices=[*ENGINES, "both"], default="both")
    return asked


def engines(asked: str) -> tuple[str, ...]:
    return ENGINES if asked == "both" else (asked,)


def growing(
    doc: str | None, name: str, sizes: Sequence[int], what: str, measure: Callable[[Database, int], None]
) -> None:
    """A benchmark of what grows, on a new database of each engine; `measure` is told the last size to grow to."""
    asked = options(doc)
    asked.add_argument("--most", type=int, default=sizes[-1], help=f"stop at so many {what}")
    given = asked.parse_args()
    for engine in engines(given.engine):
        print(TITLES[engine])
        with database_url(engine) as url:
            database = Database(url)
            measure(database, given.most)
            database.close()
    print(f"repeat with: python -m bench.{name}")


@contextmanager
def database_url(engine: str) -> Iterator[str]:
    """The address of a migrated database that lives as long as the block."""
    if engine == "sqlite":
        with tempfile.TemporaryDirectory(prefix="xiaoer-bench-") as folder:
            url = f"sqlite:///{Path(folder)}/bench.db"
            migrate(url)
            yield url
        return
    from tests.servers import a_postgres

    with a_postgres() as server, server.empty_database() as url:
        _make_durable(server.url)
        migrate(url)
        yield url


def _make_durable(url: str) -> None:
    """Tests do without writing through to the disk; a benchmark that leaves it out flatters."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM RESET ALL")
        connection.execute("SELECT pg_reload_conf()")


@dataclass
class Spent:
    """Seconds by the wall, and of this process's processor time."""

    wall_s: float = 0.0
    cpu_s: float = 0.0


@contextmanager
def stopwatch() -> Iterator[Spent]:
    """Filled in when the block ends."""
    spent, wall, cpu = Spent(), time.perf_counter(), time.process_time()
    yield spent
    spent.wall_s, spent.cpu_s = time.perf_counter() - wall, time.process_time() - cpu


class Busy:
    """Seconds that an engine spends in its driver: executing statements and committing."""

    def __init__(self, engine: Engine) -> None:
        self.statements = 0
        self.seconds = 0.0
        event.listen(engine, "before_cursor_execute", self._begin)
        event.listen(engine, "after_cursor_execute", self._end)
        engine.dialect.do_commit = self._timed(engine.dialect.do_commit)  # type: ignore[method-assign]
        prepared._execute = self._timed(prepared._execute, statements=1)

    def reset(self) -> None:
        self.statements, self.seconds = 0, 0.0

    def _begin(self, connection: Any, _cursor: Any, *_rest: Any) -> None:
        connection.info["began"] = time.perf_counter()

    def _end(self, connection: Any, _cursor: Any, *_rest: Any) -> None:
        self.statements += 1
        self.seconds += time.perf_counter() - connection.info["began"]

    def _timed(self, call: Callable[P, T], statements: int = 0) -> Callable[P, T]:
        def timed(*args: P.args, **kwargs: P.kwargs) -> T:
            began = time.perf_counter()
            result = call(*args, **kwargs)
            self.seconds += time.perf_counter() - began
            self.statements += statements
            return result

        return timed


def rss_mb(pid: int | str = "self") -> float:
    """Resident memory of a process, in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise SystemExit(f"process {pid} is gone")


def growth(before: float, after: float) -> str:
    """How many times as much, told as a factor."""
    return f"× {after / before:.2f}"
