"""What contacts do, kept for filters that count and reports that add up."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from bot.model.ids import ChatId, ContactId, UserId
from bot.storage.queries import behaviour as rows
from bot.storage.work import Work

BY_KIND = {
    "image": "sent_image",
    "weapp": "sent_miniprogram",
    "card": "sent_card",
    "redpacket": "sent_red_packet",
    "external_redpacket": "sent_red_packet",
    "link": "sent_link",
}
"""Behaviours that a message's kind alone shows, by the names of the archive.

Source: developer.work.weixin.qq.com/document/path/91774
"""


def parted(work: Work, contact_id: ContactId, user_id: UserId) -> bool:
    """Whether a contact and a staff member have been joined before and parted."""
    return rows.happened(work.session, contact_id, user_id, ("contact_lost", "contact_removed"))


def record(
    work: Work,
    contact_id: ContactId,
    name: str,
    *,
    at: datetime,
    key: str,
    chat_id: ChatId | None = None,
    user_id: UserId | None = None,
    amount: Decimal | None = None,
    properties: dict[str, Any] | None = None,
) -> bool:
    """Write a behaviour down; False when the same `key` was written before, so that nothing counts twice."""
    row = {
        "contact_id": contact_id,
        "name": name,
        "at": at,
        "chat_id": chat_id,
        "user_id": user_id,
        "amount": amount,
        "properties": properties or {},
        "dedupe_key": key,
    }
    return rows.add(work.session, row)
