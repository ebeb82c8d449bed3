"""Figures that cross a line: who has fallen silent, who floods, what is overdue, where less is written."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from bot.model.tables import CustomerGroup, Message, StaffTask

WRITER: Mapping[str, Any] = {"contact": Message.contact_id, "group": Message.chat_id, "staff": Message.user_id}
"""What names the subject of a message."""


def silent_since(session: Session, subject: str, after: datetime, until: datetime) -> Sequence[tuple[Any, datetime]]:
    """Whose last message is later than `after` and not later than `until`, and when that was."""
    who, last = col(WRITER[subject]), func.max(Message.sent_at)
    wrote = select(who).where(who.is_not(None), col(Message.sent_at) > after, col(Message.sent_at) <= until)
    rows = select(who, last).where(who.in_(wrote)).group_by(who).having(last <= until).order_by(who)
    if subject == "group":
        standing = select(CustomerGroup.chat_id).where(col(CustomerGroup.dismissed_at).is_(None))
        rows = rows.where(who.in_(standing))
    return session.exec(rows).all()


def written(session: Session, subject: str, id: int | str, after: datetime, until: datetime) -> int:
    """How many messages of a subject are later than `after` and not later than `until`."""
    mine = col(WRITER[subject]) == id
    count = select(func.count()).select_from(Message)
    return session.exec(count.where(mine, col(Message.sent_at) > after, col(Message.sent_at) <= until)).one()


def overdue(session: Session, after: datetime, until: datetime) -> Sequence[tuple[str, datetime]]:
    """Who has an open task that was due then, and since when the first of them is."""
    due = func.min(StaffTask.due_at)
    rows = select(StaffTask.user_id, due).where(StaffTask.state == "open", col(StaffTask.due_at).is_not(None))
    rows = rows.where(col(StaffTask.due_at) > after, col(StaffTask.due_at) <= until)
    found = session.exec(rows.group_by(col(StaffTask.user_id)).order_by(StaffTask.user_id)).all()
    return [(user, since) for user, since in found if since is not None]


def written_by_group(session: Session, start: datetime, end: datetime) -> dict[str, int]:
    """How many messages each standing group has from `start` to before `end`."""
    rows = select(Message.chat_id, func.count()).join(CustomerGroup, col(CustomerGroup.chat_id) == col(Message.chat_id))
    rows = rows.where(col(CustomerGroup.dismissed_at).is_(None), Message.sent_at >= start, Message.sent_at < end)
    return {str(chat): count for chat, count in session.exec(rows.group_by(col(Message.chat_id))).all()}
