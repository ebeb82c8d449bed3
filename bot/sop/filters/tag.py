"""Tags on the contact, with their source, rule and age. Removed and expired tags do not count."""

from sqlalchemy import SQLColumnExpression, and_, func, or_
from sqlmodel import col

from bot.model.tables import ContactTag, ExternalContact
from bot.sop.filters import kind
from bot.sop.filters.kind import Reach, through
from bot.sop.scope import Scope, Subject
from bot.storage.queries.segments import Clause, over_rows
from bot.storage.statements import table_of

_of_contact = col(ContactTag.contact_id) == col(ExternalContact.id)


def _valid(scope: Scope) -> Clause:
    lasting = or_(col(ContactTag.expires_at).is_(None), col(ContactTag.expires_at) > scope.now)
    return and_(_of_contact, col(ContactTag.removed_at).is_(None), lasting)


REACH: dict[Subject, Reach] = {"contact": through(ContactTag, on=_valid)}


@kind.set
def names() -> SQLColumnExpression[str]:
    """Tags on the contact, each `group/tag`."""
    return col(ContactTag.name)


@kind.text
def source() -> SQLColumnExpression[str]:
    """What put a tag on the contact: sop, rule, staff, sync …"""
    return col(ContactTag.source)


@kind.text
def rule() -> SQLColumnExpression[str]:
    """The rule that put a tag on the contact."""
    return col(ContactTag.rule)


@kind.number
def confidence() -> SQLColumnExpression[float]:
    """How sure a rule was of a tag, 0 to 1."""
    return col(ContactTag.confidence)


@kind.date
def added_at() -> SQLColumnExpression[object]:
    """When a tag was put on the contact."""
    return col(ContactTag.added_at)


@kind.date
def expires_at() -> SQLColumnExpression[object]:
    """When a tag on the contact expires."""
    return col(ContactTag.expires_at)


@kind.own_number("contact")
def count() -> SQLColumnExpression[int]:
    """How many tags the contact has, expired ones included until they are removed."""
    standing = and_(_of_contact, col(ContactTag.removed_at).is_(None))
    return over_rows((table_of(ContactTag),), standing, func.count())
