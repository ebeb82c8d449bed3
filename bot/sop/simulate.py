"""Simulation: invented contacts walk an SOP on a virtual clock. Nothing is sent, and nothing real is read."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from bot.sop.calendar import next_fire
from bot.sop.channels import channel_of, reached
from bot.sop.crowds import Walked, sayings, walk_crowd
from bot.sop.library import Library
from bot.sop.quotas import Use, quotas_of
from bot.sop.rehearsal import Limits, Sent, through
from bot.sop.schema import Sop, spelled

DAYS, CONTACTS = 30, 200
K = TypeVar("K", str, int)


@dataclass(frozen=True)
class Way:
    """A way through the SOP that some took, step by step as `name:outcome`."""

    steps: Sequence[str]
    count: int


@dataclass(frozen=True)
class Saying:
    """A step that tells somebody something: how often it did, and how long after the beginning."""

    position: str
    action: str
    text: str
    told: int
    suppressed: int
    earliest: timedelta
    median: timedelta
    latest: timedelta


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
    channels: Mapping[str, int]
    days: Mapping[str, Mapping[str, int]]
    hours: Mapping[int, Mapping[str, int]]
    calls: Mapping[str, int]
    quotas: Sequence[Use]
    sayings: Sequence[Saying]

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
    zone = library.around.zone
    start = _begin(sop, start, days, zone)
    walked = walk_crowd(library, sop, start, contacts, days, seed)
    sent = list(through(limits, walked.sent)) if limits else walked.sent
    return Simulated(
        sop=sop.name,
        digest=sop.digest,
        contacts=contacts,
        began=start,
        ended=start + timedelta(days=days),
        ways=[
            Way(steps, walked.ways[steps]) for steps in sorted(walked.ways, key=lambda way: (-walked.ways[way], way))
        ],
        endings=dict(walked.endings.most_common()),
        suppressed=dict(walked.suppressed.most_common()),
        steps=dict(walked.steps),
        channels=dict(sorted(_by_channel(sent).items())),
        days=_spread(sent, zone, lambda local: local.date().isoformat()),
        hours=_spread(sent, zone, lambda local: local.hour),
        calls=dict(sorted(Counter(one.call.endpoint for one in sent).items())),
        quotas=quotas_of(sent, zone),
        sayings=list(_sayings(sop, walked)),
    )


def _sayings(sop: Sop, walked: Walked) -> Iterator[Saying]:
    """In the order of their time; a step that nobody came to says nothing."""
    found: dict[str, list[tuple[timedelta, str]]] = {}
    for position, outcome, delay in walked.delays:
        found.setdefault(position, []).append((delay, outcome))
    steps = {spelled(position): step for position, step in sayings(sop)}
    for position in sorted(found, key=lambda one: min(found[one])[0]):
        delays = [delay for delay, _outcome in sorted(found[position])]
        suppressed = sum(outcome == "suppressed" for _delay, outcome in found[position])
        params = steps[position].params
        yield Saying(
            position=position,
            action=steps[position].action,
            text=str(getattr(params, "text", "") or getattr(params, "reason", "")),
            told=len(delays) - suppressed,
            suppressed=suppressed,
            earliest=delays[0],
            median=delays[len(delays) // 2],
            latest=delays[-1],
        )


def _begin(sop: Sop, start: datetime, days: int, zone: ZoneInfo) -> datetime:
    first = next_fire(sop.trigger, start, zone) if sop.trigger.is_schedule else None
    is_far = first is not None and first > start + timedelta(days=days)
    return first - timedelta(days=1) if first is not None and is_far else start


# ── adding up ──────────────────────────────────────────────────────────────────────────────────────────────────────


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
