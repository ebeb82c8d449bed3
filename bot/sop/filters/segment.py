"""Segments the subject is in, as they were last looked at: seconds ago for contacts, within the hour for others."""

from sqlalchemy import SQLColumnExpression, String, case, cast, literal
from sqlmodel import col

from bot.model.tables import CustomerGroup, ExternalContact, SegmentMember, Staff
from bot.sop.filters import kind
from bot.sop.filters.kind import Reach, through
from bot.sop.scope import Subject
from bot.storage.queries.segments import Clause


def _is(prefix: str, id: SQLColumnExpression[object]) -> Clause:
    return col(SegmentMember.subject) == literal(prefix) + cast(id, String)


REACH: dict[Subject, Reach] = {
    "contact": through(SegmentMember, on=lambda _: _is("contact:", col(ExternalContact.id))),
    "group": through(SegmentMember, on=lambda _: _is("group:", col(CustomerGroup.chat_id))),
    "staff": through(SegmentMember, on=lambda _: _is("staff:", col(Staff.user_id))),
}


@kind.set
def names() -> SQLColumnExpression[str]:
    """Segments the subject is in."""
    return col(SegmentMember.segment)


@kind.date
def entered_at(segment: str = "") -> SQLColumnExpression[object]:
    """When the subject entered a segment it is in, or the one of this name."""
    entered = col(SegmentMember.entered_at)
    return case((col(SegmentMember.segment) == segment, entered)) if segment else entered
