"""Tags on contacts, and the corp's tags."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, or_, select

from bot.model.ids import ContactId, TagId
from bot.model.tables import ContactTag, CorpTag
from bot.storage import objects
from bot.storage.statements import ask, insert_one


def ledger(session: Session, contact_id: ContactId, names: Sequence[str]) -> Mapping[str, ContactTag]:
    """What was ever written about these tags on a contact, by name."""
    written = objects.every(session, ContactTag, _WRITTEN, contact_id=contact_id, names=names)
    return {tag.name: tag for tag in written}


_WRITTEN = select(ContactTag).where(
    ContactTag.contact_id == bindparam("contact_id"), col(ContactTag.name).in_(bindparam("names", expanding=True))
)


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
    return {name: TagId(tag_id) for name, tag_id in ask(session, _CORP_TAGS, names=names)}


_CORP_TAGS = (
    select(CorpTag.name, CorpTag.tag_id)
    .where(col(CorpTag.name).in_(bindparam("names", expanding=True)))
    .order_by(CorpTag.tag_id)
)
