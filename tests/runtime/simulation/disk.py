"""A database in memory: what is committed outlives the process, and a process that has died commits nothing."""

from collections.abc import Callable
from typing import Any, TypeVar

import orjson
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import StaticPool
from sqlmodel import Session

from bot.storage.database import Database, Urgency
from tests.runtime.simulation.fate import Crash, Fate

T = TypeVar("T")


class Disk:
    """One connection for the whole run; its statements stay compiled from seed to seed."""

    def __init__(self) -> None:
        self.engine = create_engine(
            "sqlite://",
            poolclass=StaticPool,
            json_serializer=lambda value: orjson.dumps(value).decode(),
            json_deserializer=orjson.loads,
        )

        @event.listens_for(self.engine, "connect")
        def prepare(connection: Any, _record: object) -> None:
            connection.isolation_level = None
            connection.execute("PRAGMA foreign_keys=ON")

        @event.listens_for(self.engine, "begin")
        def start(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    def load(self, content: bytes) -> None:
        self._raw().deserialize(content)

    def save(self) -> bytes:
        return bytes(self._raw().serialize())

    def look(self, statement: str) -> list[Any]:
        """The rows of a SELECT, as they lie."""
        return list(self._raw().execute(statement))

    def _raw(self) -> Any:
        return self.engine.raw_connection().driver_connection


class Held(Database):
    """The disk as one process holds it: in the process's own thread, and no longer than it lives."""

    def __init__(self, disk: Disk, fate: Fate) -> None:
        self.url, self.is_sqlite, self.engine = "sqlite://", True, disk.engine
        self._fate, self.is_dead = fate, False

    async def run(self, work: Callable[[Session], T], urgency: Urgency = Urgency.ORDINARY) -> T:
        self.live()
        stroke = self._fate.database()
        if stroke == "dies before":
            self.die()
        if stroke == "refused":
            raise OperationalError("BEGIN", None, Exception("database is locked"))
        result = self.run_here(lambda session: self._inside(session, work, stroke))
        if stroke == "dies after":
            self.die()
        if stroke == "torn":
            raise OperationalError("COMMIT", None, Exception("the connection is gone"))
        return result

    async def append(self, write: Callable[[Connection], T]) -> T:
        return await self.run(lambda session: write(session.connection()), Urgency.DOOR)

    async def read(self, work: Callable[[Session], T]) -> T:
        self.live()
        with Session(self.engine) as session:
            return work(session)

    def close(self) -> None:
        self.is_dead = True

    def _inside(self, session: Session, work: Callable[[Session], T], stroke: str) -> T:
        result = work(session)
        if stroke == "dies inside":
            session.flush()
            self.die()
        return result

    def live(self) -> None:
        """Raises `Crash` for whatever a dead process still tries."""
        if self.is_dead:
            raise Crash

    def die(self) -> None:
        self.is_dead = True
        raise Crash
