"""A plan: what publishing a draft would change, before it is published.

An SOP that a date starts is rehearsed at its next date, on a copy of the people as they are now. For one that events
start, the recorded events of the last weeks tell who would have entered.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.model.events import ScheduleDue
from bot.sop import runner
from bot.sop.calendar import next_fire
from bot.sop.channels import channel_of, reached
from bot.sop.library import Library
from bot.sop.publish import publish
from bot.sop.quotas import Use, quotas_of
from bot.sop.rehearsal import Limits, Rehearsal, Sent, alone, through
from bot.sop.replay import Hear, replay
from bot.sop.schema import Sop
from bot.storage.queries import rehearsals as rows
from bot.storage.scratch import scratch
from bot.storage.work import Work

LOOKING_BACK = timedelta(days=30)
HORIZON = timedelta(days=30)
"""How long the runs of one date are followed."""
GROUPS = ("mass_send_groups", "webhook", "appchat")


@dataclass(frozen=True)
class Reach:
    """Whom a version reaches, and with what. `at` is the date it was rehearsed at; None for the weeks behind us."""

    subjects: frozenset[str] = frozenset()
    sent: Sequence[Sent] = ()
    at: datetime | None = None


@dataclass(frozen=True)
class Planned:
    """The difference that publishing makes. `in_force` is the digest it replaces, empty when there is none."""

    sop: str
    digest: str
    in_force: str
    before: Reach
    after: Reach
    quotas: Sequence[Use]

    @property
    def joins(self) -> list[str]:
        return sorted(self.after.subjects - self.before.subjects)

    @property
    def leaves(self) -> list[str]:
        return sorted(self.before.subjects - self.after.subjects)

    @property
    def channels(self) -> Mapping[str, int]:
        """Messages by channel."""
        return _counted(self.after.sent, lambda channel, _whom: channel)

    @property
    def groups(self) -> Mapping[str, int]:
        """Messages by group."""
        return _counted(self.after.sent, lambda channel, whom: whom if channel in GROUPS else "")

    @property
    def all_sent_at(self) -> datetime | None:
        """When the last message has left, the limits being what they are; None when there is none."""
        return max((one.at for one in self.after.sent if channel_of(one.call)), default=None)


def plan(
    source: Session,
    library: Library,
    draft: Sop,
    hear: Hear,
    *,
    now: datetime,
    limits: Limits | None = None,
) -> Planned:
    """What publishing `draft` now would change. Nothing is sent and nothing is kept."""
    current = library.find(draft.name)
    after = reach_of(source, library, draft, hear, now)
    before = Reach() if current is None else after
    if current is not None and current.digest != draft.digest:
        before = reach_of(source, library, current, hear, now)
    if limits is not None:
        after = replace(after, sent=list(through(limits, after.sent)))
    return Planned(
        sop=draft.name,
        digest=draft.digest,
        in_force=current.digest if current else "",
        before=before,
        after=after,
        quotas=quotas_of(after.sent, library.around.zone),
    )


def reach_of(source: Session, library: Library, sop: Sop, hear: Hear, now: datetime) -> Reach:
    """Whom a version reaches, as if no other SOP wanted the same moment."""
    if sop.trigger.is_schedule:
        return _at_next_date(source, library, sop, now)
    replayed = replay(source, alone(library, sop), sop, hear, since=now - LOOKING_BACK, until=now)
    return Reach(frozenset(one.subject for one in replayed.would if not one.rule), replayed.sent)


def _at_next_date(source: Session, library: Library, sop: Sop, now: datetime) -> Reach:
    """Rehearse the next date: who enters then, and what follows from it."""
    fire = next_fire(sop.trigger, now, library.around.zone)
    if fire is None:
        return Reach()
    trial = alone(library, sop)
    with scratch() as database:
        database.run_here(lambda target: rows.copy(source, target))
        database.run_here(lambda session: publish(Work(session, now, "", ""), trial))  # type: ignore[arg-type]
        rehearsal = Rehearsal(database, trial, now)
        event = ScheduleDue(at=fire, sop=sop.name)
        rehearsal.at(fire, lambda work: runner.on_schedule(work, trial, event))
        rehearsal.run(fire + HORIZON)
        entered = database.run_here(lambda session: _entered(session, sop, fire))
    return Reach(entered, tuple(rehearsal.sent), fire)


def _entered(session: Session, sop: Sop, since: datetime) -> frozenset[str]:
    return frozenset(run.subject for run in rows.runs_since(session, [sop.name], since))


def _counted(sent: Sequence[Sent], part: Callable[[str, str], str]) -> Mapping[str, int]:
    found: Counter[str] = Counter()
    for one in sent:
        channel = channel_of(one.call)
        found.update(named for whom in reached(one.call) if (named := part(channel, whom)))
    return dict(found.most_common())
