"""Followers of official accounts, and what moves from one row of a person to another when a unionid joins the two."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, SQLModel, col, delete, or_, select, update

from bot.model.ids import ContactId, OpenId, contact_key
from bot.model.tables import (
    AuditRow,
    Behaviour,
    ContactTag,
    ExternalContact,
    Follower,
    Lead,
    Message,
    Run,
    ScoreEntry,
    StaffTask,
    Suppression,
)
from bot.storage import objects
from bot.storage.statements import changed, insert_one

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Older than every event: of a follower who is known but of whom nothing has been applied."""
OF_CONTACT: tuple[type[SQLModel], ...] = (Follower, Behaviour, ScoreEntry, Message, Lead, StaffTask)
OF_SUBJECT: tuple[type[SQLModel], ...] = (Run, Suppression)
COUNTED = ("lead_score", "activity_score", "spread_score", "points")
PERSONAL: tuple[str, ...] = (
    "union_id", "name", "gender", "company", "position", "birthday", "email", "province", "city", "phone_sealed",
    "phone_hash",
)  # fmt: skip

Moved = dict[str, list[int]]
"""The ids of the rows that moved, by table."""


def find(session: Session, app_id: str, open_id: OpenId) -> Follower | None:
    return session.exec(select(Follower).where(Follower.app_id == app_id, Follower.open_id == open_id)).first()


def by_open(session: Session, open_id: OpenId) -> Sequence[Follower]:
    """The follower of whichever account knows them by this id."""
    return session.exec(select(Follower).where(Follower.open_id == open_id)).all()


def add(session: Session, app_id: str, open_id: OpenId, contact_id: ContactId) -> bool:
    """Insert a follower of whom no event has been applied; False when there is one."""
    row = {"app_id": app_id, "open_id": open_id, "contact_id": contact_id, "scene": "", "changed_at": NEVER}
    return insert_one(session, Follower, row)


def standing(session: Session, contact_id: ContactId) -> Sequence[Follower]:
    """The accounts that a contact follows now."""
    return objects.every(session, Follower, _STANDING, contact_id=contact_id)


_STANDING = (
    select(Follower)
    .where(Follower.contact_id == bindparam("contact_id"), col(Follower.unfollowed_at).is_(None))
    .order_by(col(Follower.id))
)


def carried_tags(session: Session, contact_id: ContactId, now: datetime) -> Sequence[ContactTag]:
    """The tags that a contact carries, with why."""
    lasting = or_(col(ContactTag.expires_at).is_(None), col(ContactTag.expires_at) > now)
    standing = select(ContactTag).where(
        ContactTag.contact_id == contact_id, col(ContactTag.removed_at).is_(None), lasting
    )
    return session.exec(standing.order_by(col(ContactTag.id))).all()


def move(session: Session, source: ContactId, target: ContactId) -> Moved:
    """Give everything that hangs on one contact to another; returns what that was."""
    session.flush()
    moved: Moved = {}
    for table, column, old, new in _hanging(source, target):
        ids = list(session.exec(select(_id(table)).where(column == old)).all())
        changed(session, update(table).where(column == old).values({column.key: new}))
        if ids:
            moved[str(table.__tablename__)] = ids
    session.expire_all()
    return moved


def move_back(session: Session, moved: Mapping[str, Sequence[int]], owner: ContactId) -> None:
    """Give rows that moved once back to their first owner."""
    session.flush()
    for table, column, _old, new in _hanging(owner, owner):
        ids = moved.get(str(table.__tablename__), ())
        changed(session, update(table).where(_id(table).in_(ids)).values({column.key: new}))
    session.expire_all()


def _hanging(source: ContactId, target: ContactId) -> list[tuple[type[SQLModel], Any, Any, Any]]:
    by_id = [(table, _column(table, "contact_id"), source, target) for table in OF_CONTACT]
    subjects = contact_key(source), contact_key(target)
    return [*by_id, *((table, _column(table, "subject"), *subjects) for table in OF_SUBJECT)]


def _id(table: type[SQLModel]) -> Any:
    return _column(table, "id")


def _column(table: type[SQLModel], name: str) -> Any:
    return col(getattr(table, name))


def add_counts(session: Session, contact_id: ContactId, counts: Mapping[str, int]) -> ExternalContact:
    """Add to a contact's scores and points; returns the contact with the new ones."""
    session.flush()
    sums = {name: getattr(ExternalContact, name) + value for name, value in counts.items()}
    changed(session, update(ExternalContact).where(col(ExternalContact.id) == contact_id).values(sums))
    contact = session.get_one(ExternalContact, contact_id)
    session.refresh(contact)
    return contact


def last_join(session: Session, contact_id: ContactId) -> AuditRow | None:
    """The record of how this contact was last joined to another."""
    joins = select(AuditRow).where(AuditRow.action == "contact.joined", AuditRow.target == contact_key(contact_id))
    return session.exec(joins.order_by(col(AuditRow.id).desc())).first()


def forget(session: Session, contact_id: ContactId) -> None:
    """Delete who a person is and what they wrote; what they did stays, as numbers about nobody."""
    session.flush()
    person = (col(ExternalContact.id) == contact_id) | (col(ExternalContact.merged_into) == contact_id)
    changed(session, update(ExternalContact).where(person).values({**dict.fromkeys(PERSONAL), "fields": {}}))
    changed(session, delete(Message).where(col(Message.contact_id) == contact_id))
    for table in (ScoreEntry, ContactTag):
        changed(session, update(table).where(col(table.contact_id) == contact_id).values(evidence=""))
    session.expire_all()
