"""The contact's memberships: of the event's group, or, without one, of every group the contact is in now."""

from sqlalchemy import SQLColumnExpression, and_, case, func, true
from sqlmodel import col

from bot.model.tables import CustomerGroup, ExternalContact, GroupMember, Staff
from bot.sop.filters import kind
from bot.sop.filters.kind import Reach, through
from bot.sop.scope import Scope, Subject
from bot.storage.queries.segments import Clause, has_item_of, over_rows, some_row
from bot.storage.statements import table_of

_TABLE = (table_of(GroupMember),)
_of_contact = col(GroupMember.contact_id) == col(ExternalContact.id)
_present = and_(_of_contact, col(GroupMember.left_at).is_(None))


def _here(scope: Scope) -> Clause:
    return _present if scope.chat_id is None else and_(_present, col(GroupMember.chat_id) == scope.chat_id)


REACH: dict[Subject, Reach] = {"contact": through(GroupMember, on=_here)}
_ANYWHERE: dict[Subject, Reach] = {"contact": through(GroupMember, on=lambda _: _present)}


@kind.set_over(_ANYWHERE)
def groups() -> SQLColumnExpression[str]:
    """Groups the contact is in, by chat id."""
    return col(GroupMember.chat_id)


@kind.own_flag("contact")
def in_any_group() -> SQLColumnExpression[bool]:
    """Whether the contact is in any group now."""
    return some_row(_TABLE, _present, true())


def _role_of(scope: Scope, is_one: Clause) -> Clause:
    there = and_(is_one, col(GroupMember.left_at).is_(None), col(CustomerGroup.chat_id) == col(GroupMember.chat_id))
    return there if scope.chat_id is None else and_(there, col(GroupMember.chat_id) == scope.chat_id)


_ROLES: dict[Subject, Reach] = {
    "contact": through(GroupMember, CustomerGroup, on=lambda scope: _role_of(scope, _of_contact)),
    "staff": through(
        GroupMember,
        CustomerGroup,
        on=lambda scope: _role_of(scope, col(GroupMember.member_id) == col(Staff.user_id)),
    ),
}


@kind.text_over(_ROLES)
def role() -> SQLColumnExpression[str]:
    """Role in the group: owner, admin or member."""
    is_admin = has_item_of(col(CustomerGroup.admins), col(GroupMember.member_id))
    return case((col(CustomerGroup.owner) == col(GroupMember.member_id), "owner"), (is_admin, "admin"), else_="member")


@kind.number
def join_scene() -> SQLColumnExpression[int]:
    """How the contact came into the group, by WeCom's number (0 or 1 invited, 2 by link, 3 by QR code)."""
    return col(GroupMember.join_scene)


@kind.text
def state() -> SQLColumnExpression[str]:
    """State of the join way by which the contact came into the group."""
    return col(GroupMember.state)


@kind.text
def inviter() -> SQLColumnExpression[str | None]:
    """Who invited the contact into the group, by user id."""
    return col(GroupMember.inviter)


@kind.text
def nickname() -> SQLColumnExpression[str]:
    """Name that the contact goes by in the group."""
    return col(GroupMember.nickname)


@kind.date
def joined_at(group: str = "") -> SQLColumnExpression[object]:
    """When the contact came into the group, or into the one of this chat id."""
    joined = col(GroupMember.joined_at)
    return case((col(GroupMember.chat_id) == group, joined)) if group else joined


@kind.own_number("contact")
def group_count() -> SQLColumnExpression[int]:
    """How many groups the contact is in now."""
    return over_rows(_TABLE, _present, func.count())


@kind.own_number("contact")
def left_count() -> SQLColumnExpression[int]:
    """How many groups the contact has left or been removed from."""
    return over_rows(_TABLE, and_(_of_contact, col(GroupMember.left_at).is_not(None)), func.count())


@kind.own_date("contact")
def last_left_at() -> SQLColumnExpression[object]:
    """When the contact last left a group."""
    return over_rows(_TABLE, _of_contact, func.max(col(GroupMember.left_at)))
