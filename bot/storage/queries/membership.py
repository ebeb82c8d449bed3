"""Who is in which segment, as it was last looked at."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import String, Table, cast, func, literal, not_
from sqlmodel import Session, col, delete, select

from bot.model.tables import SegmentMember, SegmentState
from bot.storage.queries.segments import Clause, Expression, type_of
from bot.storage.statements import changed, insert_one, upsert


def states(session: Session) -> Mapping[str, SegmentState]:
    return {state.segment: state for state in session.exec(select(SegmentState))}


def counted(session: Session, segment: str, digest: str, at: datetime) -> None:
    """Everybody has been looked at."""
    session.flush()
    row = {"segment": segment, "digest": digest, "counted_at": at, "passed_at": at, "edge_at": None}
    upsert(session, SegmentState, [row], ["segment"])
    session.expire_all()


def of_subjects(session: Session, subjects: Sequence[str]) -> frozenset[tuple[str, str]]:
    """What these subjects are in, as (segment, subject)."""
    mine = select(SegmentMember.segment, SegmentMember.subject).where(col(SegmentMember.subject).in_(subjects))
    return frozenset((segment, subject) for segment, subject in session.exec(mine))


def enter(session: Session, segment: str, subject: str, at: datetime) -> bool:
    """False when the subject is in it already."""
    return insert_one(session, SegmentMember, {"segment": segment, "subject": subject, "entered_at": at})


def leave(session: Session, segment: str, subject: str) -> bool:
    """False when the subject was not in it."""
    gone = delete(SegmentMember).where(col(SegmentMember.segment) == segment, col(SegmentMember.subject) == subject)
    return changed(session, gone) == 1


def size(session: Session, segment: str) -> int:
    return session.exec(select(func.count()).select_from(SegmentMember).where(SegmentMember.segment == segment)).one()


# ── everybody at once ──────────────────────────────────────────────────────────────────────────────────────────────


def next_ids(session: Session, anchor: Table, id: Expression, after: Any, limit: int) -> Sequence[Any]:
    """The ids above `after`, in order, of whoever there is."""
    rows = select(id).select_from(anchor).order_by(id).limit(limit)
    return list(session.exec(rows if after is None else rows.where(id > after)))


def who_fits(session: Session, anchor: Table, id: Expression, first: Any, last: Any, fits: Clause) -> set[Any]:
    """Those from the id `first` to `last` who fit."""
    return set(session.exec(select(id).select_from(anchor).where(id.between(first, last), fits)))


def who_is_in(
    session: Session, anchor: Table, id: Expression, first: Any, last: Any, segment: str, prefix: str
) -> set[Any]:
    """Those from the id `first` to `last` who are in the segment."""
    is_member = (
        select(literal(1))
        .where(SegmentMember.segment == segment, col(SegmentMember.subject) == literal(prefix) + cast(id, String))
        .correlate(anchor)
        .exists()
    )
    return set(session.exec(select(id).select_from(anchor).where(id.between(first, last), is_member)))


def forget_the_gone(session: Session, segment: str, prefix: str, anchor: Table, id: Expression) -> None:
    """Remove members whose row is gone; each is looked up by its id."""
    own_id = cast(func.substr(SegmentMember.subject, len(prefix) + 1), type_of(id))
    exists = select(literal(1)).select_from(anchor).where(id == own_id).correlate(SegmentMember).exists()
    changed(session, delete(SegmentMember).where(col(SegmentMember.segment) == segment, not_(exists)))
