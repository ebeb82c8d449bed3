"""What contacts did and wrote."""

from typing import Any

from sqlmodel import Session, select

from bot.model.tables import Behaviour, Message
from bot.storage.statements import insert_one


def add(session: Session, row: dict[str, Any]) -> bool:
    """Insert a row of `Behaviour`; False when its key is known."""
    return insert_one(session, Behaviour, row)


def add_message(session: Session, row: dict[str, Any]) -> bool:
    """Insert a row of `Message`; False when it is kept already."""
    return insert_one(session, Message, row)


def message(session: Session, message_id: str) -> Message | None:
    return session.exec(select(Message).where(Message.message_id == message_id)).first()
