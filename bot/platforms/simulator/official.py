"""The state of the official account: followers, what may still be sent to them, tags, menu and scene codes."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from .errors import Refused

Trigger = Literal["message", "click", "follow", "scan"]

CREDITS: dict[Trigger, tuple[int, timedelta]] = {
    "message": (5, timedelta(hours=48)),
    "click": (3, timedelta(minutes=1)),
    "follow": (3, timedelta(minutes=1)),
    "scan": (3, timedelta(minutes=1)),
}


@dataclass(slots=True)
class Credit:
    left: int
    until: datetime


@dataclass(slots=True)
class Follower:
    key: str
    openid: str
    unionid: str
    subscribed_at: datetime
    subscribed: bool = True
    scene: str = ""
    scene_id: int = 0
    remark: str = ""
    tags: list[int] = field(default_factory=list)
    receives: bool = True
    credits: dict[Trigger, Credit] = field(default_factory=dict)

    def grant(self, trigger: Trigger, now: datetime) -> None:
        """An action of the person opens a window for customer messages; a new one replaces the old."""
        count, life = CREDITS[trigger]
        self.credits[trigger] = Credit(count, now + life)

    def spend(self, now: datetime) -> None:
        """Use one credit of the window that closes first: 45015 when none is open, 45047 when all are empty."""
        windows = sorted((one for one in self.credits.values() if one.until > now), key=lambda one: one.until)
        if not self.subscribed or not windows:
            raise Refused(45015)
        credit = next((one for one in windows if one.left > 0), None)
        if credit is None:
            raise Refused(45047)
        credit.left -= 1


@dataclass(slots=True)
class OfficialTag:
    id: int
    name: str


@dataclass(slots=True)
class Scene:
    """A scene code: `text` is what comes back in EventKey, `scene_id` is 0 for a text scene."""

    ticket: str
    text: str
    scene_id: int = 0
    until: datetime | None = None


@dataclass(slots=True)
class OfficialAccount:
    followers: dict[str, Follower] = field(default_factory=dict)
    tags: dict[int, OfficialTag] = field(default_factory=dict)
    scenes: dict[str, Scene] = field(default_factory=dict)
    templates: dict[str, list[str]] = field(default_factory=dict)
    menu: dict[str, object] | None = None
    next_tag_id: int = 100
    consents: dict[tuple[str, str], int] = field(default_factory=dict)
    mass_sends: dict[str, int] = field(default_factory=dict)
    mass_received: dict[tuple[str, str], int] = field(default_factory=dict)
    client_msg_ids: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def follower(self, openid: str) -> Follower:
        found = self.followers.get(openid)
        if found is None:
            raise Refused(40003)
        return found

    def tag(self, tag_id: int) -> OfficialTag:
        found = self.tags.get(tag_id)
        if found is None:
            raise Refused(45159)
        return found
