"""Mass sends counted by all processes together, a row for each subject and window."""

from datetime import datetime

from sqlmodel import Session, col, delete, select, update

from bot.model.tables import MassCount
from bot.storage.statements import changed, count_up, upsert


def take(session: Session, subject: str, until: datetime, most: int) -> bool:
    """Count one more; False when that would be more than `most`, however many processes count at once."""
    return count_up(session, MassCount, {"subject": subject, "until": until}, most)


def give_back(session: Session, subject: str, until: datetime) -> bool:
    """Count one less; False when there is none."""
    here = (col(MassCount.subject) == subject, col(MassCount.until) == until, col(MassCount.count) > 0)
    return changed(session, update(MassCount).where(*here).values(count=MassCount.count - 1)) == 1


def fill(session: Session, subject: str, until: datetime, count: int) -> None:
    """Somebody else knows better how many there were."""
    row = {"subject": subject, "until": until, "count": count}
    upsert(session, MassCount, [row], ["subject", "until"])


def forget(session: Session, before: datetime, most: int) -> int:
    """Delete the counts of windows that are over; returns how many rows that were."""
    over = select(MassCount.subject).where(col(MassCount.until) < before).limit(most)
    gone = delete(MassCount).where(col(MassCount.subject).in_(over), col(MassCount.until) < before)
    return changed(session, gone)
