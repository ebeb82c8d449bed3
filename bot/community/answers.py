"""How long contacts wait: a staff member's message answers whoever has written since the one before."""

from datetime import timedelta
from decimal import Decimal

from bot.community import behaviour, contacts
from bot.model.events import MessageReceived
from bot.model.ids import ContactId, UserId
from bot.storage.queries import behaviour as rows
from bot.storage.work import Work

REPLIED = "replied"
FORGOTTEN = timedelta(days=7)
"""After so long a message is no answer any more."""


def record(work: Work, message: MessageReceived) -> None:
    """Write down whom a staff member's message answers, and after how many seconds."""
    if message.user_id is None:
        return
    for contact_id, asked_at in _waiting(work, message, message.user_id):
        behaviour.record(
            work,
            contact_id,
            REPLIED,
            at=message.at,
            key=f"{REPLIED}:{message.message_id}:{contact_id}",
            chat_id=message.chat_id,
            user_id=message.user_id,
            amount=Decimal(int((message.at - asked_at).total_seconds())),
        )


def _waiting(work: Work, message: MessageReceived, user_id: UserId) -> rows.Waiting:
    since = message.at - FORGOTTEN
    if message.chat_id is not None:
        return rows.waiting_in_group(work.session, message.chat_id, since, message.at)
    contact = contacts.find(work.session, external_user_id=message.to_contact) if message.to_contact else None
    if contact is None:
        return []
    contact_id: ContactId = contacts.id_of(contact)
    return rows.waiting_alone(work.session, contact_id, user_id, since, message.at)
