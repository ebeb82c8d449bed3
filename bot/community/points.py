"""Points that contacts collect: given once for each reason, kept as what the contact did."""

from decimal import Decimal

from bot.community import behaviour, contacts
from bot.model.ids import ContactId
from bot.storage.work import Work

GIVEN, TAKEN = "points.given", "points.taken"


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
