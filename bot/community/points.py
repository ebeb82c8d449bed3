"""Points that contacts collect: given once for each reason, kept as what the contact did."""

from decimal import Decimal

from bot.community import behaviour, contacts
from bot.model.ids import ContactId
from bot.model.tables import ExternalContact
from bot.storage.work import Work

GIVEN, TAKEN, EXPIRED = "points.given", "points.taken", "points.expired"


def add_points(work: Work, contact_id: ContactId, points: int, *, reason: str, key: str) -> bool:
    """Add points, or take some away but never more than there are; False when `key` was counted before."""
    contact = contacts.get(work.session, contact_id)
    change = max(points, -contact.points)
    name = GIVEN if points >= 0 else TAKEN
    is_new = behaviour.record(
        work,
        contacts.id_of(contact),
        name,
        at=work.now,
        key=f"points:{key}",
        amount=Decimal(abs(change)),
        properties={"reason": reason},
    )
    if is_new:
        contact.points += change
    return is_new


def expire(work: Work, contact: ExternalContact, points: int) -> None:
    """Points that nobody used in time are gone."""
    lost, contact_id = min(points, contact.points), contacts.id_of(contact)
    key = f"{EXPIRED}:{contact_id}:{work.now.isoformat()}"
    if behaviour.record(work, contact_id, EXPIRED, at=work.now, key=key, amount=Decimal(lost)):
        contact.points -= lost
