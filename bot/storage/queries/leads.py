"""Leads, their scores, the cards about them, and staff tasks."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, select, update

from bot.model.ids import ChatId, ContactId
from bot.model.tables import Alert, ExternalContact, Lead, ScoreEntry, StaffTask
from bot.storage import objects, prepared, touched
from bot.storage.statements import changed, insert_one

OPEN = ("new", "claimed")


def by_id(session: Session, lead_id: int) -> Lead | None:
    return objects.find(session, Lead, lead_id)


def add(session: Session, row: Mapping[str, Any]) -> Lead:
    return objects.add(session, Lead, row)


def open_lead(session: Session, contact_id: ContactId, kind: str) -> Lead | None:
    """The contact's lead of this kind that nobody has closed."""
    return objects.first(session, Lead, _OPEN_LEAD, contact_id=contact_id, kind=kind)


_OPEN_LEAD = (
    select(Lead)
    .where(Lead.contact_id == bindparam("contact_id"), Lead.kind == bindparam("kind"), col(Lead.state).in_(OPEN))
    .order_by(col(Lead.id))
)


def move(session: Session, lead: Lead, expected: str, **values: Any) -> bool:
    """Change a lead that is in the state `expected`; False when somebody moved it before."""
    session.flush()
    waiting = update(Lead).where(col(Lead.id) == lead.id, col(Lead.state) == expected)
    moved = changed(session, waiting.values(**values)) == 1
    session.refresh(lead)
    return moved


def add_points(session: Session, entry: ScoreEntry) -> int | None:
    """Write an entry and add its points to the contact's score; the new score, None when its key was known."""
    if not insert_one(session, ScoreEntry, entry.model_dump(exclude={"id"})):
        return None
    session.flush()
    prepared.execute(session, _MORE_POINTS, {"of_contact": entry.contact_id, "more": entry.points})
    touched.remember(session, "external_contact", {"id": entry.contact_id})
    contact = objects.again(session, ExternalContact, entry.contact_id)
    return contact.lead_score if contact else None


_MORE_POINTS = (
    update(ExternalContact)
    .where(col(ExternalContact.id) == bindparam("of_contact"))
    .values(lead_score=ExternalContact.lead_score + bindparam("more"))
)


def latest_entries(session: Session, contact_id: ContactId, limit: int) -> Sequence[ScoreEntry]:
    """The newest entries with points to the good, newest first."""
    return session.exec(
        select(ScoreEntry)
        .where(ScoreEntry.contact_id == contact_id, ScoreEntry.points > 0)
        .order_by(col(ScoreEntry.id).desc())
        .limit(limit)
    ).all()


def alert(session: Session, task_id: str) -> Alert | None:
    return objects.find(session, Alert, task_id)


def add_alert(session: Session, row: Mapping[str, Any]) -> Alert:
    return objects.add(session, Alert, row)


def alerts_about(session: Session, about: str, about_id: int) -> Sequence[Alert]:
    """All cards about something, oldest first."""
    return session.exec(
        select(Alert)
        .where(Alert.about == about, Alert.about_id == about_id)
        .order_by(col(Alert.sent_at), Alert.task_id)
    ).all()


def task(session: Session, task_id: int) -> StaffTask | None:
    return objects.find(session, StaffTask, task_id)


def add_task(session: Session, row: Mapping[str, Any]) -> StaffTask:
    return objects.add(session, StaffTask, row)


def open_tasks(session: Session, reason: str, contact_id: ContactId, chat_id: ChatId) -> Sequence[StaffTask]:
    """The open tasks that were given for `reason`."""
    return session.exec(
        select(StaffTask).where(
            StaffTask.state == "open",
            StaffTask.reason == reason,
            StaffTask.contact_id == contact_id,
            StaffTask.chat_id == chat_id,
        )
    ).all()


def finish_task(session: Session, staff_task: StaffTask, now: datetime) -> bool:
    """Mark an open task as done; False when it was."""
    session.flush()
    waiting = update(StaffTask).where(col(StaffTask.id) == staff_task.id, col(StaffTask.state) == "open")
    finished = changed(session, waiting.values(state="done", done_at=now)) == 1
    session.refresh(staff_task)
    return finished
