"""Messages that went to contacts unasked."""

from datetime import datetime

from sqlmodel import Session, col, func, select

from bot.model.ids import ContactId
from bot.model.tables import Touch
from bot.storage.statements import insert_one


def add(
    session: Session, contact_id: ContactId, *, channel: str, content: str, sop: str, at: datetime, key: str
) -> bool:
    """Write a message down; False when it is written down already."""
    row = {"contact_id": contact_id, "channel": channel, "content": content, "sop": sop, "at": at, "dedupe_key": key}
    return insert_one(session, Touch, row)


def count(session: Session, contact_id: ContactId, since: datetime, channel: str = "", sop: str = "") -> int:
    """How many there were from `since` on, by one channel or all, of one SOP or all."""
    mine = select(func.count()).select_from(Touch).where(Touch.contact_id == contact_id, col(Touch.at) >= since)
    if channel:
        mine = mine.where(Touch.channel == channel)
    return session.exec(mine.where(Touch.sop == sop) if sop else mine).one()


def last_with(session: Session, contact_id: ContactId, content: str, since: datetime) -> Touch | None:
    """The newest message with this content, from `since` on."""
    same = select(Touch).where(Touch.contact_id == contact_id, Touch.content == content, col(Touch.at) >= since)
    return session.exec(same.order_by(col(Touch.at).desc()).limit(1)).first()


def forget(session: Session, key: str) -> Touch | None:
    """Delete a message that did not arrive, and return it; None when there was none."""
    touch = session.exec(select(Touch).where(Touch.dedupe_key == key)).first()
    if touch is not None:
        session.delete(touch)
    return touch
