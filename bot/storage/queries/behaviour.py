"""What contacts did and wrote."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, and_, col, func, select

from bot.model.ids import ChatId, ContactId, UserId
from bot.model.tables import Behaviour, Message
from bot.storage.statements import insert_one


def add(session: Session, row: dict[str, Any]) -> bool:
    """Insert a row of `Behaviour`; False when its key is known."""
    return insert_one(session, Behaviour, row)


def add_message(session: Session, row: dict[str, Any]) -> bool:
    """Insert a row of `Message`; False when it is kept already."""
    return insert_one(session, Message, row)


def happened(session: Session, contact_id: ContactId, user_id: UserId, names: Sequence[str]) -> bool:
    """Whether a contact ever did one of these with a staff member."""
    found = select(Behaviour.id).where(
        Behaviour.contact_id == contact_id, col(Behaviour.name).in_(names), Behaviour.user_id == user_id
    )
    return session.exec(found.limit(1)).first() is not None


Waiting = Sequence[tuple[ContactId, datetime]]
"""Contacts, and when each first wrote since the last answer."""


def waiting_in_group(session: Session, chat_id: ChatId, since: datetime, until: datetime) -> Waiting:
    """Who has written in a group since a staff member last did."""
    answered = select(func.max(Message.sent_at)).where(
        Message.chat_id == chat_id, col(Message.user_id).is_not(None), Message.sent_at < until
    )
    return _first_acts(session, until, max(since, session.exec(answered).one() or since), Behaviour.chat_id == chat_id)


def waiting_alone(
    session: Session, contact_id: ContactId, user_id: UserId, since: datetime, until: datetime
) -> Waiting:
    """The contact, if they have written to a staff member alone since that one last answered."""
    mine = and_(col(Behaviour.contact_id) == contact_id, col(Behaviour.user_id) == user_id)
    answered = select(func.max(Behaviour.at)).where(mine, Behaviour.name == "replied", col(Behaviour.chat_id).is_(None))
    after = max(since, session.exec(answered).one() or since)
    return _first_acts(session, until, after, and_(mine, col(Behaviour.chat_id).is_(None)))


def _first_acts(session: Session, until: datetime, after: datetime, where: Any) -> Waiting:
    spoke = col(Behaviour.name).in_(("spoke_in_group", "spoke_to_staff"))
    rows = select(Behaviour.contact_id, func.min(Behaviour.at)).where(
        where, spoke, Behaviour.at > after, Behaviour.at <= until
    )
    return [(ContactId(id), at) for id, at in session.exec(rows.group_by(col(Behaviour.contact_id))).all()]


def message(session: Session, message_id: str) -> Message | None:
    return session.exec(select(Message).where(Message.message_id == message_id)).first()
