"""Groups: the subject itself; for a contact the group of the event, or, without one, any group the contact is in."""

from sqlalchemy import SQLColumnExpression, and_, func
from sqlmodel import col

from bot.model.tables import CustomerGroup, ExternalContact, GroupMember, Staff
from bot.sop.filters import kind
from bot.sop.filters.kind import OWN, Reach, through
from bot.sop.scope import Scope, Subject
from bot.storage.queries.segments import Clause, over_rows
from bot.storage.statements import table_of

_present = and_(col(GroupMember.chat_id) == col(CustomerGroup.chat_id), col(GroupMember.left_at).is_(None))


def _of_contact(scope: Scope) -> Clause:
    member = and_(_present, col(GroupMember.contact_id) == col(ExternalContact.id))
    return member if scope.chat_id is None else and_(member, col(CustomerGroup.chat_id) == scope.chat_id)


REACH: dict[Subject, Reach] = {
    "group": OWN,
    "contact": through(CustomerGroup, GroupMember, on=_of_contact),
    "staff": through(CustomerGroup, on=lambda _: col(CustomerGroup.owner) == col(Staff.user_id)),
}


@kind.text
def id() -> SQLColumnExpression[str]:
    """Chat id of the group."""
    return col(CustomerGroup.chat_id)


@kind.text
def name() -> SQLColumnExpression[str]:
    """Name of the group."""
    return col(CustomerGroup.name)


@kind.text
def kind_() -> SQLColumnExpression[str]:
    """Kind of group: customer, webhook or appchat."""
    return col(CustomerGroup.kind)


@kind.text
def owner() -> SQLColumnExpression[str | None]:
    """Owner of the group, by user id."""
    return col(CustomerGroup.owner)


@kind.text
def layer() -> SQLColumnExpression[str | None]:
    """Layer of the group: traffic, conversion or vip."""
    return col(CustomerGroup.layer)


@kind.text
def notice() -> SQLColumnExpression[str]:
    """Notice of the group."""
    return col(CustomerGroup.notice)


@kind.set
def tags() -> SQLColumnExpression[list[str]]:
    """Tags of the group."""
    return col(CustomerGroup.tags)


@kind.date
def created_at() -> SQLColumnExpression[object]:
    """When the group was made."""
    return col(CustomerGroup.created_at)


@kind.span
def age() -> SQLColumnExpression[object]:
    """How long ago the group was made."""
    return col(CustomerGroup.created_at)


@kind.own_number("group")
def size() -> SQLColumnExpression[int]:
    """How many people are in the group now, staff included."""
    return over_rows((table_of(GroupMember),), _present, func.count())


@kind.own_number("group")
def contacts() -> SQLColumnExpression[int]:
    """How many contacts are in the group now."""
    outside = and_(_present, col(GroupMember.contact_id).is_not(None))
    return over_rows((table_of(GroupMember),), outside, func.count())
