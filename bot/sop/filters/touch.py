"""Messages that SOPs have sent to the contact, or have on their way."""

from typing import Any

from sqlalchemy import SQLColumnExpression, func, null, true
from sqlmodel import col

from bot.model.tables import ExternalContact, Touch
from bot.sop.filters import kind
from bot.sop.filters.kind import Acts, Reach, through
from bot.sop.scope import Subject
from bot.storage.queries.segments import over_rows
from bot.storage.statements import table_of

_of_contact = col(Touch.contact_id) == col(ExternalContact.id)

REACH: dict[Subject, Reach] = {"contact": through(Touch, on=lambda _: _of_contact)}


def _value(name: str, _wanted: str) -> SQLColumnExpression[Any]:
    """What may be asked of a message: its channel and its SOP."""
    return {"channel": col(Touch.channel), "sop": col(Touch.sop)}.get(name, null())


@kind.counted
def touched() -> Acts:
    """Messages of SOPs that went to the contact; `never` for those who were not touched."""
    return Acts(true(), col(Touch.at), null(), _value)


@kind.date
def at() -> SQLColumnExpression[object]:
    """When a message of an SOP went to the contact."""
    return col(Touch.at)


@kind.text
def channel() -> SQLColumnExpression[str]:
    """Channels by which SOPs wrote to the contact: mass, official, kf, sms, mail …"""
    return col(Touch.channel)


@kind.text
def sop() -> SQLColumnExpression[str]:
    """SOPs that have written to the contact."""
    return col(Touch.sop)


@kind.own_number("contact")
def count() -> SQLColumnExpression[int]:
    """How many messages of SOPs went to the contact."""
    return over_rows((table_of(Touch),), _of_contact, func.count())


@kind.own_date("contact")
def last_at() -> SQLColumnExpression[object]:
    """When a message of an SOP last went to the contact."""
    return over_rows((table_of(Touch),), _of_contact, func.max(col(Touch.at)))
