"""Groups and who is in them."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, func, select

from bot.model.ids import ChatId, ContactId
from bot.model.tables import CustomerGroup, GroupMember
from bot.storage import objects
from bot.storage.statements import insert_one


def by_id(session: Session, chat_id: ChatId) -> CustomerGroup | None:
    return objects.find(session, CustomerGroup, chat_id)


def add(session: Session, chat_id: ChatId, kind: str = "customer", name: str = "") -> bool:
    row = {
        "chat_id": chat_id,
        "kind": kind,
        "name": name,
        "notice": "",
        "tags": [],
        "admins": [],
        "version": "",
        "changes": {},
    }
    return insert_one(session, CustomerGroup, row)


def standing(session: Session, kinds: Sequence[str] = ("customer", "webhook", "appchat")) -> Sequence[CustomerGroup]:
    """All groups that have not been dismissed, by name."""
    return session.exec(
        select(CustomerGroup)
        .where(col(CustomerGroup.dismissed_at).is_(None), col(CustomerGroup.kind).in_(kinds))
        .order_by(CustomerGroup.name, CustomerGroup.chat_id)
    ).all()


def member(session: Session, chat_id: ChatId, member_id: str) -> GroupMember | None:
    return session.exec(
        select(GroupMember).where(GroupMember.chat_id == chat_id, GroupMember.member_id == member_id)
    ).first()


def members(session: Session, chat_id: ChatId) -> Sequence[GroupMember]:
    """Those who are in the group now."""
    return session.exec(
        select(GroupMember).where(GroupMember.chat_id == chat_id, col(GroupMember.left_at).is_(None))
    ).all()


def add_member(
    session: Session, chat_id: ChatId, member_id: str, contact_id: ContactId | None, at: datetime, scene: int
) -> bool:
    """Insert a stay in a group; False when there is one already, ended or not."""
    row = {
        "chat_id": chat_id,
        "member_id": member_id,
        "contact_id": contact_id,
        "nickname": "",
        "state": "",
        "join_scene": scene,
        "joined_at": at,
        "changed_at": at,
    }
    return insert_one(session, GroupMember, row)


def groups_of(session: Session, contact_id: ContactId) -> Sequence[CustomerGroup]:
    """The groups a contact is in now."""
    return session.exec(
        select(CustomerGroup)
        .join(GroupMember)
        .where(GroupMember.contact_id == contact_id, col(GroupMember.left_at).is_(None))
        .order_by(CustomerGroup.name)
    ).all()


def size(session: Session, chat_id: ChatId) -> int:
    return session.exec(
        select(func.count())
        .select_from(GroupMember)
        .where(GroupMember.chat_id == chat_id, col(GroupMember.left_at).is_(None))
    ).one()
