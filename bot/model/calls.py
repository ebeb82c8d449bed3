"""What we ask a platform to do, as values. A call is what a row of the outbox holds."""

from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime
from typing import Any, Literal

from bot.model.lanes import Lane

Platform = Literal["wecom", "official", "archive", "miniprogram", "sms", "mail", "hooks"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that must be with the platform before a call can name it; stands where the `media_id` will.

    `path` is below the media folder; `media` is the platform's type. The outbox puts the id in its place.
    """

    path: str
    media: Literal["image", "voice", "video", "file"] = "image"

    def placeholder(self) -> dict[str, str]:
        return {"$upload": self.path, "media": self.media}


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a platform, planned inside the transaction that decided it.

    `key` makes planning the same thing twice harmless; without one every plan is a new call. `subject` keeps order:
    calls of one subject leave one after the other. `deadline` ends every retry. `after` holds the call back. With
    `follow` the end is told as a `CallFinished` that carries `note`; a failure is always told.
    """

    endpoint: str
    body: dict[str, Any] = field(default_factory=dict)
    _: KW_ONLY
    platform: Platform = "wecom"
    lane: Lane = Lane.NORMAL
    key: str | None = None
    subject: str = ""
    deadline: datetime | None = None
    after: datetime | None = None
    follow: bool = False
    note: dict[str, Any] = field(default_factory=dict)
