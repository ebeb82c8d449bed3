"""SOPs in the database: versions in force, runs on their way, what happened at each step, and what did not."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Executable, bindparam, union_all
from sqlmodel import Session, col, func, select, update

from bot import metrics
from bot.model.tables import ExternalContact, Run, SopState, SopVersion, StepRun, Suppression
from bot.storage import objects, prepared
from bot.storage.statements import append, ask, changed, in_state, insert_id, insert_new, table_of, upsert

OPEN = ("running", "waiting")
STOPPED_BY = "stopped by "
"""How the reason begins of a run that another SOP has ended."""


# ── versions ───────────────────────────────────────────────────────────────────────────────────────────────────────


def keep_versions(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Remember texts; a version that is known is left as it stands."""
    insert_new(session.connection(), SopVersion, rows)


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
    insert_new(session.connection(), SopState, [{**row, "paused": False} for row in rows if row["sop"] not in known])
    changed_rows = [row for row in rows if row["sop"] in known and _differs(known[row["sop"]], row)]
    upsert(session, SopState, [{**row, "paused": known[row["sop"]].paused} for row in changed_rows], ["sop"])


def _differs(state: SopState, row: dict[str, Any]) -> bool:
    return (state.digest, state.broken) != (row["digest"], row["broken"])


def states(session: Session) -> Sequence[SopState]:
    return session.exec(select(SopState).order_by(SopState.sop)).all()


def paused(session: Session, sops: Iterable[str]) -> frozenset[str]:
    """Which of these SOPs are paused."""
    names = list(sops)
    return frozenset(sop for (sop,) in ask(session, _PAUSED, names=names)) if names else frozenset()


_PAUSED = select(SopState.sop).where(col(SopState.sop).in_(bindparam("names", expanding=True)), col(SopState.paused))


def set_paused(session: Session, sop: str, value: bool) -> bool:
    """Pause or resume; False when there is no such SOP, or it was so already."""
    other = update(SopState).where(col(SopState.sop) == sop, col(SopState.paused).is_(not value))
    return changed(session, other.values(paused=value)) == 1


def walked(session: Session) -> Sequence[tuple[str, str]]:
    """Which versions somebody is on, by SOP and digest."""
    return session.exec(select(Run.sop, Run.digest).where(in_state(Run.state, "waiting")).distinct()).all()


# ── runs ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def run_key(sop: str, subject: str, occasion: str) -> str:
    """What makes a run of a subject in an SOP the only one of its occasion."""
    return f"{sop}|{subject}|{occasion}"


def occasion_in(key: str) -> str:
    """What of the key of a run tells its occasion; the subject may have been joined with another since."""
    return key.split("|", 2)[2]


def start_run(session: Session, row: dict[str, Any]) -> Run | None:
    """Insert a run; None when there was one with its dedupe key."""
    empty: dict[str, Any] = {"waiting_for": "", "waits": 0, "variant": {}, "reason": ""}
    run_id = insert_id(session, Run, {**empty, **row})
    return None if run_id is None else objects.find(session, Run, run_id)


def find_run(session: Session, run_id: int) -> Run | None:
    return objects.find(session, Run, run_id)


def lock_waiting(session: Session, run_id: int) -> Run | None:
    """A run that waits, kept from everybody else until the transaction ends; None when it does not wait any more."""
    return objects.first(session, Run, _LOCKED, id=run_id)


_LOCKED = (
    select(Run)
    .where(Run.id == bindparam("id"), Run.state == "waiting")
    .with_for_update()
    .execution_options(populate_existing=True)
)  # what was read before the lock may be old


def waiting_for(session: Session, subjects: Sequence[str], events: Sequence[str]) -> Iterator[Run]:
    """Runs of these subjects that wait for one of the events, the oldest first; each is locked when its turn comes."""
    for (run_id,) in ask(session, _WAITING, subjects=subjects, events=events):
        if (run := lock_waiting(session, run_id)) is not None:
            yield run


_WAITING = (
    select(Run.id)
    .where(
        in_state(Run.state, "waiting"),
        col(Run.waiting_for).in_(bindparam("events", expanding=True)),
        col(Run.subject).in_(bindparam("subjects", expanding=True)),
    )
    .order_by(col(Run.id))
)


def last_start(session: Session, sop: str, subject: str) -> datetime | None:
    """When the subject last entered the SOP."""
    found: datetime | None = ask(session, _LAST_START, sop=sop, subject=subject)[0][0]
    return found


_LAST_START = select(func.max(Run.started_at)).where(Run.sop == bindparam("sop"), Run.subject == bindparam("subject"))


def began_with(session: Session, subject: str, user_id: str, event_kind: str, since: datetime) -> bool:
    """Whether any run of the subject began with an event of this kind and staff member."""
    return bool(ask(session, _BEGAN_WITH, subject=subject, user_id=user_id, kind=event_kind, since=since))


_BEGAN_WITH = (
    select(Run.id)
    .where(
        Run.subject == bindparam("subject"),
        Run.user_id == bindparam("user_id"),
        col(Run.variables)["began_with"].as_string() == bindparam("kind"),
        col(Run.started_at) >= bindparam("since"),
    )
    .limit(1)
)


def without_goal(session: Session, subject: str, sops: Sequence[str], since: datetime) -> Sequence[Run]:
    """Runs of these SOPs, open or ended, that have not reached their goal."""
    found = ask(session, _WITHOUT_GOAL, subject=subject, sops=sops, since=since)
    return [run for (run_id,) in found if (run := objects.find(session, Run, run_id)) is not None]


_WITHOUT_GOAL = (
    select(Run.id)
    .where(
        Run.subject == bindparam("subject"),
        col(Run.sop).in_(bindparam("sops", expanding=True)),
        col(Run.goal_at).is_(None),
        col(Run.started_at) >= bindparam("since"),
    )
    .order_by(col(Run.id))
)


def open_runs(session: Session, subject: str, sops: Sequence[str]) -> Iterator[Run]:
    """What the subject is walking of these SOPs, each locked when its turn comes."""
    for (run_id,) in ask(session, _OPEN_RUNS, subject=subject, sops=sops):
        if (run := lock_waiting(session, run_id)) is not None:
            yield run


_OPEN_RUNS = (
    select(Run.id)
    .where(
        in_state(Run.state, "waiting"),
        Run.subject == bindparam("subject"),
        col(Run.sop).in_(bindparam("sops", expanding=True)),
    )
    .order_by(col(Run.id))
)


def end_runs(session: Session, subject: str, sop: str, reason: str, now: datetime) -> int:
    """End whatever the subject is walking in an SOP; returns how many runs that were."""
    standing = update(Run).where(col(Run.subject) == subject, col(Run.sop) == sop, col(Run.state).in_(OPEN))
    return changed(session, standing.values(state="exited", reason=reason, ended_at=now, waiting_for=""))


def runs_of(session: Session, subject: str, sop: str | None = None, limit: int = 20) -> Sequence[Run]:
    """The runs of a subject, the newest first."""
    rows = select(Run).where(Run.subject == subject).order_by(col(Run.id).desc()).limit(limit)
    return session.exec(rows if sop is None else rows.where(Run.sop == sop)).all()


# ── steps, and what was not done ───────────────────────────────────────────────────────────────────────────────────


def add_step(session: Session, row: dict[str, Any]) -> None:
    append(session, StepRun, row)


def conclude_waiting(session: Session, run: Run, outcome: str) -> None:
    """Say that what a run was waiting for is no longer waited for."""
    waiting = update(StepRun).where(col(StepRun.run_id) == run.id, col(StepRun.outcome) == "waiting")
    changed(session, waiting.values(outcome=outcome))


def note_asked(session: Session, run: Run, found: list[dict[str, Any]], at: datetime, trace_id: str) -> None:
    """Write on the step at which a run waits what its conditions found, and when; the same finding once."""
    moment = [at.isoformat(), trace_id]
    for step_id, detail in ask(session, _WAITS, run_id=run.id):
        asked = [*detail.get("asked", [])]
        if asked and asked[-1]["verdicts"] == found:
            asked[-1] = {**asked[-1], "moments": [*asked[-1]["moments"], moment][-MOST_ASKED:]}
        else:
            asked = [*asked, {"verdicts": found, "moments": [moment]}][-MOST_FOUND:]
        told = {"step": step_id, "outcome": "waiting", "detail": {**detail, "asked": asked}}
        prepared.execute(session, _CONCLUDE, told)


MOST_FOUND, MOST_ASKED = 20, 200
"""Findings that a waiting step remembers, and moments at which each was the same."""
_WAITS = select(StepRun.id, StepRun.detail).where(
    StepRun.run_id == bindparam("run_id"), in_state(StepRun.outcome, "waiting")
)


def conclude_step(
    session: Session, run_id: int, position: str, expected: str, outcome: str, detail: dict[str, Any]
) -> bool:
    """Say how a step that was still `expected` ended; False when there is none."""
    found = ask(session, _STANDING, run_id=run_id, position=position, outcome=expected)
    if not found:
        return False
    [(step_id, before)] = found
    prepared.execute(session, _CONCLUDE, {"step": step_id, "outcome": outcome, "detail": {**before, **detail}})
    return True


_AT_STEP = (StepRun.run_id == bindparam("run_id"), StepRun.position == bindparam("position"))
_STANDING = (
    select(StepRun.id, StepRun.detail)
    .where(*_AT_STEP, StepRun.outcome == bindparam("outcome"))
    .order_by(col(StepRun.id))
    .limit(1)
    .with_for_update()
)
_CONCLUDE = table_of(StepRun).update().where(col(StepRun.id) == bindparam("step"))


def last_step(session: Session, run: Run, position: str) -> StepRun | None:
    """The last time that a run came to a step."""
    return objects.first(session, StepRun, _LAST_STEP, run_id=run.id, position=position)


_LAST_STEP = select(StepRun).where(*_AT_STEP).order_by(col(StepRun.id).desc()).limit(1)


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
    row = {"sop": sop, "subject": subject, "rule": rule, "detail": detail, "at": at, "trace_id": trace_id}
    append(session, Suppression, row)


def began_at(session: Session, sop: str, subject: str, occasion: str) -> bool:
    """Whether the event that `occasion` names has begun a run."""
    return bool(ask(session, _BEGAN_AT, key=run_key(sop, subject, occasion)))


def was_decided(session: Session, sop: str, subject: str, occasion: str) -> bool:
    """Whether that event has begun a run, or been kept from it, before."""
    key = run_key(sop, subject, occasion)
    return bool(ask(session, _DECIDED, key=key, subject=subject, sop=sop, occasion=occasion))


_BEGAN_AT = select(Run.id).where(Run.dedupe_key == bindparam("key"))
_DECIDED: Executable = union_all(
    _BEGAN_AT,
    select(Suppression.id).where(
        Suppression.subject == bindparam("subject"),
        Suppression.sop == bindparam("sop"),
        col(Suppression.detail)["occasion"].as_string() == bindparam("occasion"),
    ),
)


def suppressions_of(session: Session, subject: str, sop: str | None = None, limit: int = 50) -> Sequence[Suppression]:
    """What was not done for a subject, the newest first."""
    rows = select(Suppression).where(Suppression.subject == subject).order_by(col(Suppression.id).desc()).limit(limit)
    return session.exec(rows if sop is None else rows.where(Suppression.sop == sop)).all()
