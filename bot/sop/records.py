"""What the ledgers hold of the past since a moment, and what it is evidence of."""

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.model.events import ScheduleDue
from bot.model.tables import InboxRow, Run, SopVersion, StepRun, Suppression
from bot.sop.decisions import occasion_of, told_anywhere
from bot.sop.evidence import OPEN, Answer, Crowd, Evidence, Scene, Why, signature
from bot.sop.history import Fired
from bot.storage.queries import rehearsals as rows
from bot.storage.queries import versions
from bot.storage.queries.sops import occasion_in, run_key

AFTER_ROLLOUT = ("holdout", "mutex")
"""Gates that come after the rollout: whoever stood before one had passed it."""


@dataclass(frozen=True)
class Records:
    """`occasions` of runs are told as in every database; `in_force` are the versions that are so now."""

    since: datetime
    events: Sequence[InboxRow]
    runs: Mapping[int, Run]
    occasions: Mapping[int, str]
    steps: Sequence[StepRun]
    suppressions: Sequence[Suppression]
    kept_out: Mapping[int | None, str]
    """The occasions of suppressions."""
    in_force: Mapping[str, SopVersion]

    def handled(self, *kinds: str) -> Iterator[tuple[InboxRow, Fired]]:
        """The events of these kinds, or of all, and when each was handled."""
        for turn, row in enumerate(self.events):
            if row.finished_at is not None and (not kinds or row.kind in kinds):
                yield row, Fired(row.finished_at, turn)

    def name(self, run_id: int) -> str:
        run = self.runs[run_id]
        return run_key(run.sop, run.subject, self.occasions[run_id])

    def beginning(self, run: Run) -> Scene:
        return Scene(run.sop, run.subject, self.occasions[run.id or 0], run.started_at, run.trace_id)

    def step(self, step: StepRun) -> Scene:
        return self.beginning(self.runs[step.run_id])._replace(at=step.at, trace_id=step.trace_id)

    def refusal(self, one: Suppression) -> Scene:
        return Scene(one.sop, one.subject, self.kept_out[one.id], one.at, one.trace_id)

    def digest(self, sop: str, at: datetime) -> str:
        """The version that was in force at a moment; empty when it is not any more."""
        version = self.in_force.get(sop)
        return version.digest if version is not None and version.published_at <= at else ""


def read(source: Session, sops: Collection[str], since: datetime) -> Records:
    """What is on record of these SOPs, and all events."""
    runs = {run.id: run for run in rows.runs_since(source, sops, since) if run.id is not None}
    steps, suppressions = rows.steps_since(source, sops, since), rows.suppressed_since(source, sops, since)
    return Records(
        since=since,
        events=_in_order(rows.handled_since(source, since), steps),
        runs=runs,
        occasions={id: occasion_of(source, run) for id, run in runs.items()},
        steps=steps,
        suppressions=suppressions,
        kept_out={one.id: told_anywhere(source, str(one.detail.get("occasion", ""))) for one in suppressions},
        in_force=versions.in_force(source),
    )


def _in_order(events: Sequence[InboxRow], steps: Sequence[StepRun]) -> Sequence[InboxRow]:
    """Events as they were handled. Of one moment, those of other lanes may have come first: the steps tell."""
    first: dict[tuple[datetime | None, str], int] = {}
    for number, step in enumerate(steps):
        first.setdefault((step.at, step.trace_id), number)
    ordered: list[InboxRow] = []
    for _moment, several in itertools.groupby(events, key=lambda row: row.finished_at):
        together = list(several)
        told = [at for at, row in enumerate(together) if (row.finished_at, row.trace_id) in first]
        by_step = sorted((together[at] for at in told), key=lambda row: first[row.finished_at, row.trace_id])
        for at, row in zip(told, by_step, strict=True):
            together[at] = row
        ordered += together
    return ordered


def evidence_of(records: Records) -> Evidence:
    answers: dict[Scene, dict[bytes, Answer]] = {}
    for scene, verdict in verdicts_of(records):
        asked = answers.setdefault(scene, {})
        asked[signature(verdict["name"], verdict["wanted"])] = verdict["passed"], verdict["found"]
    steps: dict[Scene, list[StepRun]] = {}
    for step in records.steps:
        steps.setdefault(records.step(step), []).append(step)
    return Evidence(answers, steps, dict(_stages(records)), _crowds(records))


def verdicts_of(records: Records) -> Iterator[tuple[Scene, Mapping[str, Any]]]:
    """Every verdict that was written down."""
    for run in records.runs.values():
        for verdict in run.variables.get("when", ()):
            yield records.beginning(run), verdict
    for step in records.steps:
        for verdict in step.detail.get("verdicts", ()):
            yield records.step(step), verdict
        for asked in step.detail.get("asked", ()):
            for at, trace_id in asked["moments"]:
                scene = records.step(step)._replace(at=datetime.fromisoformat(at), trace_id=trace_id)
                yield from ((scene, verdict) for verdict in asked["verdicts"])
    for one in records.suppressions:
        for verdict in one.detail.get("verdicts", ()):
            yield records.refusal(one), verdict


def _stages(records: Records) -> Iterator[tuple[Scene, tuple[str, Why]]]:
    for one in records.suppressions:
        scene, digest = records.refusal(one), records.digest(one.sop, one.at)
        if one.rule in ("rollout", "stop_loss"):
            yield scene, (digest, (one.rule, {name: value for name, value in one.detail.items() if name != "occasion"}))
        elif one.rule in AFTER_ROLLOUT:
            yield scene, (digest, OPEN)
    for run in records.runs.values():
        yield records.beginning(run), (run.digest, OPEN)


def _crowds(records: Records) -> Mapping[tuple[str, datetime], Crowd]:
    ids: dict[tuple[str, str], set[str]] = {}
    for run in records.runs.values():
        ids.setdefault((run.sop, occasion_in(run.dedupe_key)), set()).add(run.subject.partition(":")[2])
    for one in records.suppressions:
        if one.rule != "when":
            met = ids.setdefault((one.sop, str(one.detail.get("occasion", ""))), set())
            met.add(one.subject.partition(":")[2])
    crowds = {}
    for row in records.events:
        if row.kind == ScheduleDue.kind:
            sop, at = str(row.payload["sop"]), row.event_at
            crowds[sop, at] = Crowd(records.digest(sop, at), frozenset(ids.get((sop, at.isoformat()), ())))
    return crowds
