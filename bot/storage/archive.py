"""Rows that leave the database, as gzipped JSON lines in a folder by month. What people wrote is left out.

A file is whole or not there at all, and the same rows make the same file: written again after a crash, it is replaced.
"""

import gzip
import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import orjson
from sqlmodel import SQLModel

WRITTEN = frozenset({"text", "content", "Content", "quote", "quote_text", "desc", "sub_title_text"})
"""Fields that hold what somebody wrote, or what a card quotes of it."""
READ = "message.text"
"""The condition whose verdict says what was found in it."""


def write(folder: Path, rows: Sequence[Any], at: str) -> None:
    """Keep rows of one table, by the month of their field `at`: `2026-11/inbox-1-2000.jsonl.gz`."""
    for month, several in groupby(
        sorted(rows, key=lambda row: _moment(row, at)), lambda row: f"{_moment(row, at):%Y-%m}"
    ):
        listed = sorted(several, key=lambda row: int(row.id))
        name = f"{listed[0].__tablename__}-{listed[0].id}-{listed[-1].id}.jsonl.gz"
        _put(folder / month / name, b"".join(_line(row) for row in listed))


def read(folder: Path, table: str) -> Iterable[dict[str, Any]]:
    """The archived rows of a table, month by month."""
    for path in sorted(folder.glob(f"*/{table}-*.jsonl.gz")):
        yield from map(orjson.loads, gzip.decompress(path.read_bytes()).splitlines())


def _line(row: SQLModel) -> bytes:
    return orjson.dumps(_without_texts(row.model_dump()), default=str, option=orjson.OPT_APPEND_NEWLINE)


def _without_texts(value: Any) -> Any:
    if isinstance(value, dict):
        left_out = WRITTEN | {"found"} if value.get("name") == READ else WRITTEN
        return {name: _without_texts(one) for name, one in value.items() if name not in left_out}
    return [_without_texts(one) for one in value] if isinstance(value, list) else value


def _moment(row: Any, at: str) -> datetime:
    moment: datetime = getattr(row, at)
    return moment


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = path.with_suffix(".part")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(gzip.compress(content, mtime=0))
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
