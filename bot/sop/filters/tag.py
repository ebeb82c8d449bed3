"""Tags on the contact, with their source, rule and age. Removed and expired tags do not count."""

from typing import Any

from sqlalchemy import SQLColumnExpression, and_, case, func, or_
from sqlmodel import col

from bot.model.tables import ContactTag, ExternalContact
from bot.sop.filters import kind
from bot.sop.filters.kind import Reach, through
from bot.sop.scope import Scope, Subject
from bot.storage.queries.segments import Clause, over_rows, some_row
from bot.storage.statements import table_of

_of_contact = col(ContactTag.contact_id) == col(ExternalContact.id)


def _valid(scope: Scope) -> Clause:
    lasting = or_(col(ContactTag.expires_at).is_(None), col(ContactTag.expires_at) > scope.now)
    return and_(_of_contact, col(ContactTag.removed_at).is_(None), lasting)


REACH: dict[Subject, Reach] = {"contact": through(ContactTag, on=_valid, until=col(ContactTag.expires_at))}


def _of(name: str, value: SQLColumnExpression[Any]) -> SQLColumnExpression[Any]:
    """A fact of any tag, or of the one of this name."""
    return case((col(ContactTag.name) == name, value)) if name else value


@kind.set
def names() -> SQLColumnExpression[str]:
    """Tags on the contact, each `group/tag`."""
    return col(ContactTag.name)


@kind.text
def source(name: str = "") -> SQLColumnExpression[str]:
    """What put a tag, or the one named, on the contact: sop, rule, staff, sync …"""
    return _of(name, col(ContactTag.source))


@kind.text
def rule(name: str = "") -> SQLColumnExpression[str]:
    """The rule that put a tag, or the one named, on the contact."""
    return _of(name, col(ContactTag.rule))


@kind.number
def confidence(name: str = "") -> SQLColumnExpression[float]:
    """How sure a rule was of a tag, or of the one named, 0 to 1."""
    return _of(name, col(ContactTag.confidence))


@kind.date
def added_at(name: str = "") -> SQLColumnExpression[object]:
    """When a tag, or the one named, was put on the contact."""
    return _of(name, col(ContactTag.added_at))


@kind.date
def expires_at(name: str = "") -> SQLColumnExpression[object]:
    """When a tag on the contact, or the one named, expires."""
    return _of(name, col(ContactTag.expires_at))


@kind.own_number("contact")
def count() -> SQLColumnExpression[int]:
    """How many tags the contact has, expired ones included until they are removed."""
    standing = and_(_of_contact, col(ContactTag.removed_at).is_(None))
    return over_rows((table_of(ContactTag),), standing, func.count())


@kind.own_flag("contact")
def in_group(group: str, *, scope: Scope) -> SQLColumnExpression[bool]:
    """Whether the contact has any tag of a tag group."""
    return some_row(
        (table_of(ContactTag),), _valid(scope), col(ContactTag.name).startswith(f"{group}/", autoescape=True)
    )
