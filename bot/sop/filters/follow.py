"""The staff members who added the contact, and how they came together. Ended relations count only where said."""

from sqlalchemy import SQLColumnExpression, and_, case, func
from sqlmodel import col

from bot.model.tables import ExternalContact, FollowUser, Staff
from bot.sop.filters import kind
from bot.sop.filters.kind import Reach, through
from bot.sop.scope import Subject
from bot.storage.queries.segments import first_of, over_rows
from bot.storage.statements import table_of

_TABLE = (table_of(FollowUser),)
_of_contact = col(FollowUser.contact_id) == col(ExternalContact.id)
_lasting = col(FollowUser.status).in_(("half", "active"))

_EVER: dict[Subject, Reach] = {"contact": through(FollowUser, on=lambda _: _of_contact)}
ACQUISITION_LINK = 16
"""Source: developer.work.weixin.qq.com/document/path/92114, add_way"""
REACH: dict[Subject, Reach] = {"contact": through(FollowUser, on=lambda _: and_(_of_contact, _lasting))}


@kind.text
def user() -> SQLColumnExpression[str]:
    """Staff members who follow the contact, by user id."""
    return col(FollowUser.user_id)


@kind.text
def state() -> SQLColumnExpression[str]:
    """State of the live code by which the contact came."""
    return col(FollowUser.state)


@kind.number
def add_way() -> SQLColumnExpression[int | None]:
    """How the contact was added, by WeCom's number (1 QR code, 2 phone search, 3 card …)."""
    return col(FollowUser.add_way)


@kind.text
def acquisition_link() -> SQLColumnExpression[str | None]:
    """State of the acquisition link by which the contact came."""
    return case((col(FollowUser.add_way) == ACQUISITION_LINK, col(FollowUser.state)))


@kind.text_over(_EVER)
def status() -> SQLColumnExpression[str]:
    """How the contact stands with a staff member: half, active, lost (deleted them) or removed (was deleted)."""
    return col(FollowUser.status)


@kind.own_text("contact")
def first_follower() -> SQLColumnExpression[str | None]:
    """The staff member whom the contact was added by first, ended relations included."""
    return first_of(_TABLE, _of_contact, col(FollowUser.user_id), col(FollowUser.added_at))


@kind.own_text("contact")
def owner() -> SQLColumnExpression[str | None]:
    """The staff member who looks after the contact: of those who follow them now, the first."""
    return first_of(_TABLE, and_(_of_contact, _lasting), col(FollowUser.user_id), col(FollowUser.added_at))


@kind.own_number("contact")
def owner_department() -> SQLColumnExpression[int | None]:
    """Main department, by number, of the staff member who looks after the contact."""
    theirs = and_(_of_contact, _lasting, col(Staff.user_id) == col(FollowUser.user_id))
    tables = (table_of(FollowUser), table_of(Staff))
    return first_of(tables, theirs, col(Staff.main_department), col(FollowUser.added_at))


@kind.text
def remark() -> SQLColumnExpression[str | None]:
    """Remark that a staff member gave the contact."""
    return col(FollowUser.remark)


@kind.date
def added_at() -> SQLColumnExpression[object]:
    """When a staff member who follows the contact was added."""
    return col(FollowUser.added_at)


@kind.date
def greeted_at() -> SQLColumnExpression[object]:
    """When the contact got a welcome message."""
    return col(FollowUser.greeted_at)


@kind.own_number("contact")
def count() -> SQLColumnExpression[int]:
    """How many staff members follow the contact now."""
    return over_rows(_TABLE, and_(_of_contact, _lasting), func.count())


@kind.own_number("contact")
def lost_count() -> SQLColumnExpression[int]:
    """How many staff members the contact has deleted."""
    return over_rows(_TABLE, and_(_of_contact, col(FollowUser.status) == "lost"), func.count())


@kind.own_date("contact")
def first_added_at() -> SQLColumnExpression[object]:
    """When the contact was first added by anybody, ended relations included."""
    return over_rows(_TABLE, _of_contact, func.min(col(FollowUser.added_at)))


@kind.own_date("contact")
def last_lost_at() -> SQLColumnExpression[object]:
    """When a relation with the contact last ended."""
    return over_rows(_TABLE, _of_contact, func.max(col(FollowUser.ended_at)))


@kind.own_number("staff")
def contacts() -> SQLColumnExpression[int]:
    """How many contacts a staff member follows now."""
    return over_rows(_TABLE, and_(col(FollowUser.user_id) == col(Staff.user_id), _lasting), func.count())
