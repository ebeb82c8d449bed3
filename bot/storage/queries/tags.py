"""Tags on contacts, and the corp's tags."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, or_, select

from bot.model.ids import ContactId, TagId
from bot.model.tables import ContactTag, CorpTag
from bot.storage.statements import insert_one


def ledger(session: Session, contact_id: ContactId, names: Sequence[str]) -> Mapping[str, ContactTag]:
    """What was ever written about these tags on a contact, by name."""
    written = select(ContactTag).where(ContactTag.contact_id == contact_id, col(ContactTag.name).in_(names))
    return {tag.name: tag for tag in session.exec(written)}


def carried(session: Session, contact_id: ContactId, now: datetime) -> frozenset[str]:
    """The tags that a contact carries."""
    lasting = or_(col(ContactTag.expires_at).is_(None), col(ContactTag.expires_at) > now)
    names = select(ContactTag.name).where(
        ContactTag.contact_id == contact_id, col(ContactTag.removed_at).is_(None), lasting
    )
    return frozenset(session.exec(names))


def add(session: Session, row: dict[str, Any]) -> bool:
    """Insert a row of `ContactTag`; False when the contact has one of that name, even an ended one."""
    return insert_one(session, ContactTag, row)


def corp_tags(session: Session, names: Sequence[str]) -> Mapping[str, TagId]:
    """The ids of those of `names` that are corp tags."""
    known = select(CorpTag).where(col(CorpTag.name).in_(names)).order_by(CorpTag.tag_id)
    return {tag.name: TagId(tag.tag_id) for tag in session.exec(known)}
