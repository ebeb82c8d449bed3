"""Alerts: what staff should know of now. Anyone may raise one; about a contact it is a lead that wants an answer."""

from collections.abc import Sequence

from bot.community import leads, notices, recipients
from bot.community.deliveries import about, finished, refresh, send_card, show_again
from bot.model.ids import ChatId, ContactId, UserId
from bot.storage.work import Work

__all__ = ["about", "alert_staff", "finished", "refresh", "send_card", "show_again"]


def alert_staff(
    work: Work,
    *,
    kind: str,
    reason: str,
    to: Sequence[str],
    contact_id: ContactId | None = None,
    user_id: UserId | None = None,
    chat_id: ChatId | None = None,
) -> None:
    """Tell staff: one card that wants an answer when it is about a contact, a message when it is not.

    `kind` is a lead's: opportunity, loss, risk, order, or a word of the corp's own.
    """
    if contact_id is not None:
        leads.open_lead(work, contact_id, kind=kind, reason=reason, to=to, user_id=user_id, chat_id=chat_id)
        return
    users = recipients.resolve(work.session, to, user_id=user_id, chat_id=chat_id, now=work.now)
    notices.message_staff(work, users, reason)
