"""What came of a rehearsal, and copies to hold one on: many rows at once, as plain tuples."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, SQLModel, col, func, select

from bot.model.events import ScheduleDue
from bot.model.tables import (
    InboxRow,
    OutboxRow,
    Run,
    StepRun,
    Suppression,
    TimerRow,
)
from bot.storage.statements import table_of

LEFT_OUT = (InboxRow, OutboxRow, TimerRow)
"""Ledgers are not copied: a rehearsal has its own."""
BATCH = 1000


def ways(session: Session, sop: str) -> Iterator[tuple[int, str, str, str]]:
    """Run, position, name and outcome of every step taken in an SOP, run by run."""
    steps = (
        select(StepRun.run_id, StepRun.position, StepRun.name, StepRun.outcome)
        .join(Run, col(Run.id) == col(StepRun.run_id))
        .where(Run.sop == sop)
        .order_by(col(StepRun.run_id), col(StepRun.id))
    )
    yield from session.exec(steps)


def delays(session: Session, sop: str) -> Iterator[tuple[str, str, timedelta]]:
    """Position, outcome and time since the run began of every step taken in an SOP."""
    steps = (
        select(StepRun.position, StepRun.outcome, StepRun.at, Run.started_at)
        .join(Run, col(Run.id) == col(StepRun.run_id))
        .where(Run.sop == sop)
    )
    for position, outcome, at, started_at in session.exec(steps):
        yield position, outcome, at - started_at


def endings(session: Session, sop: str) -> dict[str, int]:
    """How many runs of an SOP are in each state, or ended for each reason."""
    label = func.coalesce(func.nullif(Run.reason, ""), Run.state)
    rows = select(label, func.count()).where(Run.sop == sop).group_by(label).order_by(func.count().desc())
    return {str(name): count for name, count in session.exec(rows)}


def runs_since(session: Session, sops: Collection[str], since: datetime) -> Sequence[Run]:
    """The runs of SOPs that began since then, the oldest first."""
    rows = select(Run).where(col(Run.started_at) >= since, col(Run.sop).in_(sops))
    return session.exec(rows.order_by(col(Run.id))).all()


def steps_since(session: Session, sops: Collection[str], since: datetime) -> Sequence[StepRun]:
    """The steps of those runs."""
    rows = select(StepRun).join(Run, col(Run.id) == col(StepRun.run_id))
    rows = rows.where(col(Run.started_at) >= since, col(Run.sop).in_(sops))
    return session.exec(rows.order_by(col(StepRun.id))).all()


def suppressed_since(session: Session, sops: Collection[str], since: datetime) -> Sequence[Suppression]:
    rows = select(Suppression).where(col(Suppression.at) >= since, col(Suppression.sop).in_(sops))
    return session.exec(rows.order_by(col(Suppression.id))).all()


def suppressed_by(session: Session, sop: str) -> dict[str, int]:
    """How often each rule of the SOP said no, the most frequent first."""
    rows = select(Suppression.rule, func.count()).where(Suppression.sop == sop).group_by(Suppression.rule)
    return dict(session.exec(rows.order_by(func.count().desc(), Suppression.rule)).all())


def handled_since(session: Session, since: datetime) -> Sequence[InboxRow]:
    """The events that were handled since then, in that order."""
    rows = select(InboxRow).where(InboxRow.state == "done", col(InboxRow.finished_at) >= since)
    return session.exec(rows.order_by(col(InboxRow.finished_at), col(InboxRow.id))).all()


def last_dates(session: Session, before: datetime) -> Mapping[str, datetime]:
    """The last date of each SOP that had one."""
    sop = col(InboxRow.payload)["sop"].as_string()
    dates = select(sop, func.max(InboxRow.event_at)).where(
        InboxRow.kind == ScheduleDue.kind, InboxRow.state == "done", col(InboxRow.event_at) < before
    )
    return dict(session.exec(dates.group_by(sop)).all())


def copy(source: Session, target: Session) -> None:
    """Copy everything but the ledgers into an empty SQLite, table by table; rows of a table may name later ones."""
    target.connection().exec_driver_sql("PRAGMA defer_foreign_keys=ON")
    left_out = {table_of(model) for model in LEFT_OUT}
    for table in SQLModel.metadata.sorted_tables:
        if table in left_out:
            continue
        for rows in source.connection().execute(table.select()).mappings().partitions(BATCH):
            target.connection().execute(table.insert(), [dict(row) for row in rows])
