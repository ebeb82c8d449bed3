"""Decisions, told in a way that does not depend on the ids of a database: those of a rehearsal can stand beside those
that were taken in earnest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session

from bot.model.events import Outcome
from bot.model.tables import Run, StepRun
from bot.storage.queries import rehearsals as rows
from bot.storage.queries import sops

ENDINGS: Mapping[str, Outcome] = {"sent": "sent", "failed": "failed", "unknown": "unknown", "expired": "expired"}
ASKED = "asked"
"""What a decision says of a step that planned a call: how the call ended was not decided here."""


@dataclass(frozen=True, order=True)
class Decision:
    """What was decided for a subject at an event: which way it went, or which rule kept it out."""

    subject: str
    occasion: str
    way: tuple[str, ...] = ()
    rule: str = ""
    at: datetime | None = field(default=None, compare=False)


def decisions(session: Session, sop: str, since: datetime) -> list[Decision]:
    """Every decision on an SOP since a moment."""
    steps: dict[int, list[StepRun]] = {}
    for step in rows.steps_since(session, [sop], since):
        steps.setdefault(step.run_id, []).append(step)
    found = [
        Decision(run.subject, occasion_of(session, run), _way(steps.get(run.id or 0, [])), at=run.started_at)
        for run in rows.runs_since(session, [sop], since)
    ]
    found += [
        Decision(one.subject, one.trace_id, rule=one.rule, at=one.at)
        for one in rows.suppressed_since(session, [sop], since)
        if "run" not in one.detail
    ]
    return sorted(found)


def _way(steps: Sequence[StepRun]) -> tuple[str, ...]:
    return tuple(f"{step.position} {step.name}:{_outcome(step.outcome)}" for step in steps)


def _outcome(outcome: str) -> str:
    return ASKED if outcome in ENDINGS or outcome == "planned" else outcome


def name_of(session: Session, run: Run) -> str:
    """The same for the same run, whichever database it is in."""
    return sops.run_key(run.sop, run.subject, occasion_of(session, run))


def occasion_of(session: Session, run: Run) -> str:
    return told_anywhere(session, sops.occasion_in(run.dedupe_key))


def told_anywhere(session: Session, occasion: str) -> str:
    """What began a run, or would have; another run by its name."""
    parent = sops.find_run(session, int(occasion.removeprefix("run:"))) if occasion.startswith("run:") else None
    return occasion if parent is None else f"run of {name_of(session, parent)}"
