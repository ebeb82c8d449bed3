"""Who wrote or did something, as a contact."""

from bot.community import contacts
from bot.model.events import MessageReceived, Tracked
from bot.model.ids import ContactId, ExternalUserId, OpenId, UnionId
from bot.storage.work import Work


def find_contact(work: Work, message: MessageReceived) -> ContactId | None:
    """The contact who wrote; None for staff, and for a follower of whom nothing is known."""
    return _find(work, message.external_user_id, message.open_id, None)


def find_tracked(work: Work, event: Tracked) -> ContactId | None:
    """The contact whose behaviour was reported; None when only an unknown id of another platform names them."""
    union_id = UnionId(event.union_id) if event.union_id else None
    return _find(work, event.external_user_id, event.open_id, union_id)


def _find(
    work: Work, external_user_id: ExternalUserId | None, open_id: OpenId | None, union_id: UnionId | None
) -> ContactId | None:
    if external_user_id:
        return contacts.id_of(contacts.ensure(work, external_user_id))
    contact = contacts.find(work.session, open_id=open_id, union_id=union_id)
    return contacts.id_of(contact) if contact else None
