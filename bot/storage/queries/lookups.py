"""What staff look up by command: leads on the table, what a contact wrote, how SOPs stand."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, or_, select

from bot.model.ids import ContactId, UserId
from bot.model.tables import ContactTag, ExternalContact, FollowUser, Lead, Message, Run

OPEN_LEADS = ("new", "claimed")


def leads_claimed_by(session: Session, user_id: UserId, limit: int) -> Sequence[Lead]:
    """The open leads that `user_id` has claimed, the oldest first."""
    found = select(Lead).where(Lead.state == "claimed", func.lower(Lead.owner) == user_id.lower())
    return session.exec(found.order_by(col(Lead.opened_at), col(Lead.id)).limit(limit)).all()


def open_leads(session: Session, limit: int) -> Sequence[Lead]:
    """The leads that nobody has closed, unclaimed and oldest first."""
    found = select(Lead).where(col(Lead.state).in_(OPEN_LEADS))
    return session.exec(found.order_by(col(Lead.state).desc(), col(Lead.opened_at), col(Lead.id)).limit(limit)).all()


def open_leads_of(session: Session, contact_id: ContactId) -> Sequence[Lead]:
    found = select(Lead).where(Lead.contact_id == contact_id, col(Lead.state).in_(OPEN_LEADS))
    return session.exec(found.order_by(col(Lead.id))).all()


def contacts_called(session: Session, name: str, user_id: UserId | None, limit: int) -> Sequence[ExternalContact]:
    """Contacts whose name or remark holds `name`, those called exactly so first; of one follower, or of everybody."""
    holds = or_(col(ExternalContact.name).contains(name, autoescape=True), _remarked(name))
    found = select(ExternalContact).where(holds, col(ExternalContact.merged_into).is_(None))
    if user_id is not None:
        found = found.where(_followed_by(user_id))
    exact = col(ExternalContact.name) == name
    return session.exec(found.order_by(exact.desc(), col(ExternalContact.id).desc()).limit(limit)).all()


def _remarked(name: str) -> ColumnElement[bool]:
    remarked = select(FollowUser.contact_id).where(col(FollowUser.remark).contains(name, autoescape=True))
    return col(ExternalContact.id).in_(remarked)


def _followed_by(user_id: UserId) -> ColumnElement[bool]:
    followed = select(FollowUser.contact_id).where(
        func.lower(FollowUser.user_id) == user_id.lower(), FollowUser.status == "active"
    )
    return col(ExternalContact.id).in_(followed)


def messages_of(session: Session, contact_id: ContactId, since: datetime) -> tuple[int, datetime | None]:
    """How many messages a contact wrote since then, and when the last one ever was."""
    count = session.exec(
        select(func.count(col(Message.id))).where(Message.contact_id == contact_id, col(Message.sent_at) >= since)
    ).one()
    last = session.exec(select(func.max(Message.sent_at)).where(Message.contact_id == contact_id)).one()
    return count, last


def runs_by_state(session: Session, sop: str) -> dict[str, int]:
    found = select(Run.state, func.count()).where(Run.sop == sop).group_by(Run.state)
    return dict(session.exec(found).all())


def tags_of(session: Session, contact_id: ContactId, limit: int) -> Sequence[ContactTag]:
    """The tags that were put on a contact and not taken off, the newest first."""
    found = select(ContactTag).where(ContactTag.contact_id == contact_id, col(ContactTag.removed_at).is_(None))
    return session.exec(found.order_by(col(ContactTag.added_at).desc(), ContactTag.name).limit(limit)).all()
