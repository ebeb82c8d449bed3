"""Why, and why not: what is written down about a subject and an SOP, put together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.model.ids import ContactId, contact_key
from bot.model.tables import Run, StepRun, Suppression
from bot.storage.queries import sops as rows


@dataclass(frozen=True)
class StepTold:
    """A step that was taken, and the verdicts that led there."""

    position: str
    name: str
    outcome: str
    at: datetime
    detail: dict[str, Any]

    @property
    def verdicts(self) -> list[dict[str, Any]]:
        """Each with name, passed, wanted and found."""
        return verdicts_in(self.detail)


@dataclass(frozen=True)
class RunTold:
    """A way through an SOP, or as far as it went."""

    sop: str
    digest: str
    state: str
    reason: str
    event: str
    started_at: datetime
    ended_at: datetime | None
    waiting_for: str
    wake_at: datetime | None
    trace_id: str
    steps: Sequence[StepTold]
    when: Sequence[dict[str, Any]] = ()
    """The verdicts that let the subject in."""


@dataclass(frozen=True)
class NotDone:
    """Something that was not done, and the rule that stood in its way."""

    sop: str
    rule: str
    at: datetime
    detail: dict[str, Any]
    trace_id: str

    @property
    def verdicts(self) -> list[dict[str, Any]]:
        return list(self.detail.get("verdicts", []))


@dataclass(frozen=True)
class Explanation:
    """Both empty: no event has ever led here."""

    runs: Sequence[RunTold]
    not_done: Sequence[NotDone]


def verdicts_in(detail: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the conditions of a step found; of a wait, when they were last asked."""
    last_asked = (detail.get("asked") or [{}])[-1]
    return list(detail.get("verdicts") or last_asked.get("verdicts", []))


def explain(session: Session, contact: ContactId, sop: str | None = None) -> Explanation:
    """Why a contact got something, and why not, from stored evidence; the newest first."""
    return explain_subject(session, contact_key(contact), sop)


def explain_subject(session: Session, subject: str, sop: str | None = None) -> Explanation:
    """The same for any subject key: `contact:7`, `group:wr…`, `staff:zhou`."""
    runs = rows.runs_of(session, subject, sop)
    steps: dict[int, list[StepRun]] = {}
    for step in rows.steps_of(session, [run.id for run in runs if run.id is not None]):
        steps.setdefault(step.run_id, []).append(step)
    return Explanation(
        runs=[_run(run, steps.get(run.id or 0, [])) for run in runs],
        not_done=[_not_done(one) for one in rows.suppressions_of(session, subject, sop)],
    )


def _run(run: Run, steps: Sequence[StepRun]) -> RunTold:
    return RunTold(
        sop=run.sop,
        digest=run.digest,
        state=run.state,
        reason=run.reason,
        event=run.event_kind,
        started_at=run.started_at,
        ended_at=run.ended_at,
        waiting_for=run.waiting_for,
        wake_at=run.wake_at if run.state == "waiting" else None,
        trace_id=run.trace_id,
        steps=[StepTold(step.position, step.name, step.outcome, step.at, step.detail) for step in steps],
        when=run.variables.get("when", []),
    )


def _not_done(row: Suppression) -> NotDone:
    return NotDone(row.sop, row.rule, row.at, row.detail, row.trace_id)
