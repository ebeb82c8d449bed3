"""The stages of a contact's life: `sops/rules/lifecycle.yaml` says by conditions who is in which.

The first stage whose condition holds is the contact's; whoever fits none is a prospect. Whoever has done something is
looked at at once, everybody every night, since time alone moves people as well.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.i18n import Sentence, _
from bot.model.ids import ContactId
from bot.sop import segments, source
from bot.sop.conditions import Condition, leaves, parse_condition
from bot.sop.findings import Finding, shown
from bot.sop.reading import Reading
from bot.sop.scope import Scope
from bot.sop.segment_files import SOME_MOMENT, unfit
from bot.storage.queries import ratings
from bot.storage.queries.segments import Question, values_of_these
from bot.storage.statements import ask

PROSPECT = "prospect"
NAMES: Mapping[str, Sentence] = {
    PROSPECT: "prospect",
    "new": "new contact",
    "active": "active contact",
    "dormant": "dormant contact",
    "at_risk": "contact at risk",
    "lost": "lost contact",
}
OWN = "contact.lifecycle_stage"
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, eq=False)
class Stages:
    """Who is in which stage; without any, nobody moves."""

    conditions: Mapping[str, Condition] = field(default_factory=dict)

    @cached_property
    def tables(self) -> frozenset[str]:
        """The tables whose facts are asked about."""
        scope = Scope(subject="contact", now=SOME_MOMENT)
        return frozenset().union(*(segments.tables_of(one, scope) for one in self.conditions.values()))


# ── the file ───────────────────────────────────────────────────────────────────────────────────────────────────────


def path_in(folder: Path) -> Path:
    return folder / "rules" / "lifecycle.yaml"


def read(folder: Path) -> tuple[Stages | None, list[Finding]]:
    """The stages of a folder of SOPs; None when the file cannot be read, none of them when there is no file."""
    path = path_in(folder)
    if not path.exists():
        return Stages(), []
    try:
        reading = Reading(shown(path), source.read(source.text_of(path)))
    except source.BadSource as error:
        return None, [Finding(shown(path), error.line, "X100", str(error))]
    stages = _parsed(reading)
    return (None if reading.failed else stages), sorted(reading.findings)


def _parsed(reading: Reading) -> Stages:
    raw = reading.mapping(reading.source.value, (), "stages")
    reading.keys(raw, (), ("stages",))
    stages = reading.mapping(raw.get("stages"), ("stages",), "stages")
    reading.keys(stages, ("stages",), tuple(name for name in NAMES if name != PROSPECT))
    conditions = {name: parse_condition(reading, one, ("stages", name)) for name, one in stages.items()}
    for condition in [] if reading.failed else conditions.values():
        for message, line in _unfit(condition):
            reading.findings.append(Finding(reading.path, line, "X117", message))
    return Stages(conditions)


def _unfit(condition: Condition) -> Iterator[tuple[str, int]]:
    yield from unfit(condition, "contact")
    for leaf in leaves(condition):
        if leaf.filter.name == OWN:
            yield _("{name} is what is decided here").format(name=OWN), leaf.line


# ── moving ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def settle(session: Session, stages: Stages, ids: Sequence[ContactId], now: datetime, zone: ZoneInfo) -> list[int]:
    """Put contacts into the stages where they belong now; returns those who have moved."""
    minute = now.replace(second=0, microsecond=0)
    question = _question(stages, minute if minute == now else minute + MINUTE, zone)
    answers = map(tuple, ask(session, question, ids=ids))
    found = {id: (_first(stages, fits), stands) for id, *fits, stands in answers}
    moved = [id for id, (belongs, stands) in found.items() if belongs != stands]
    ratings.rate(session, [{"id": id, "lifecycle_stage": found[id][0]} for id in moved])
    return moved


@lru_cache(maxsize=4)
def _question(stages: Stages, now: datetime, zone: ZoneInfo) -> Question:
    """Which conditions people meet, and where they stand. Put together once a minute: that takes longer than to ask."""
    scope, anchor = Scope(subject="contact", now=now, zone=zone), segments.ANCHORS["contact"]
    asked = [segments.members_clause(one, scope) for one in stages.conditions.values()]
    return values_of_these(anchor.table, anchor.id, [*asked, anchor.table.c.lifecycle_stage])


def refresh(session: Session, stages: Stages, after: int, limit: int, now: datetime, zone: ZoneInfo) -> int | None:
    """The same for a batch of everybody; returns the last id, None when there are no more."""
    ids = ratings.people_ids(session, after, limit) if stages.conditions else []
    settle(session, stages, ids, now, zone)
    return ids[-1] if len(ids) == limit else None


def _first(stages: Stages, fits: Sequence[object]) -> str:
    return next((name for name, fit in zip(stages.conditions, fits, strict=True) if fit), PROSPECT)
