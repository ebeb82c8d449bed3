"""Messages of WeChat customer service as events.

Source: developer.work.weixin.qq.com/document/path/94670
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.model.events import MessageReceived
from bot.model.ids import ExternalUserId

CONTACT = 3
"""The origin of what a contact wrote; 4 is the system, 5 is staff."""


def read(message: Mapping[str, Any], now: datetime) -> MessageReceived | None:
    """What a contact wrote; None for what staff or the system did."""
    contact, message_id = str(message.get("external_userid") or ""), str(message.get("msgid") or "")
    if message.get("origin") != CONTACT or not contact or not message_id:
        return None
    kind = str(message.get("msgtype") or "")
    said = message.get(kind)
    sent_s = message.get("send_time")
    return MessageReceived(
        at=datetime.fromtimestamp(sent_s, UTC) if isinstance(sent_s, int) else now,
        channel="kf",
        message_id=f"kf:{message_id}",
        text=str(said.get("content") or "") if isinstance(said, dict) else "",
        message_kind=kind,
        external_user_id=ExternalUserId(contact),
        content={"open_kfid": str(message.get("open_kfid") or "")},
    )
