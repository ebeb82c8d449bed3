"""The past, for a replay: what happened, what was decided, and what was known at each moment."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session

from bot.model.calls import Call
from bot.model.events import EVENTS, CallFinished, Outcome, ScheduleDue, TimerDue
from bot.model.tables import CustomerGroup, ExternalContact, InboxRow, Run, Staff, StepRun
from bot.sop.conditions import Leaf
from bot.sop.invented import conditions_of
from bot.sop.schema import Sop
from bot.sop.scope import Scope
from bot.sop.segments import ANCHORS
from bot.storage.queries import rehearsals as rows
from bot.storage.queries import sops
from bot.storage.queries.rehearsals import Undone
from bot.storage.work import Work

OURS = (TimerDue.kind, CallFinished.kind)
"""What the runner brings about by itself: a replay has its own."""
ENDINGS: Mapping[str, Outcome] = {"sent": "sent", "failed": "failed", "unknown": "unknown", "expired": "expired"}
ASKED = "asked"
"""What a decision says of a step that planned a call: how the call ended was not decided here."""
TABLES: Mapping[str, type[Any]] = {"contact": ExternalContact, "group": CustomerGroup, "staff": Staff}


@dataclass(frozen=True, order=True)
class Decision:
    """What was decided for a subject at an event: which way it went, or which rule kept it out."""

    subject: str
    occasion: str
    way: tuple[str, ...] = ()
    rule: str = ""
    at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Past:
    """What was recorded since a moment."""

    events: Sequence[InboxRow]
    decisions: Sequence[Decision]
    undone: Sequence[Undone]
    outcomes: Mapping[tuple[str, str], Outcome]
    found: Mapping[str, Sequence[tuple[str, Sequence[Mapping[str, Any]]]]]
    """By trace: of whom something was found, and the verdicts that say what."""
    paused: Mapping[str, frozenset[str]]
    """By trace: which SOPs were paused at the time."""

    def answer(self, session: Session, call: Call) -> Outcome:
        """How the same call of the same step ended; a call that was never made is taken for accepted."""
        run_id, position = call.note["steps"][0]
        run = sops.find_run(session, run_id)
        return self.outcomes.get((run.dedupe_key, position), "sent") if run else "sent"

    def restore(self, work: Work, trace_id: str, asked: Mapping[str, Leaf]) -> None:
        """Put back what conditions found in this trace, where that is a plain column of the subject's own row."""
        for subject, verdicts in self.found.get(trace_id, ()):
            kind, _colon, subject_id = subject.partition(":")
            key = int(subject_id) if kind == "contact" else subject_id
            row = work.session.get(TABLES[kind], key)
            for verdict in verdicts:
                leaf = asked.get(verdict["name"])
                field = plain_field(leaf) if leaf else None
                if row is not None and field is not None:
                    setattr(row, field, verdict["found"])


BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
"""A moment for what does not depend on one."""


def asked_by(sop: Sop) -> dict[str, Leaf]:
    return {leaf.filter.name: leaf for leaf in conditions_of(sop)}


def plain_field(leaf: Leaf) -> str | None:
    """The field of the subject's own row that a fact is, if it is one as it stands."""
    if leaf.filter.is_pure or leaf.filter.kind.name not in ("text", "number", "flag"):
        return None
    for subject, reach in leaf.filter.reach.items():
        whenever = Scope(subject=subject, now=BEGINNING)
        field = str(getattr(leaf.filter.column(leaf.params, whenever), "key", ""))
        if reach.is_own and field in ANCHORS[subject].table.c:
            return field
    return None


def read(source: Session, sop: str, since: datetime) -> Past:
    """What the ledgers say; `undone` is filled in by who rewinds a copy."""
    kinds = [kind for kind in EVENTS if kind not in OURS]
    runs = rows.runs_since(source, sop, since)
    steps = sops.steps_of(source, [run.id for run in runs if run.id is not None])
    keys = {run.id: run.dedupe_key for run in runs}
    suppressed = rows.suppressed_since(source, None, since)
    paused: dict[str, set[str]] = {}
    found: dict[str, list[tuple[str, list[Any]]]] = {}
    for one in suppressed:
        if one.rule == "paused":
            paused.setdefault(one.trace_id, set()).add(one.sop)
        if one.sop == sop and one.detail.get("verdicts"):
            found.setdefault(one.trace_id, []).append((one.subject, one.detail["verdicts"]))
    for run in runs:
        if run.variables.get("when"):
            found.setdefault(run.trace_id, []).append((run.subject, run.variables["when"]))
    return Past(
        events=list(rows.recorded(source, kinds, since)),
        decisions=decisions(source, sop, since),
        undone=(),
        outcomes={
            (keys[step.run_id], step.position): ENDINGS[step.outcome] for step in steps if step.outcome in ENDINGS
        },
        found=found,
        paused={trace: frozenset(names) for trace, names in paused.items()},
    )


def decisions(session: Session, sop: str, since: datetime) -> list[Decision]:
    """Every decision on an SOP since a moment, whether it was taken in earnest or in a rehearsal."""
    runs = rows.runs_since(session, sop, since)
    steps: dict[int, list[StepRun]] = {}
    for step in sops.steps_of(session, [run.id for run in runs if run.id is not None]):
        steps.setdefault(step.run_id, []).append(step)
    found = [
        Decision(run.subject, _occasion(session, run), _way(steps.get(run.id or 0, [])), at=run.started_at)
        for run in runs
    ]
    found += [
        Decision(one.subject, one.trace_id, rule=one.rule, at=one.at)
        for one in rows.suppressed_since(session, sop, since)
        if "run" not in one.detail
    ]
    return sorted(found)


def _way(steps: Sequence[StepRun]) -> tuple[str, ...]:
    return tuple(f"{step.position} {step.name}:{_outcome(step.outcome)}" for step in steps)


def _outcome(outcome: str) -> str:
    return ASKED if outcome in ENDINGS or outcome == "planned" else outcome


def _occasion(session: Session, run: Run) -> str:
    """What began the run, told in a way that does not depend on the ids of this database."""
    key = run.dedupe_key.removeprefix(f"{run.sop}|{run.subject}|")
    if key.startswith("run:") and (parent := sops.find_run(session, int(key.removeprefix("run:")))):
        return f"run of {parent.dedupe_key}"
    return key


def schedules_seen(past: Past, sop: str) -> Iterator[tuple[datetime, InboxRow]]:
    """The recorded dates of an SOP."""
    for row in past.events:
        if row.kind == ScheduleDue.kind and row.payload.get("sop") == sop:
            yield row.event_at, row
