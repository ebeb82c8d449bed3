"""Counts over a span of time, for reports. A span is [since, until)."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement
from sqlmodel import Session, case, col, func, or_, select

from bot.model.tables import ContactTag, CustomerGroup, FollowUser, GroupMember, HygieneCase, Lead, Message

Moment = Any
"""A column of times."""


class Span(NamedTuple):
    since: datetime
    until: datetime

    def holds(self, moment: Moment) -> ColumnElement[bool]:
        return (col(moment) >= self.since) & (col(moment) < self.until)


_IN_GROUP = col(Message.chat_id).is_not(None) & col(Message.contact_id).is_not(None)
_OUTSIDER = col(GroupMember.contact_id).is_not(None)
_REALLY_JOINED = or_(col(GroupMember.left_at).is_(None), col(GroupMember.joined_at) != col(GroupMember.left_at))
"""Somebody of whom only the leaving was ever told has a stay without length."""


def _count(session: Session, counted: ColumnElement[int], *where: Any) -> int:
    return session.exec(select(counted).where(*where)).one()


def contacts_added(session: Session, span: Span) -> int:
    return _count(session, func.count(col(FollowUser.contact_id).distinct()), span.holds(FollowUser.added_at))


def contacts_lost(session: Session, span: Span) -> int:
    """Contacts who deleted a staff member or were deleted by one."""
    return _count(session, func.count(col(FollowUser.contact_id).distinct()), span.holds(FollowUser.ended_at))


def tags_given(session: Session, span: Span) -> int:
    return _count(session, func.count(col(ContactTag.id)), span.holds(ContactTag.added_at))


def hygiene_cases(session: Session, span: Span) -> int:
    return _count(session, func.count(col(HygieneCase.id)), span.holds(HygieneCase.opened_at))


def leads_new(session: Session, span: Span) -> int:
    return _count(session, func.count(col(Lead.id)), span.holds(Lead.opened_at))


def leads_claimed(session: Session, span: Span) -> int:
    return _count(session, func.count(col(Lead.id)), span.holds(Lead.claimed_at))


def leads_done(session: Session, span: Span) -> int:
    return _count(session, func.count(col(Lead.id)), Lead.state == "done", span.holds(Lead.closed_at))


def lead_times(session: Session, span: Span) -> Sequence[tuple[datetime, datetime | None, datetime | None]]:
    """When each lead of the span was opened, claimed and closed."""
    found = select(Lead.opened_at, col(Lead.claimed_at), col(Lead.closed_at)).where(span.holds(Lead.opened_at))
    return [(opened, claimed, closed) for opened, claimed, closed in session.exec(found)]


def speakers(session: Session, span: Span) -> int:
    return _count(session, func.count(col(Message.contact_id).distinct()), _IN_GROUP, span.holds(Message.sent_at))


def people_present(session: Session, span: Span) -> int:
    """Contacts who were in some group for any part of the span."""
    here = (col(GroupMember.joined_at) < span.until) & or_(
        col(GroupMember.left_at).is_(None), col(GroupMember.left_at) >= span.since
    )
    return _count(session, func.count(col(GroupMember.contact_id).distinct()), _OUTSIDER, here)


def people_at(session: Session, moment: datetime) -> int:
    """Contacts who were in some group at a moment."""
    return _count(session, func.count(col(GroupMember.contact_id).distinct()), _OUTSIDER, _here_at(moment))


def _here_at(moment: datetime) -> ColumnElement[bool]:
    return (col(GroupMember.joined_at) < moment) & or_(
        col(GroupMember.left_at).is_(None), col(GroupMember.left_at) >= moment
    )


# ── by day ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def joined_by_day(session: Session, days: Sequence[Span]) -> list[int]:
    found = select(_day(GroupMember.joined_at, days), func.count()).where(_OUTSIDER, _REALLY_JOINED)
    return _by_day(session, found, GroupMember.joined_at, days)


def left_by_day(session: Session, days: Sequence[Span]) -> list[int]:
    found = select(_day(GroupMember.left_at, days), func.count()).where(_OUTSIDER)
    return _by_day(session, found, GroupMember.left_at, days)


def messages_by_day(session: Session, days: Sequence[Span]) -> list[int]:
    found = select(_day(Message.sent_at, days), func.count()).where(_IN_GROUP)
    return _by_day(session, found, Message.sent_at, days)


def speakers_by_day(session: Session, days: Sequence[Span]) -> list[int]:
    people = func.count(col(Message.contact_id).distinct())
    return _by_day(session, select(_day(Message.sent_at, days), people).where(_IN_GROUP), Message.sent_at, days)


def _day(moment: Moment, days: Sequence[Span]) -> ColumnElement[int]:
    """The place of a moment in `days`. Days are given as spans because only Python knows when a local day begins."""
    return case(*((col(moment) < day.until, place) for place, day in enumerate(days)), else_=len(days)).label("day")


def _by_day(session: Session, found: Any, moment: Moment, days: Sequence[Span]) -> list[int]:
    whole = Span(days[0].since, days[-1].until)
    counts = dict(session.exec(found.where(whole.holds(moment)).group_by("day")).all())
    return [int(counts.get(place, 0)) for place in range(len(days))]


# ── by group ───────────────────────────────────────────────────────────────────────────────────────────────────────


def group_names(session: Session) -> dict[str, str]:
    """Customer groups that stand, by id."""
    found = select(CustomerGroup.chat_id, CustomerGroup.name).where(
        CustomerGroup.kind == "customer", col(CustomerGroup.dismissed_at).is_(None)
    )
    return {chat_id: name or chat_id for chat_id, name in session.exec(found)}


def members_by_group(session: Session, moment: datetime) -> dict[str, int]:
    return _by_group(session, GroupMember.chat_id, func.count(), _OUTSIDER, _here_at(moment))


def joined_by_group(session: Session, span: Span) -> dict[str, int]:
    where = (_OUTSIDER, _REALLY_JOINED, span.holds(GroupMember.joined_at))
    return _by_group(session, GroupMember.chat_id, func.count(), *where)


def left_by_group(session: Session, span: Span) -> dict[str, int]:
    return _by_group(session, GroupMember.chat_id, func.count(), _OUTSIDER, span.holds(GroupMember.left_at))


def messages_by_group(session: Session, span: Span) -> dict[str, int]:
    return _by_group(session, Message.chat_id, func.count(), _IN_GROUP, span.holds(Message.sent_at))


def speakers_by_group(session: Session, span: Span) -> dict[str, int]:
    people = func.count(col(Message.contact_id).distinct())
    return _by_group(session, Message.chat_id, people, _IN_GROUP, span.holds(Message.sent_at))


def _by_group(session: Session, chat_id: Any, counted: ColumnElement[int], *where: Any) -> dict[str, int]:
    found = select(col(chat_id), counted).where(*where).group_by(col(chat_id))
    return {str(group): int(count) for group, count in session.exec(found)}


# ── conversations ──────────────────────────────────────────────────────────────────────────────────────────────────


class Line(NamedTuple):
    """One message in a group, as far as replies are concerned."""

    chat_id: str
    by_staff: bool
    sent_at: datetime


def lines(session: Session, span: Span) -> Iterator[Line]:
    """What was written in groups, one group after the other, in order."""
    found = (
        select(Message.chat_id, col(Message.user_id).is_not(None), Message.sent_at)
        .where(col(Message.chat_id).is_not(None), span.holds(Message.sent_at))
        .order_by(col(Message.chat_id), col(Message.sent_at), col(Message.id))
    )
    for chat_id, by_staff, sent_at in session.exec(found):
        yield Line(str(chat_id), bool(by_staff), sent_at)
