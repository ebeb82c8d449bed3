"""What came of a rehearsal, and copies to hold one on: many rows at once, as plain tuples."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, SQLModel, col, delete, func, select

from bot.model.tables import (
    Behaviour,
    ContactTag,
    ExternalContact,
    FollowUser,
    GroupMember,
    InboxRow,
    Message,
    OutboxRow,
    Run,
    ScoreEntry,
    SegmentMember,
    StaffTask,
    StepRun,
    Suppression,
    TimerRow,
    Touch,
)
from bot.storage.statements import changed, insert_new, table_of

LEFT_OUT = (InboxRow, OutboxRow, TimerRow)
"""Ledgers are not copied: a rehearsal has its own."""
BATCH = 1000
HISTORY: Sequence[tuple[type[SQLModel], str, str]] = (
    (Behaviour, "at", ""),
    (Message, "sent_at", ""),
    (ScoreEntry, "at", ""),
    (ContactTag, "added_at", "removed_at"),
    (FollowUser, "added_at", "ended_at"),
    (GroupMember, "joined_at", "left_at"),
    (StaffTask, "opened_at", "done_at"),
    (SegmentMember, "entered_at", ""),
)
"""What is dated: the table, when a row came to be, and when it ended."""
BEFORE: Mapping[type[SQLModel], Mapping[str, Any]] = {FollowUser: {"status": "active"}, StaffTask: {"state": "open"}}
"""What a row says before its end."""
MARKS: Sequence[tuple[type[SQLModel], str]] = ((FollowUser, "greeted_at"),)
"""What is written on a row after the event that led to it has been dealt with."""


@dataclass(frozen=True)
class Undone:
    """What was taken out of the past, and when it comes back: a whole row, or some values of the one with `id`."""

    at: datetime
    model: type[SQLModel]
    values: Mapping[str, Any]
    id: int | None = None
    is_late: bool = False


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


def runs_since(session: Session, sop: str, since: datetime) -> Sequence[Run]:
    """The runs of an SOP that began since then, the oldest first."""
    rows = select(Run).where(Run.sop == sop, col(Run.started_at) >= since)
    return session.exec(rows.order_by(col(Run.id))).all()


def suppressed_since(session: Session, sop: str | None, since: datetime) -> Sequence[Suppression]:
    rows = select(Suppression).where(col(Suppression.at) >= since).order_by(col(Suppression.id))
    return session.exec(rows if sop is None else rows.where(Suppression.sop == sop)).all()


def suppressed_by(session: Session, sop: str) -> dict[str, int]:
    """How often each rule of the SOP said no, the most frequent first."""
    rows = select(Suppression.rule, func.count()).where(Suppression.sop == sop).group_by(Suppression.rule)
    return dict(session.exec(rows.order_by(func.count().desc(), Suppression.rule)).all())


def recorded(session: Session, kinds: Sequence[str], since: datetime) -> Iterator[InboxRow]:
    """Handled events of these kinds, in the order in which they were handled."""
    rows = select(InboxRow).where(
        InboxRow.state == "done", col(InboxRow.kind).in_(kinds), col(InboxRow.event_at) >= since
    )
    yield from session.exec(rows.order_by(col(InboxRow.finished_at), col(InboxRow.id)))


def rewind(session: Session, since: datetime) -> list[Undone]:
    """Take out what came to be since a moment, and undo what ended since; returns how to bring it all back."""
    _forget_runs(session, since)
    undone: list[Undone] = []
    for model, column in MARKS:
        undone += _blanked(session, model, column, {column: None}, since, is_late=True)
    for model, made, ended in HISTORY:
        if ended:
            undone += _blanked(session, model, ended, {ended: None, **BEFORE.get(model, {})}, since)
        table = table_of(model)
        rows = session.connection().execute(table.select().where(table.c[made] >= since)).mappings()
        undone += [Undone(row[made], model, dict(row)) for row in list(rows)]
        session.connection().execute(table.delete().where(table.c[made] >= since))
    for one in undone:
        if one.model is ScoreEntry:
            _score(session, one, -1)
    return sorted(undone, key=lambda one: (one.at, one.id is not None))


def _blanked(
    session: Session,
    model: type[SQLModel],
    column: str,
    before: Mapping[str, Any],
    since: datetime,
    *,
    is_late: bool = False,
) -> list[Undone]:
    """Give rows what they said before `column` was set; returns how they get their values back."""
    table = table_of(model)
    rows = list(session.connection().execute(table.select().where(table.c[column] >= since)).mappings())
    for row in rows:
        session.connection().execute(table.update().where(table.c.id == row["id"]).values(**before))
    return [Undone(row[column], model, {name: row[name] for name in before}, row["id"], is_late) for row in rows]


def bring_back(session: Session, one: Undone) -> None:
    """Do again what `rewind` undid."""
    if one.id is None:
        insert_new(session.connection(), one.model, [one.values])
        if one.model is ScoreEntry:
            _score(session, one, 1)
        return
    table = table_of(one.model)
    session.connection().execute(table.update().where(table.c.id == one.id).values(**one.values))


def _score(session: Session, one: Undone, sign: int) -> None:
    contact = table_of(ExternalContact)
    more = contact.c.lead_score + sign * one.values["points"]
    of = contact.c.id == one.values["contact_id"]
    session.connection().execute(contact.update().where(of).values(lead_score=more))


def _forget_runs(session: Session, since: datetime) -> None:
    """Forget what SOPs did: a replay does that again."""
    begun = select(Run.id).where(col(Run.started_at) >= since)
    changed(session, delete(StepRun).where(col(StepRun.run_id).in_(begun)))
    changed(session, delete(Run).where(col(Run.started_at) >= since))
    changed(session, delete(Suppression).where(col(Suppression.at) >= since))
    changed(session, delete(Touch).where(col(Touch.at) >= since))


def copy(source: Session, target: Session) -> None:
    """Copy everything but the ledgers into an empty database, table by table."""
    left_out = {table_of(model) for model in LEFT_OUT}
    for table in SQLModel.metadata.sorted_tables:
        if table in left_out:
            continue
        for rows in source.connection().execute(table.select()).mappings().partitions(BATCH):
            target.connection().execute(table.insert(), [dict(row) for row in rows])
