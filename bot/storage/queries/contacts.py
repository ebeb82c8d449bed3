"""Contacts, who follows them, and the accounts they are known by."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, func, or_, select

from bot.model.ids import ContactId, ExternalUserId, OpenId, UnionId, UserId
from bot.model.tables import ExternalContact, Follower, FollowUser
from bot.storage import objects
from bot.storage.statements import insert_one


def by_id(session: Session, contact_id: ContactId) -> ExternalContact | None:
    return objects.find(session, ExternalContact, contact_id)


def by_external(session: Session, external_user_id: ExternalUserId) -> ExternalContact | None:
    return session.exec(select(ExternalContact).where(ExternalContact.external_user_id == external_user_id)).first()


def by_union(session: Session, union_id: UnionId) -> Sequence[ExternalContact]:
    """Everyone under one unionid who has not been joined to another, oldest first."""
    known = select(ExternalContact).where(
        ExternalContact.union_id == union_id, col(ExternalContact.merged_into).is_(None)
    )
    return session.exec(known.order_by(col(ExternalContact.id))).all()


def by_open(session: Session, open_id: OpenId) -> ExternalContact | None:
    return session.exec(
        select(ExternalContact).join(Follower).where(Follower.open_id == open_id).order_by(col(Follower.id)).limit(1)
    ).first()


def by_name(session: Session, name: str, limit: int = 10) -> Sequence[ExternalContact]:
    """Contacts whose name or remark holds `name`, the newest first."""
    pattern = f"%{name.replace('%', '').replace('_', '')}%"
    return session.exec(
        select(ExternalContact)
        .outerjoin(FollowUser)
        .where(or_(col(ExternalContact.name).like(pattern), col(FollowUser.remark).like(pattern)))
        .where(col(ExternalContact.merged_into).is_(None))
        .distinct()
        .order_by(col(ExternalContact.id).desc())
        .limit(limit)
    ).all()


def add(session: Session, external_user_id: ExternalUserId, now: datetime) -> bool:
    """Insert a contact; False when it is known."""
    return insert_one(session, ExternalContact, _new(now) | {"external_user_id": external_user_id})


def _new(now: datetime) -> dict[str, Any]:
    return {
        "first_seen_at": now,
        "lifecycle_stage": "prospect",
        "lead_score": 0,
        "activity_score": 0,
        "spread_score": 0,
        "points": 0,
        "fields": {},
    }


def follow(session: Session, contact_id: ContactId, user_id: UserId) -> FollowUser | None:
    """The relation of one staff member to a contact, whether it stands or has ended."""
    return objects.first(session, FollowUser, _FOLLOW, contact_id=contact_id, user_id=user_id)


_FOLLOW = select(FollowUser).where(
    FollowUser.contact_id == bindparam("contact_id"), FollowUser.user_id == bindparam("user_id")
)


def follows(session: Session, contact_id: ContactId, statuses: Sequence[str] = ("active",)) -> Sequence[FollowUser]:
    """The relations of a contact that stand, the first who added them first."""
    return objects.every(session, FollowUser, _FOLLOWS, contact_id=contact_id, statuses=statuses)


_FOLLOWS = (
    select(FollowUser)
    .where(
        FollowUser.contact_id == bindparam("contact_id"),
        col(FollowUser.status).in_(bindparam("statuses", expanding=True)),
    )
    .order_by(col(FollowUser.added_at), col(FollowUser.id))
)


def add_follow(session: Session, contact_id: ContactId, user_id: UserId, status: str, at: datetime) -> None:
    """Insert a relation; nothing happens when there is one, whatever its status."""
    row = {"contact_id": contact_id, "user_id": user_id, "status": status, "added_at": at, "changed_at": at}
    insert_one(session, FollowUser, row | {"state": ""})


def count(session: Session) -> int:
    return session.exec(select(func.count()).select_from(ExternalContact)).one()
