"""Splits that look for a winner and rollouts that go by stages: where they stand, and what came of their runs."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Integer, case, cast, extract, func, literal
from sqlmodel import Session, col, select

from bot.model.tables import Behaviour, Experiment, Rollout, Run, StepRun
from bot.storage.queries.segments import Clause, Expression
from bot.storage.statements import insert_one

_PREFIX = len("contact:") + 1


def experiment(session: Session, sop: str, digest: str, position: str) -> Experiment | None:
    found = select(Experiment).where(
        Experiment.sop == sop, Experiment.digest == digest, Experiment.position == position
    )
    return session.exec(found).first()


def begin_experiment(session: Session, sop: str, digest: str, position: str, at: datetime) -> bool:
    """False when it has begun already."""
    row = {"sop": sop, "digest": digest, "position": position, "began_at": at, "winner": "", "detail": {}}
    return insert_one(session, Experiment, row)


def experiment_by_id(session: Session, id: int) -> Experiment | None:
    return session.get(Experiment, id)


def rollout(session: Session, sop: str, digest: str) -> Rollout | None:
    return session.exec(select(Rollout).where(Rollout.sop == sop, Rollout.digest == digest)).first()


def begin_rollout(session: Session, sop: str, digest: str, at: datetime) -> bool:
    """False when it has begun already."""
    return insert_one(session, Rollout, {"sop": sop, "digest": digest, "stage": 0, "moved_at": at, "detail": {}})


# ── what came of it ────────────────────────────────────────────────────────────────────────────────────────────────


def by_variant(
    session: Session, experiment: Experiment, events: Sequence[str], within: timedelta
) -> Mapping[str, tuple[int, int]]:
    """How many subjects got each variant, and how many of them did one of `events` within a time after."""
    did = _did(events, col(StepRun.at), within)
    rows: Any = (
        select(StepRun.outcome, func.count(), func.sum(case((did, 1), else_=0)))
        .join(Run, col(Run.id) == col(StepRun.run_id))
        .where(
            Run.sop == experiment.sop,
            Run.digest == experiment.digest,
            StepRun.name == "split",
            StepRun.position == experiment.position,
        )
        .group_by(col(StepRun.outcome))
    )
    return {variant: (subjects, int(reached or 0)) for variant, subjects, reached in session.exec(rows)}


def of_runs(session: Session, sop: str, digest: str, events: Sequence[str], within: timedelta) -> tuple[int, int]:
    """How many runs of a version began, and how many of their subjects did one of `events` within a time after."""
    did = _did(events, col(Run.started_at), within)
    rows: Any = select(func.count(), func.sum(case((did, 1), else_=0))).where(Run.sop == sop, Run.digest == digest)
    begun, reached = session.exec(rows).one()
    return begun, int(reached or 0)


def _did(events: Sequence[str], since: Expression, within: timedelta) -> Clause:
    """Whether the contact of a run did one of these things, to the second."""
    contact_id = cast(func.substr(col(Run.subject), _PREFIX), Integer)
    later = cast(extract("epoch", col(Behaviour.at)), Integer) - cast(extract("epoch", since), Integer)
    acts = select(literal(1)).where(
        col(Run.subject).startswith("contact:"),
        col(Behaviour.contact_id) == case((col(Run.subject).startswith("contact:"), contact_id)),
        col(Behaviour.name).in_(events),
        later.between(0, int(within.total_seconds())),
    )
    return acts.correlate(Run, StepRun).exists()


def happened(session: Session, run: Run, events: Sequence[str], since: datetime) -> int:
    """How often one of these things happened to the subject of a run since a moment."""
    kind, _colon, id = run.subject.partition(":")
    owner: Clause = {
        "contact": lambda: col(Behaviour.contact_id) == int(id),
        "group": lambda: col(Behaviour.chat_id) == id,
        "staff": lambda: col(Behaviour.user_id) == id,
    }[kind]()
    acts = select(func.count()).select_from(Behaviour).where(owner, col(Behaviour.name).in_(events))
    return session.exec(acts.where(col(Behaviour.at) >= since)).one()
