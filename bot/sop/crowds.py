"""Crowds of invented contacts: a small one walks in this process, a large one in blocks on every core.

Contacts who each come by themselves do not know of one another, so a block walks as it would within the whole crowd.
Where they do (a date lets everybody in at once, a split looks for its winner), the crowd stays together.
"""

import multiprocessing
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache, reduce
from itertools import groupby
from pathlib import Path

from sqlmodel import Session

from bot import log
from bot.sop import runner
from bot.sop.actions import Surroundings
from bot.sop.happenings import Happening, happenings, write_down
from bot.sop.invented import People
from bot.sop.library import Library, load
from bot.sop.lint_library import SPEAKS
from bot.sop.parse import parse
from bot.sop.publish import publish
from bot.sop.rehearsal import Act, Rehearsal, Sent, alone
from bot.sop.schema import Do, Position, Sop, Split, spelled, walk
from bot.sop.triggers import names_of
from bot.storage.queries import rehearsals as rows
from bot.storage.scratch import scratch
from bot.storage.statements import append_many
from bot.storage.work import Work

TELLING = (
    *SPEAKS,
    "message_staff",
    "alert_staff",
    "ask_staff",
    "create_task",
    "create_lead",
    "send_report",
    "publish_moment",
)
BLOCK = 1000
"""Contacts of a block: enough that starting a process does not count."""


@dataclass(frozen=True)
class Crowd:
    """Who walks what, and for how long. It can be sent to another process."""

    folder: Path
    around: Surroundings
    sop: str
    source: str
    start: datetime
    days: int
    seed: int
    first: int
    count: int


@dataclass(frozen=True)
class Walked:
    """What came of a crowd; two of them add up."""

    ways: Counter[tuple[str, ...]] = field(default_factory=Counter)
    steps: Counter[str] = field(default_factory=Counter)
    endings: Counter[str] = field(default_factory=Counter)
    suppressed: Counter[str] = field(default_factory=Counter)
    sent: Sequence[Sent] = ()
    delays: Sequence[tuple[str, str, timedelta]] = ()
    """Position, outcome and time since the run began of every step that tells somebody something."""

    def __add__(self, other: "Walked") -> "Walked":
        return Walked(
            self.ways + other.ways,
            self.steps + other.steps,
            self.endings + other.endings,
            self.suppressed + other.suppressed,
            [*self.sent, *other.sent],
            [*self.delays, *other.delays],
        )


def walk_crowd(library: Library, sop: Sop, start: datetime, contacts: int, days: int, seed: int) -> Walked:
    """Let everybody walk, on as many cores as it pays to use."""
    whole = Crowd(library.folder, library.around, sop.name, sop.source, start, days, seed, 1, contacts)
    if contacts <= BLOCK or not _is_divisible(sop):
        return _walk(library, sop, whole)
    blocks = [
        replace(whole, first=first, count=min(BLOCK, contacts + 1 - first)) for first in range(1, contacts + 1, BLOCK)
    ]
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        return reduce(Walked.__add__, pool.map(_walk_elsewhere, blocks), Walked())


def _is_divisible(sop: Sop) -> bool:
    alike = sop.trigger.is_schedule or sop.rollout.is_watched or sop.subject != "contact"
    return not alike and not any(isinstance(step, Split) and step.winner for _position, step in walk(sop.steps))


def _walk_elsewhere(crowd: Crowd) -> Walked:
    """The same in a process of its own."""
    log.start("ERROR")
    return _walk(*_read(crowd.folder, crowd.around, crowd.sop, crowd.source), crowd)


@lru_cache(maxsize=1)
def _read(folder: Path, around: Surroundings, name: str, text: str) -> tuple[Library, Sop]:
    """The SOPs, as a process reads them for itself, once for all of its blocks."""
    sop, _findings = parse(text, f"{name}.yaml", name)
    assert sop is not None
    return load(folder, around)[0], sop


def _walk(library: Library, sop: Sop, crowd: Crowd) -> Walked:
    stage = alone(library, sop)
    people = People(sop, crowd.count, crowd.start, crowd.seed, library.around.zone, crowd.first)
    end = crowd.start + timedelta(days=crowd.days)
    with scratch() as database:
        database.run_here(lambda session: _settle(session, people))
        database.run_here(lambda session: publish(Work(session, crowd.start, "", ""), stage))  # type: ignore[arg-type]
        rehearsal = Rehearsal(database, stage, crowd.start)
        for happening in happenings(people, crowd.days):
            rehearsal.at(happening.at, _hear(stage, happening))
        rehearsal.set_schedules(end)
        rehearsal.run(end)
        return replace(database.run_here(lambda session: _written(session, sop)), sent=rehearsal.sent)


def _settle(session: Session, people: People) -> None:
    for model, together in people.rows():
        append_many(session, model, together)


def sayings(sop: Sop) -> Iterator[tuple[Position, Do]]:
    """The steps of an SOP that tell somebody something, in the order in which the file has them."""
    for position, step in walk(sop.steps):
        if isinstance(step, Do) and step.action in TELLING:
            yield position, step


def _hear(library: Library, one: Happening) -> Act:
    def hear(work: Work) -> None:
        write_down(work, one)
        runner.on_event(
            work,
            library,
            one.event,
            contact_id=one.contact_id,
            chat_id=one.chat_id,
            user_id=one.user_id,
            triggers=names_of(one.event),
        )

    return hear


def _written(session: Session, sop: Sop) -> Walked:
    """What the ledgers say of an SOP."""
    taken = list(rows.ways(session, sop.name))
    speaking = {spelled(position) for position, _step in sayings(sop)}
    ways = Counter(
        tuple(f"{name}:{outcome}" for _run, _position, name, outcome in steps)
        for _run, steps in groupby(taken, key=lambda row: row[0])
    )
    return Walked(
        ways=ways,
        steps=Counter(position for _run, position, _name, _outcome in taken),
        endings=Counter(rows.endings(session, sop.name)),
        suppressed=Counter(rows.suppressed_by(session, sop.name)),
        delays=[one for one in rows.delays(session, sop.name) if one[0] in speaking],
    )
