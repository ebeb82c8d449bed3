"""The database, reached by whole units of work that run on threads of their own.

A unit of work is a plain function of a `Session`. That keeps one code for both engines, and saves the round trips
between threads that an async driver pays for every statement. SQLite has one writer thread, which takes urgent work
first; PostgreSQL has a pool of them.
"""

import asyncio
import heapq
import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import orjson
from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine import make_url
from sqlmodel import Session

T = TypeVar("T")
READERS = 2
CONNECTION: dict[str, int] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 20_000,
}
"""A PostgreSQL whose machine is gone says nothing; the network would be asked for a quarter of an hour."""
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000", "wal_autocheckpoint=8000")
"""A commit is on disk when it returns. The log may reach 32 MB before a commit has to carry it over."""


class Urgency(IntEnum):
    """In which order the one writer of SQLite takes what waits for it."""

    DOOR = 0
    INSTANT = 1
    ORDINARY = 2


def _dumps(value: object) -> str:
    return orjson.dumps(value).decode()


def _sqlite_engine(url: str, begin: str) -> Engine:
    engine = create_engine(url, json_serializer=_dumps, json_deserializer=orjson.loads, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


class Database:
    """An open database. `url` is SQLAlchemy's, `sqlite:///…` or `postgresql+psycopg://…`."""

    def __init__(self, url: str, writers: int = 4) -> None:
        self.url = url
        target = make_url(url)
        self.is_sqlite = target.get_backend_name() == "sqlite"
        if self.is_sqlite:
            Path(target.database or "").parent.mkdir(parents=True, exist_ok=True)
            self.engine = _sqlite_engine(url, "BEGIN IMMEDIATE")
            self._reader = _sqlite_engine(url, "BEGIN")
        else:
            self.engine = create_engine(
                target.set(drivername="postgresql+psycopg"),
                connect_args=CONNECTION,
                pool_size=writers + READERS,
                pool_pre_ping=True,
                json_serializer=_dumps,
                json_deserializer=orjson.loads,
                hide_parameters=True,
            )
            self._reader = self.engine
        self._writers = _Threads("database writer", 1 if self.is_sqlite else writers)
        self._readers = ThreadPoolExecutor(READERS, "database reader")

    @property
    def file(self) -> str | None:
        """Where SQLite keeps it; None when it is in a server, or in memory."""
        return make_url(self.url).database if self.is_sqlite else None

    @property
    def driver_url(self) -> str:
        """The address as the PostgreSQL driver itself reads it, with the password and our patience."""
        patient = {name: str(value) for name, value in CONNECTION.items()}
        url = make_url(self.url)
        return url.set(drivername="postgresql", query=patient | dict(url.query)).render_as_string(hide_password=False)

    @property
    def is_empty(self) -> bool:
        """Whether it has no tables at all: nobody has migrated it yet."""
        return not inspect(self._reader).get_table_names()

    async def run(self, work: Callable[[Session], T], urgency: Urgency = Urgency.ORDINARY) -> T:
        """Run `work` in one transaction: all of it is kept, or, when it raises, none of it."""
        return await self._writers.run(lambda: self.run_here(work), urgency)

    async def append(self, write: Callable[[Connection], T]) -> T:
        """Run `write`, which inserts rows and nothing else, in a transaction of its own before all work that waits.

        It has no session: that costs as much as a dozen rows do.
        """
        return await self._writers.run(lambda: self.append_here(write), Urgency.DOOR)

    async def read(self, work: Callable[[Session], T]) -> T:
        """Run `work`, which only reads, beside the writer."""

        def look() -> T:
            with Session(self._reader) as session:
                return work(session)

        return await asyncio.get_running_loop().run_in_executor(self._readers, look)

    def snapshot(self) -> Connection:
        """The database as it stands at one moment, to be read through while others write. The caller closes it."""
        if self.is_sqlite:
            return self._reader.connect()
        return self._reader.execution_options(isolation_level="REPEATABLE READ").connect()

    def run_here(self, work: Callable[[Session], T]) -> T:
        """Run `work` in one transaction on the calling thread: commands and tests."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            return work(session)

    def append_here(self, write: Callable[[Connection], T]) -> T:
        """Like `append`, on the calling thread."""
        if not self.is_sqlite:
            with self.engine.begin() as connection:
                return write(connection)
        with self._kept.begin():
            return write(self._kept)

    @cached_property
    def _kept(self) -> Connection:
        """SQLite's, for its one writer: to fetch a connection and give it back costs as much as ten rows do."""
        return self.engine.connect()

    def close(self) -> None:
        self._writers.close()
        self._readers.shutdown()
        if "_kept" in vars(self):
            self._kept.close()
        self.engine.dispose()
        self._reader.dispose()


@dataclass(order=True, slots=True)
class _Job:
    urgency: int
    order: int
    run: Callable[[], Any] = field(compare=False)
    done: "asyncio.Future[Any]" = field(compare=False)


class _Threads:
    """A few threads that take the most urgent job first."""

    def __init__(self, name: str, count: int) -> None:
        self._jobs: list[_Job] = []
        self._order = itertools.count()
        self._wake = threading.Condition()
        self._open = True
        self._threads = [threading.Thread(target=self._work, name=f"{name} {n}", daemon=True) for n in range(count)]
        for thread in self._threads:
            thread.start()

    async def run(self, call: Callable[[], T], urgency: Urgency) -> T:
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        with self._wake:
            if not self._open:
                raise RuntimeError("the database is closed")
            heapq.heappush(self._jobs, _Job(urgency, next(self._order), call, done))
            self._wake.notify()
        return await done

    def close(self) -> None:
        with self._wake:
            self._open = False
            self._wake.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (job := self._next()) is not None:
            try:
                result, error = job.run(), None
            except BaseException as failure:
                result, error = None, failure
            loop = job.done.get_loop()
            if not loop.is_closed():
                loop.call_soon_threadsafe(_settle, job.done, result, error)

    def _next(self) -> _Job | None:
        with self._wake:
            while not self._jobs:
                if not self._open:
                    return None
                self._wake.wait()
            return heapq.heappop(self._jobs)


def _settle(done: "asyncio.Future[Any]", result: object, error: BaseException | None) -> None:
    if done.cancelled():
        return
    if error is None:
        done.set_result(result)
    else:
        done.set_exception(error)
