"""A mass send: a task per staff member that reaches nobody until that person confirms it.

Source: developer.work.weixin.qq.com/document/path/92135
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

WAITING, SENT, NOT_A_FRIEND, HAD_ENOUGH = 0, 1, 2, 3


@dataclass(slots=True)
class Part:
    """What one staff member is asked to send; `targets` are external_userids or chat_ids with their status."""

    userid: str
    targets: dict[str, int]
    sent_at: datetime | None = None
    ignored: bool = False


@dataclass(slots=True)
class MassSend:
    msgid: str
    kind: Literal["single", "group"]
    created_at: datetime
    content: dict[str, object]
    parts: dict[str, Part]
    allow_select: bool = False
    reminded_at: list[datetime] = field(default_factory=list)
    cancelled: bool = False
