"""The corp's directory as WeCom tells it: departments, staff, corp tags."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, delete, select, update

from bot.model.tables import CorpTag, Department, Staff
from bot.storage.statements import changed, upsert


def keep_departments(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows of `Department`; those that are not among them are gone."""
    upsert(session, Department, rows, key=["id"])
    changed(session, delete(Department).where(col(Department.id).not_in([row["id"] for row in rows])))


def keep_staff(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    upsert(session, Staff, rows, key=["user_id"])


def retire_staff(session: Session, synced_before: datetime) -> int:
    """Mark as gone whoever the directory has not named since; returns how many."""
    unseen = update(Staff).where(col(Staff.synced_at) < synced_before, col(Staff.status) != 5)
    return changed(session, unseen.values(status=5))


def keep_tags(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows of `CorpTag`; those that are not among them are gone."""
    upsert(session, CorpTag, rows, key=["tag_id"])
    changed(session, delete(CorpTag).where(col(CorpTag.tag_id).not_in([row["tag_id"] for row in rows])))


def is_empty(session: Session) -> bool:
    return session.exec(select(Staff.user_id).limit(1)).first() is None
