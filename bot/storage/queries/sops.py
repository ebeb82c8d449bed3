"""SOPs in the database: versions in force, runs on their way, what happened at each step, and what did not."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select, update

from bot import metrics
from bot.model.tables import ExternalContact, Run, SopState, SopVersion, StepRun, Suppression
from bot.storage.statements import changed, insert_new, insert_one, upsert

OPEN = ("running", "waiting")


# ── versions ───────────────────────────────────────────────────────────────────────────────────────────────────────


def keep_versions(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Remember texts; a version that is known is left as it stands."""
    insert_new(session, SopVersion, rows)


def version(session: Session, sop: str, digest: str) -> SopVersion | None:
    return session.exec(select(SopVersion).where(SopVersion.sop == sop, SopVersion.digest == digest)).first()


def in_force(session: Session, sop: str) -> SopVersion | None:
    """The version that was last published."""
    joined = select(SopVersion).join(
        SopState, (col(SopState.sop) == col(SopVersion.sop)) & (col(SopState.digest) == col(SopVersion.digest))
    )
    return session.exec(joined.where(SopState.sop == sop)).first()


def put_in_force(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Say which digest of each SOP is in force and what is wrong with its file; whether it is paused stays."""
    known = {state.sop: state for state in states(session)}
    insert_new(session, SopState, [{**row, "paused": False} for row in rows if row["sop"] not in known])
    changed_rows = [row for row in rows if row["sop"] in known and _differs(known[row["sop"]], row)]
    upsert(session, SopState, [{**row, "paused": known[row["sop"]].paused} for row in changed_rows], ["sop"])


def _differs(state: SopState, row: dict[str, Any]) -> bool:
    return (state.digest, state.broken) != (row["digest"], row["broken"])


def states(session: Session) -> Sequence[SopState]:
    return session.exec(select(SopState).order_by(SopState.sop)).all()


def paused(session: Session, sops: Iterable[str]) -> frozenset[str]:
    """Which of these SOPs are paused."""
    names = list(sops)
    found = (
        session.exec(select(SopState.sop).where(col(SopState.sop).in_(names), col(SopState.paused))) if names else ()
    )
    return frozenset(found)


def set_paused(session: Session, sop: str, value: bool) -> bool:
    """Pause or resume; False when there is no such SOP, or it was so already."""
    other = update(SopState).where(col(SopState.sop) == sop, col(SopState.paused).is_(not value))
    return changed(session, other.values(paused=value)) == 1


# ── runs ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def start_run(session: Session, row: dict[str, Any]) -> Run | None:
    """Insert a run; None when there was one with its dedupe key."""
    empty: dict[str, Any] = {"waiting_for": "", "waits": 0, "variant": {}, "reason": ""}
    if not insert_one(session, Run, {**empty, **row}):
        return None
    return session.exec(select(Run).where(Run.dedupe_key == row["dedupe_key"])).one()


def find_run(session: Session, run_id: int) -> Run | None:
    return session.get(Run, run_id)


def wake(session: Session, run: Run, waits: int) -> bool:
    """Take a waiting run up again; False when somebody else did, or it waits for something later."""
    waiting = update(Run).where(col(Run.id) == run.id, col(Run.state) == "waiting", col(Run.waits) == waits)
    if changed(session, waiting.values(state="running")) == 0:
        return False
    session.refresh(run)
    return True


def waiting_for(session: Session, subjects: Sequence[str], events: Sequence[str]) -> Sequence[Run]:
    """Runs of these subjects that wait for one of the events, the oldest first."""
    rows = select(Run).where(Run.state == "waiting", col(Run.waiting_for).in_(events), col(Run.subject).in_(subjects))
    return session.exec(rows.order_by(col(Run.id))).all()


def last_start(session: Session, sop: str, subject: str) -> datetime | None:
    """When the subject last entered the SOP."""
    return session.exec(select(func.max(Run.started_at)).where(Run.sop == sop, Run.subject == subject)).one()


def began_with(session: Session, subject: str, user_id: str, event_kind: str, since: datetime) -> bool:
    """Whether any run of the subject began with an event of this kind and staff member."""
    rows = select(Run.id).where(
        Run.subject == subject,
        Run.user_id == user_id,
        col(Run.variables)["began_with"].as_string() == event_kind,
        col(Run.started_at) >= since,
    )
    return session.exec(rows.limit(1)).first() is not None


def without_goal(session: Session, subject: str, sops: Sequence[str], since: datetime) -> Sequence[Run]:
    """Runs of these SOPs, open or ended, that have not reached their goal."""
    rows = select(Run).where(
        Run.subject == subject, col(Run.sop).in_(sops), col(Run.goal_at).is_(None), col(Run.started_at) >= since
    )
    return session.exec(rows.order_by(col(Run.id))).all()


def end_runs(session: Session, subject: str, sop: str, reason: str, now: datetime) -> int:
    """End whatever the subject is walking in an SOP; returns how many runs that were."""
    standing = update(Run).where(col(Run.subject) == subject, col(Run.sop) == sop, col(Run.state).in_(OPEN))
    return changed(session, standing.values(state="exited", reason=reason, ended_at=now, waiting_for=""))


def runs_of(session: Session, subject: str, sop: str | None = None, limit: int = 20) -> Sequence[Run]:
    """The runs of a subject, the newest first."""
    rows = select(Run).where(Run.subject == subject).order_by(col(Run.id).desc()).limit(limit)
    return session.exec(rows if sop is None else rows.where(Run.sop == sop)).all()


# ── steps, and what was not done ───────────────────────────────────────────────────────────────────────────────────


def add_step(session: Session, step: StepRun) -> None:
    session.add(step)


def conclude_waiting(session: Session, run: Run, outcome: str) -> None:
    """Say that what a run was waiting for is no longer waited for."""
    waiting = update(StepRun).where(col(StepRun.run_id) == run.id, col(StepRun.outcome) == "waiting")
    changed(session, waiting.values(outcome=outcome))


def conclude_step(
    session: Session, run_id: int, position: str, expected: str, outcome: str, detail: dict[str, Any]
) -> bool:
    """Say how a step that was still `expected` ended; False when there is none."""
    step = session.exec(
        select(StepRun)
        .where(StepRun.run_id == run_id, StepRun.position == position, StepRun.outcome == expected)
        .with_for_update()
    ).first()
    if step is None:
        return False
    step.outcome, step.detail = outcome, {**step.detail, **detail}
    return True


def last_step(session: Session, run: Run, position: str) -> StepRun | None:
    """The last time that a run came to a step."""
    taken = select(StepRun).where(StepRun.run_id == run.id, StepRun.position == position)
    return session.exec(taken.order_by(col(StepRun.id).desc()).limit(1)).first()


def external_user_of(session: Session, run_id: int) -> str | None:
    """The contact of a run, as WeCom knows them."""
    run = session.get(Run, run_id)
    contact = session.get(ExternalContact, run.variables.get("contact_id") or 0) if run else None
    return contact.external_user_id if contact else None


def steps_of(session: Session, run_ids: Sequence[int]) -> Sequence[StepRun]:
    rows = select(StepRun).where(col(StepRun.run_id).in_(run_ids)).order_by(col(StepRun.id))
    return session.exec(rows).all()


def suppress(
    session: Session, *, sop: str, subject: str, rule: str, detail: dict[str, Any], at: datetime, trace_id: str
) -> None:
    metrics.SUPPRESSED.labels(metrics.bounded("rule", rule)).inc()
    session.add(Suppression(sop=sop, subject=subject, rule=rule, detail=detail, at=at, trace_id=trace_id))


def suppressions_of(session: Session, subject: str, sop: str | None = None, limit: int = 50) -> Sequence[Suppression]:
    """What was not done for a subject, the newest first."""
    rows = select(Suppression).where(Suppression.subject == subject).order_by(col(Suppression.id).desc()).limit(limit)
    return session.exec(rows if sop is None else rows.where(Suppression.sop == sop)).all()
