"""Claiming a thousand due timers out of ever more that wait: the cost follows what is due, not what exists.

    python -m bench.timers [--most N] [--engine sqlite|postgresql|both]

Claimed and fired as the scheduler does it, in batches of 500, each in a transaction of its own.
"""

import statistics
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import insert, text
from sqlmodel import Session

from bench import rig
from bot.model.tables import TimerRow
from bot.runtime.scheduler import BATCH
from bot.storage.database import Database
from bot.storage.ledger import timers

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
DUE = 1_000
SIZES = (1_000, 100_000, 1_000_000)
CHUNK = 20_000
ROUNDS = 15


def rows(first: int, last: int, due_at: datetime) -> Iterator[dict[str, Any]]:
    """Timers a second apart from `due_at` on."""
    for n in range(first, last):
        yield {
            "name": "run.wake",
            "dedupe_key": f"run:{n}",
            "subject": f"contact:{n}",
            "lane": "normal",
            "state": "waiting",
            "due_at": due_at + timedelta(seconds=n - first),
            "payload": {"run": n, "wait": 1},
            "trace_id": "",
        }


def add(session: Session, first: int, last: int, due_at: datetime) -> None:
    session.connection().execute(insert(TimerRow), list(rows(first, last, due_at)))


def claim(database: Database) -> float:
    """Milliseconds to claim and fire whatever is due."""
    with rig.stopwatch() as spent:
        claimed = 0
        while due := database.run_here(_claim):
            claimed += due
    assert claimed == DUE, claimed
    return spent.wall_s * 1000


def _claim(session: Session) -> int:
    due = timers.claim(session, NOW, BATCH)
    timers.fired(session, due, NOW)
    return len(due)


def measure(database: Database, most: int) -> None:
    waiting, numbered, first_ms = 0, 0, 0.0
    for size in (size for size in SIZES if size <= most):
        while waiting < size:
            step = min(CHUNK, size - waiting)
            later = NOW + timedelta(days=1, seconds=waiting)
            database.run_here(partial(add, first=numbered, last=numbered + step, due_at=later))
            waiting, numbered = waiting + step, numbered + step
        database.run_here(lambda session: session.connection().execute(text("ANALYZE")))
        taken_ms = []
        for _round in range(ROUNDS):
            earlier = NOW - timedelta(seconds=DUE)
            database.run_here(partial(add, first=numbered, last=numbered + DUE, due_at=earlier))
            numbered += DUE
            taken_ms.append(claim(database))
        fastest_ms = min(taken_ms)  # what others do on the machine only ever adds
        first_ms = first_ms or fastest_ms
        print(
            f"  {DUE:,} due, {size:>9,} waiting: {fastest_ms:6.1f} ms (median {statistics.median(taken_ms):.1f}), "
            f"{rig.growth(first_ms, fastest_ms)} of the smallest",
            flush=True,
        )


if __name__ == "__main__":
    rig.growing(__doc__, "timers", SIZES, "waiting timers", measure)
