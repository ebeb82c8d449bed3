"""Simulation: invented contacts walk an SOP on a virtual clock. Nothing is sent, and nothing real is read."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.sop import runner
from bot.sop.calendar import next_fire
from bot.sop.channels import channel_of, reached
from bot.sop.happenings import Happening, happenings, write_down
from bot.sop.invented import People
from bot.sop.library import Library
from bot.sop.publish import publish
from bot.sop.quotas import Use, quotas_of
from bot.sop.rehearsal import Act, Limits, Rehearsal, Sent, alone
from bot.sop.schema import Sop
from bot.sop.triggers import names_of
from bot.storage.database import Database
from bot.storage.queries import rehearsals as rows
from bot.storage.scratch import scratch
from bot.storage.work import Work

DAYS, CONTACTS = 30, 200
K = TypeVar("K", str, int)


@dataclass(frozen=True)
class Way:
    """A way through the SOP that some took, step by step as `name:outcome`."""

    steps: Sequence[str]
    count: int


@dataclass(frozen=True)
class Simulated:
    """What came of a simulation.

    `steps` counts who came to each position. `days` and `hours` count messages, by channel, on the local clock.
    """

    sop: str
    digest: str
    contacts: int
    began: datetime
    ended: datetime
    ways: Sequence[Way]
    endings: Mapping[str, int]
    suppressed: Mapping[str, int]
    steps: Mapping[str, int]
    channels: Mapping[str, int] = field(default_factory=dict)
    days: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    hours: Mapping[int, Mapping[str, int]] = field(default_factory=dict)
    calls: Mapping[str, int] = field(default_factory=dict)
    quotas: Sequence[Use] = ()

    @property
    def entered(self) -> int:
        return sum(way.count for way in self.ways)


def simulate(
    library: Library,
    sop: Sop,
    *,
    start: datetime,
    contacts: int = CONTACTS,
    days: int = DAYS,
    seed: int = 0,
    limits: Limits | None = None,
) -> Simulated:
    """Let invented contacts walk `sop`; `library` gives the SOPs that it starts. The same seed gives the same.

    Where the SOP's first date is further away than `days`, the simulation begins the day before it.
    """
    start = _begin(sop, start, days, library.around.zone)
    stage = alone(library, sop)
    people = People(sop, contacts, start, seed, library.around.zone)
    end = start + timedelta(days=days)
    with scratch() as database:
        for together in people.rows():
            database.run_here(lambda session, rows=together: session.add_all(rows))  # type: ignore[misc]
        database.run_here(lambda session: publish(Work(session, start, "", ""), stage))  # type: ignore[arg-type]
        rehearsal = Rehearsal(database, stage, start, limits=limits)
        for happening in happenings(people, days):
            rehearsal.at(happening.at, _hear(stage, happening))
        rehearsal.set_schedules(end)
        rehearsal.run(end)
        return _counted(database, sop, people, rehearsal, end)


def _begin(sop: Sop, start: datetime, days: int, zone: ZoneInfo) -> datetime:
    first = next_fire(sop.trigger, start, zone) if sop.trigger.is_schedule else None
    is_far = first is not None and first > start + timedelta(days=days)
    return first - timedelta(days=1) if first is not None and is_far else start


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


# ── adding up ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _counted(database: Database, sop: Sop, people: People, rehearsal: Rehearsal, end: datetime) -> Simulated:
    def count(session: Session) -> Simulated:
        return Simulated(
            sop=sop.name,
            digest=sop.digest,
            contacts=people.count,
            began=people.start,
            ended=end,
            ways=ways(session, sop.name),
            endings=rows.endings(session, sop.name),
            suppressed=rows.suppressed_by(session, sop.name),
            steps=Counter(position for _run, position, _name, _outcome in rows.ways(session, sop.name)),
        )

    zone = rehearsal.library.around.zone
    sent = rehearsal.sent
    return replace(
        database.run_here(count),
        channels=dict(sorted(_by_channel(sent).items())),
        days=_spread(sent, zone, lambda local: local.date().isoformat()),
        hours=_spread(sent, zone, lambda local: local.hour),
        calls=dict(sorted(Counter(one.call.endpoint for one in sent).items())),
        quotas=quotas_of(sent, zone),
    )


def ways(session: Session, sop: str) -> list[Way]:
    """The ways that runs of an SOP took, the most frequent first."""
    taken = Counter(
        tuple(f"{name}:{outcome}" for _run, _position, name, outcome in steps)
        for _run, steps in groupby(rows.ways(session, sop), key=lambda row: row[0])
    )
    return [Way(steps, count) for steps, count in taken.most_common()]


def _by_channel(sent: Sequence[Sent]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for one in sent:
        if channel := channel_of(one.call):
            counted[channel] += len(reached(one.call))
    return counted


def _spread(sent: Sequence[Sent], zone: ZoneInfo, part: Callable[[datetime], K]) -> dict[K, dict[str, int]]:
    """Messages by a part of the local moment at which they left, and by channel."""
    found: dict[K, Counter[str]] = {}
    for one in sent:
        if channel := channel_of(one.call):
            found.setdefault(part(one.at.astimezone(zone)), Counter())[channel] += len(reached(one.call))
    return {key: dict(sorted(found[key].items())) for key in sorted(found)}
