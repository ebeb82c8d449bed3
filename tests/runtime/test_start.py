"""A start that falls into a restart of the database."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError
from sqlmodel import text

from bot.runtime import process
from bot.storage import hindrances


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "BETWEEN_S", 0.0)
    monkeypatch.setattr(process, "TRIES", 3)


class Locked:
    """A database that another process lets nobody into until it has been asked so often."""

    def __init__(self, file: Path, lets_in_after: int) -> None:
        self._engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": 0})
        self._locker = sqlite3.connect(file, isolation_level=None)
        self._locker.execute("BEGIN EXCLUSIVE")
        self._lets_in_after, self.asked = lets_in_after, 0

    async def ask(self) -> str:
        self.asked += 1
        if self.asked > self._lets_in_after:
            self._locker.close()
        with self._engine.connect() as connection:
            connection.execute(text("CREATE TABLE t (n)"))
        return "made"


async def test_a_start_outlasts_a_database_in_trouble(tmp_path: Path) -> None:
    locked = Locked(tmp_path / "x.db", lets_in_after=2)
    assert await process.outlast(locked.ask) == "made"
    assert locked.asked == 3


async def test_it_does_not_wait_for_ever(tmp_path: Path) -> None:
    locked = Locked(tmp_path / "x.db", lets_in_after=99)
    with pytest.raises(OperationalError, match="locked"):
        await process.outlast(locked.ask)
    assert locked.asked == 3


async def test_a_server_that_does_not_answer_is_in_trouble(tmp_path: Path) -> None:
    engine = create_engine(f"postgresql+psycopg://x@/x?host={tmp_path}")
    with pytest.raises(OperationalError) as found:
        engine.connect()
    assert hindrances.is_trouble(found.value)


async def test_what_is_nobodys_trouble_is_told_at_once() -> None:
    asked = []

    async def ask() -> None:
        asked.append(1)
        raise ValueError("no such setting")

    with pytest.raises(ValueError, match="no such setting"):
        await process.outlast(ask)
    assert asked == [1]
