"""What scores are made of, read for a batch of contacts, and what they come to."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, func, select, update

from bot.model.ids import ContactId
from bot.model.tables import Behaviour, ContactTag, ExternalContact, ScoreEntry
from bot.storage import touched
from bot.storage.statements import table_of

Deed = tuple[int, str, datetime]


def people(session: Session, after: int, limit: int) -> Sequence[ExternalContact]:
    """The contacts with ids above `after`, in order."""
    standing = select(ExternalContact).where(
        col(ExternalContact.id) > after, col(ExternalContact.merged_into).is_(None)
    )
    return session.exec(standing.order_by(col(ExternalContact.id)).limit(limit)).all()


def people_ids(session: Session, after: int, limit: int) -> list[ContactId]:
    """Their ids alone."""
    standing = select(ExternalContact.id).where(
        col(ExternalContact.id) > after, col(ExternalContact.merged_into).is_(None)
    )
    found = session.exec(standing.order_by(col(ExternalContact.id)).limit(limit)).all()
    return [ContactId(id) for id in found if id is not None]


def deeds(session: Session, ids: Sequence[ContactId], names: Sequence[str], since: datetime) -> Sequence[Deed]:
    """Who did what when."""
    rows = select(Behaviour.contact_id, Behaviour.name, Behaviour.at).where(
        col(Behaviour.contact_id).in_(ids), col(Behaviour.name).in_(names), Behaviour.at >= since
    )
    return session.exec(rows).all()


def entries(session: Session, ids: Sequence[ContactId]) -> Sequence[ScoreEntry]:
    """What the lead score is made of."""
    return session.exec(select(ScoreEntry).where(col(ScoreEntry.contact_id).in_(ids))).all()


def acts(session: Session, contact_id: ContactId, names: Sequence[str]) -> Sequence[Behaviour]:
    """One contact's acts of these names, oldest first."""
    rows = select(Behaviour).where(Behaviour.contact_id == contact_id, col(Behaviour.name).in_(names))
    return session.exec(rows.order_by(col(Behaviour.at), col(Behaviour.id))).all()


# ── worth by orders ────────────────────────────────────────────────────────────────────────────────────────────────


def fifths(session: Session, event: str, since: datetime) -> Sequence[tuple[int, int, int, int]]:
    """Each buyer with the fifth, 1 to 5, of their recency, frequency and money; equal ones are in the same fifth."""
    buyers = (
        select(
            Behaviour.contact_id,
            func.max(Behaviour.at).label("last"),
            func.count().label("times"),
            func.coalesce(func.sum(Behaviour.amount), 0).label("money"),
        )
        .where(Behaviour.name == event, Behaviour.at >= since)
        .group_by(col(Behaviour.contact_id))
        .subquery()
    )
    ranks = [func.percent_rank().over(order_by=buyers.c[name]) for name in ("last", "times", "money")]
    rows = session.connection().execute(select(buyers.c.contact_id, *ranks))
    return [(id, *(min(5, int(rank * 5) + 1) for rank in found)) for id, *found in rows]


def forget_worth(session: Session, but: Sequence[int]) -> None:
    """Whoever has bought nothing lately has no worth by orders."""
    buyers = set(but)
    known = session.exec(select(ExternalContact.id).where(col(ExternalContact.rfm).is_not(None))).all()
    rate(session, [{"id": id, "rfm": None, "rfm_segment": None} for id in known if id not in buyers])


def rate(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write what contacts are worth: rows with an `id` and the columns that change, the same in all of them."""
    if not rows:
        return
    session.flush()
    table = table_of(ExternalContact)
    names = [name for name in rows[0] if name != "id"]
    statement = update(table).where(table.c.id == bindparam("of")).values({name: bindparam(name) for name in names})
    told = [{"of": row["id"], **{name: row[name] for name in names}} for row in rows]
    session.connection().execute(statement, told)
    session.expire_all()
    for row in rows:
        touched.remember(session, table.name, {"id": row["id"]})


# ── tags ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def expired_tags(session: Session, now: datetime, limit: int) -> Sequence[ContactTag]:
    """Tags that are over and still stand in the ledger."""
    over = select(ContactTag).where(col(ContactTag.expires_at) <= now, col(ContactTag.removed_at).is_(None))
    return session.exec(over.order_by(col(ContactTag.contact_id), col(ContactTag.id)).limit(limit)).all()


def stale_tags(session: Session, sources: Sequence[str], since: datetime, limit: int) -> Sequence[ContactTag]:
    """Tags of these sources, older than `since`, on contacts who have done nothing from then on."""
    stirred = select(Behaviour.id).where(Behaviour.contact_id == ContactTag.contact_id, Behaviour.at >= since)
    stale = select(ContactTag).where(
        col(ContactTag.source).in_(sources),
        ContactTag.added_at < since,
        col(ContactTag.removed_at).is_(None),
        ~stirred.exists(),
    )
    return session.exec(stale.order_by(col(ContactTag.contact_id), col(ContactTag.id)).limit(limit)).all()
