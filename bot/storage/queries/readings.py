"""Readings of the whole corp: how far they are, and what they did not see."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, or_, select, update

from bot.model.tables import CorpReading, CustomerGroup, ExternalContact, FollowUser
from bot.storage.statements import changed, insert_one


def begin(session: Session, name: str, started_at: datetime, since: datetime | None) -> bool:
    """Insert a reading; False when it has begun before."""
    row = {"name": name, "started_at": started_at, "since": since}
    return insert_one(session, CorpReading, row | {"asked": 0, "answered": 0, "failed": 0, "found": 0})


def by_name(session: Session, name: str) -> CorpReading | None:
    """The reading as it stands now, whoever counted in it."""
    rows = select(CorpReading).where(CorpReading.name == name)
    return session.exec(rows.execution_options(populate_existing=True)).first()


def newest(session: Session) -> CorpReading | None:
    rows = select(CorpReading).order_by(col(CorpReading.started_at).desc()).limit(1)
    return session.exec(rows.execution_options(populate_existing=True)).first()


def last_finished_start(session: Session) -> datetime | None:
    """When the newest reading began that came to its end."""
    return session.exec(select(func.max(CorpReading.started_at)).where(col(CorpReading.finished_at).is_not(None))).one()


def count(session: Session, name: str, column: str, more: int = 1) -> None:
    """Add to one of the reading's counters; readers of several processes add up."""
    counter = getattr(CorpReading, column)
    changed(session, update(CorpReading).where(col(CorpReading.name) == name).values({counter: counter + more}))


def finish(session: Session, name: str, now: datetime) -> bool:
    """End a reading of which everything that was asked is answered; False while it is not, or when it was ended."""
    done = update(CorpReading).where(
        col(CorpReading.name) == name,
        col(CorpReading.finished_at).is_(None),
        CorpReading.asked <= CorpReading.answered + CorpReading.failed,  # type: ignore[arg-type]
    )
    return changed(session, done.values(finished_at=now)) == 1


def unseen_relations(
    session: Session, user_ids: Sequence[str], since: datetime, settled_before: datetime
) -> Sequence[tuple[FollowUser, str]]:
    """Standing relations of these staff that no reading has shown since, nor anything changed of late."""
    rows: Any = (
        select(FollowUser, ExternalContact.external_user_id)
        .join(ExternalContact, col(ExternalContact.id) == FollowUser.contact_id)
        .where(
            func.lower(FollowUser.user_id).in_([user_id.lower() for user_id in user_ids]),
            FollowUser.status == "active",
            or_(col(FollowUser.seen_at).is_(None), col(FollowUser.seen_at) < since),
            col(FollowUser.changed_at) < settled_before,
            col(ExternalContact.external_user_id).is_not(None),
        )
        .order_by(col(FollowUser.id))
    )
    return list(session.exec(rows).all())


def unlisted_groups(session: Session, since: datetime, settled_before: datetime) -> Sequence[CustomerGroup]:
    """Standing customer groups, known for a while, that no reading has listed since."""
    rows = select(CustomerGroup).where(
        CustomerGroup.kind == "customer",
        col(CustomerGroup.dismissed_at).is_(None),
        or_(col(CustomerGroup.seen_at).is_(None), col(CustomerGroup.seen_at) < since),
        col(CustomerGroup.synced_at) < settled_before,
    )
    return session.exec(rows.order_by(CustomerGroup.chat_id)).all()
