"""What one rule gave since a moment: tags, points, tasks, and steps that told somebody something."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, func, select, update

from bot.model.tables import ContactTag, Run, ScoreEntry, StaffTask, StepRun
from bot.storage.statements import changed


def tags(session: Session, rule: str, since: datetime) -> Sequence[ContactTag]:
    """Tags that stand and that the rule put there."""
    rows = select(ContactTag).where(
        ContactTag.rule == rule, col(ContactTag.added_at) >= since, col(ContactTag.removed_at).is_(None)
    )
    return session.exec(rows.order_by(col(ContactTag.id))).all()


def removed_tags(session: Session, rule: str, since: datetime) -> Sequence[ContactTag]:
    """Tags that the rule took off."""
    rows = select(ContactTag).where(ContactTag.rule == rule, col(ContactTag.removed_at) >= since)
    return session.exec(rows.order_by(col(ContactTag.id))).all()


def scores(session: Session, rule: str, since: datetime) -> Sequence[ScoreEntry]:
    """Points of the rule that have not been taken back; what takes them back is named after them."""
    taken_back = set(session.exec(select(ScoreEntry.dedupe_key).where(ScoreEntry.rule == undone(rule))))
    rows = select(ScoreEntry).where(ScoreEntry.rule == rule, col(ScoreEntry.at) >= since)
    return [one for one in session.exec(rows.order_by(col(ScoreEntry.id))) if undo_key(one) not in taken_back]


def undone(rule: str) -> str:
    """What stands as the rule where something of `rule` has been taken back."""
    return f"undo:{rule}"


def undo_key(entry: ScoreEntry) -> str:
    return f"undo:{entry.id}"


def tasks(session: Session, rule: str, since: datetime) -> Sequence[StaffTask]:
    """Open tasks of the rule."""
    rows = select(StaffTask).where(
        StaffTask.reason == rule, col(StaffTask.opened_at) >= since, StaffTask.state == "open"
    )
    return session.exec(rows.order_by(col(StaffTask.id))).all()


def done_tasks(session: Session, rule: str, since: datetime) -> Sequence[StaffTask]:
    rows = select(StaffTask).where(
        StaffTask.reason == rule, col(StaffTask.opened_at) >= since, StaffTask.state == "done"
    )
    return session.exec(rows.order_by(col(StaffTask.id))).all()


def withdraw(session: Session, task: StaffTask, now: datetime) -> bool:
    """Take an open task back; False when it has been done meanwhile."""
    waiting = update(StaffTask).where(col(StaffTask.id) == task.id, col(StaffTask.state) == "open")
    withdrawn = changed(session, waiting.values(state="withdrawn", done_at=now)) == 1
    session.refresh(task)
    return withdrawn


def steps(session: Session, sop: str, since: datetime) -> Sequence[tuple[str, str, int]]:
    """Name, outcome and count of the steps that runs of an SOP have taken since a moment."""
    count = func.count()
    rows = (
        select(StepRun.name, StepRun.outcome, count)
        .join(Run, col(Run.id) == col(StepRun.run_id))
        .where(Run.sop == sop, col(StepRun.at) >= since)
        .group_by(StepRun.name, StepRun.outcome)
        .order_by(StepRun.name, StepRun.outcome)
    )
    return session.exec(rows).all()
