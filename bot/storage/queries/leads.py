"""Leads, their scores, the cards about them, and staff tasks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select, update

from bot.model.ids import ChatId, ContactId
from bot.model.tables import Alert, ExternalContact, Lead, ScoreEntry, StaffTask
from bot.storage import touched
from bot.storage.statements import changed, insert_one

OPEN = ("new", "claimed")


def by_id(session: Session, lead_id: int) -> Lead | None:
    return session.get(Lead, lead_id)


def open_lead(session: Session, contact_id: ContactId, kind: str) -> Lead | None:
    """The contact's lead of this kind that nobody has closed."""
    return session.exec(
        select(Lead)
        .where(Lead.contact_id == contact_id, Lead.kind == kind, col(Lead.state).in_(OPEN))
        .order_by(col(Lead.id))
    ).first()


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
    of_contact = col(ExternalContact.id) == entry.contact_id
    score = ExternalContact.lead_score + entry.points
    changed(session, update(ExternalContact).where(of_contact).values(lead_score=score))
    touched.remember(session, "external_contact", {"id": entry.contact_id})
    if contact := session.get(ExternalContact, entry.contact_id):
        session.refresh(contact)
    return contact.lead_score if contact else None


def latest_entries(session: Session, contact_id: ContactId, limit: int) -> Sequence[ScoreEntry]:
    """The newest entries with points to the good, newest first."""
    return session.exec(
        select(ScoreEntry)
        .where(ScoreEntry.contact_id == contact_id, ScoreEntry.points > 0)
        .order_by(col(ScoreEntry.id).desc())
        .limit(limit)
    ).all()


def alert(session: Session, task_id: str) -> Alert | None:
    return session.get(Alert, task_id)


def alerts_about(session: Session, about: str, about_id: int) -> Sequence[Alert]:
    """All cards about something, oldest first."""
    return session.exec(
        select(Alert)
        .where(Alert.about == about, Alert.about_id == about_id)
        .order_by(col(Alert.sent_at), Alert.task_id)
    ).all()


def task(session: Session, task_id: int) -> StaffTask | None:
    return session.get(StaffTask, task_id)


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
