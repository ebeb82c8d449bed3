"""Who is in which segment, as it was last looked at."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import String, Table, cast, func, literal, not_
from sqlmodel import Session, col, delete, insert, select

from bot.model.tables import SegmentMember, SegmentState
from bot.storage.queries.segments import Clause, Expression
from bot.storage.statements import changed, insert_one, upsert


def states(session: Session) -> Mapping[str, SegmentState]:
    return {state.segment: state for state in session.exec(select(SegmentState))}


def counted(session: Session, segment: str, digest: str, at: datetime) -> None:
    """Everybody has been looked at."""
    session.flush()
    row = {"segment": segment, "digest": digest, "counted_at": at, "passed_at": at, "edge_at": None}
    upsert(session, SegmentState, [row], ["segment"])
    session.expire_all()


def of_subject(session: Session, subject: str) -> frozenset[str]:
    """The segments that a subject is in."""
    return frozenset(session.exec(select(SegmentMember.segment).where(SegmentMember.subject == subject)))


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


def fill(session: Session, segment: str, prefix: str, anchor: Table, id: Expression, fits: Clause, at: datetime) -> int:
    """Begin a segment anew with whoever fits; returns how many that are."""
    changed(session, delete(SegmentMember).where(col(SegmentMember.segment) == segment))
    key = literal(prefix) + cast(id, String)
    entered_at: Any = literal(at, SegmentMember.__table__.c.entered_at.type)  # type: ignore[attr-defined]
    members = select(literal(segment), key, entered_at).select_from(anchor).where(fits)
    return changed(session, insert(SegmentMember).from_select(["segment", "subject", "entered_at"], members))


def newcomers(
    session: Session, segment: str, prefix: str, anchor: Table, id: Expression, fits: Clause, limit: int
) -> Sequence[Any]:
    """The ids of whoever fits and is not in the segment yet."""
    is_member = (
        select(literal(1))
        .where(SegmentMember.segment == segment, col(SegmentMember.subject) == literal(prefix) + cast(id, String))
        .correlate(anchor)
        .exists()
    )
    return list(session.exec(select(id).select_from(anchor).where(fits, not_(is_member)).order_by(id).limit(limit)))


def leavers(
    session: Session, segment: str, prefix: str, anchor: Table, id: Expression, fits: Clause, limit: int
) -> Sequence[str]:
    """The members of a segment who do not fit any more, those whose row is gone among them."""
    still = (
        select(literal(1))
        .select_from(anchor)
        .where(literal(prefix) + cast(id, String) == col(SegmentMember.subject), fits)
        .correlate(SegmentMember)
        .exists()
    )
    gone = select(SegmentMember.subject).where(SegmentMember.segment == segment, not_(still))
    return list(session.exec(gone.order_by(SegmentMember.subject).limit(limit)))
