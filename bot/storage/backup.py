"""Backups: the whole memory in one file, taken while the bot runs, and put back into an empty database.

SQLite copies itself. Everything else, and whatever is called `….gz`, is written as JSON lines that any database takes:
so a community that has outgrown SQLite moves to PostgreSQL with a backup and a restore.
"""

import gzip
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import orjson
from sqlalchemy import Column, Connection, Date, Numeric, Table, func, insert, select, text, update
from sqlalchemy.engine import make_url
from sqlmodel import SQLModel

import bot.model.tables
from bot.errors import BadInput
from bot.model.columns import UtcDateTime
from bot.storage.database import Database
from bot.storage.migrate import migrate

assert bot.model.tables
GZIP, SQLITE = b"\x1f\x8b", b"SQLite format 3\x00"
BATCH = 1000
READERS: Mapping[type, Callable[[str], Any]] = {
    UtcDateTime: datetime.fromisoformat,
    Date: date.fromisoformat,
    Numeric: Decimal,
}
"""What JSON has no values for, by the kind of column."""


def backup(url: str, file: Path) -> None:
    """Write the memory as it stands at one moment; the file is there when it is whole. Raises `BadInput`."""
    if file.exists():
        raise BadInput(f"{file} is there already")
    unfinished = file.with_name(f"{file.name}.part")
    unfinished.unlink(missing_ok=True)
    os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT, 0o600))  # it holds what people said
    if make_url(url).get_backend_name() == "sqlite" and file.suffix != ".gz":
        _copy(_sqlite_file(url), unfinished)
    else:
        _export(url, unfinished)
    unfinished.replace(file)


def restore(url: str, file: Path) -> None:
    """Put a backup into an empty database. Raises `BadInput` when it is not empty, or the file is no backup."""
    head = _head(file)
    if head.startswith(GZIP):
        _import(url, file)
    elif head == SQLITE and make_url(url).get_backend_name() == "sqlite":
        _put_back(url, file)
    elif head == SQLITE:
        raise BadInput(f"{file} is a copy of an SQLite database: only SQLite takes it back")
    else:
        raise BadInput(f"{file} is no backup of this bot")
    migrate(url)


# ── SQLite copies itself ───────────────────────────────────────────────────────────────────────────────────────────


def _copy(source: Path, target: Path) -> None:
    """All pages in one step: one moment of the database, whatever is written meanwhile."""
    if not source.exists():
        raise BadInput(f"there is no database {source}")
    with closing(sqlite3.connect(source)) as here, closing(sqlite3.connect(target)) as there:
        here.backup(there)
        [[verdict]] = there.execute("PRAGMA quick_check(1)").fetchall()
    if verdict != "ok":
        raise BadInput(f"the copy is not sound: {verdict}")


def _put_back(url: str, file: Path) -> None:
    target = _sqlite_file(url)
    if target.exists():
        raise BadInput(f"{target} is there already: move it away first, with its -wal and -shm")
    target.parent.mkdir(parents=True, exist_ok=True)
    _copy(file, target)
    target.chmod(0o600)


def _sqlite_file(url: str) -> Path:
    return Path(make_url(url).database or "")


def _head(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            head = opened.read(len(SQLITE))
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}") from error
    return head


# ── any other writes lines ─────────────────────────────────────────────────────────────────────────────────────────


def _export(url: str, file: Path) -> None:
    database = Database(url)
    try:
        with database.snapshot() as connection, gzip.open(file, "wb") as opened:
            for table in SQLModel.metadata.sorted_tables:
                for row in connection.execute(select(table).execution_options(yield_per=BATCH)).mappings():
                    opened.write(orjson.dumps([table.name, dict(row)], default=str, option=orjson.OPT_APPEND_NEWLINE))
    finally:
        database.close()


def _import(url: str, file: Path) -> None:
    migrate(url)
    database = Database(url)
    try:
        with database.engine.begin() as connection, gzip.open(file, "rb") as opened:
            _refuse_full(connection)
            _fill(connection, opened)  # type: ignore[arg-type]
            if not database.is_sqlite:
                _count_on(connection)
    except (OSError, EOFError, ValueError, KeyError) as error:
        raise BadInput(f"{file} cannot be read to its end: {error}") from error
    finally:
        database.close()


def _refuse_full(connection: Connection) -> None:
    for table in SQLModel.metadata.sorted_tables:
        if connection.execute(select(func.count()).select_from(select(table).limit(1).subquery())).scalar():
            raise BadInput(f"the database is not empty: it has rows in {table.name}")


def _fill(connection: Connection, lines: BinaryIO) -> None:
    """Rows may point at later rows of their own table: that is written once all are there."""
    tables = {table.name: table for table in SQLModel.metadata.sorted_tables}
    pointing: list[tuple[Table, dict[str, Any], dict[str, Any]]] = []
    for name, rows in _batches(lines):
        table = tables[name]
        own = [column.name for column in table.columns if any(key.column.table is table for key in column.foreign_keys)]
        read = [{key: _read(table.columns[key], value) for key, value in row.items()} for row in rows]
        for row in read:
            later = {key: row[key] for key in own if row[key] is not None}
            if later:
                pointing.append((table, {key.name: row[key.name] for key in table.primary_key}, later))
                row.update(dict.fromkeys(later))
        connection.execute(insert(table), read)
    for table, key, later in pointing:
        here = [table.columns[name] == value for name, value in key.items()]
        connection.execute(update(table).where(*here).values(**later))


def _batches(lines: BinaryIO) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Rows of one table together, a batch at a time."""
    name, rows = "", list[dict[str, Any]]()
    for line in lines:
        table, row = orjson.loads(line)
        if rows and (table != name or len(rows) == BATCH):
            yield name, rows
            rows = []
        name = table
        rows.append(row)
    if rows:
        yield name, rows


def _read(column: Column[Any], value: Any) -> Any:
    reader = READERS.get(type(column.type))
    return reader(value) if reader and value is not None else value


def _count_on(connection: Connection) -> None:
    """Let PostgreSQL's sequences go on after the ids that were put in."""
    for table in SQLModel.metadata.sorted_tables:
        [key, *others] = table.primary_key.columns
        sequence = connection.execute(select(func.pg_get_serial_sequence(table.name, key.name))).scalar()
        highest = connection.execute(select(func.max(key))).scalar() if sequence and not others else None
        if highest is not None:
            connection.execute(text("SELECT setval(:sequence, :highest)"), {"sequence": sequence, "highest": highest})
