"""What can happen, as values. An event is what a row of the inbox holds.

`kind` is the event's name in YAML, in the console and in the ledger. `at` is when it happened by the platform's own
clock. `key` is the subject whose events keep their order.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal

from bot.model.ids import CallId, ChatId, ContactId, ExternalUserId, OpenId, SopName, UserId
from bot.model.lanes import Lane

WELCOME_WINDOW = timedelta(seconds=20)
"""How long a welcome code lives. Source: developer.work.weixin.qq.com/document/path/92137"""

Channel = Literal["app", "archive", "kf", "official", "aibot"]
OfficialKind = Literal[
    "subscribe",
    "unsubscribe",
    "scan",
    "click",
    "view",
    "template_finished",
    "mass_finished",
    "subscription_accepted",
    "subscription_refused",
    "subscription_finished",
    "other",
]
GroupChange = Literal["create", "dismiss", "name", "owner", "notice"]
Outcome = Literal["sent", "failed", "unknown", "expired"]


@dataclass(frozen=True, kw_only=True)
class Event:
    """The common part; subclasses name themselves with `kind`."""

    kind: ClassVar[str]
    at: datetime

    @property
    def key(self) -> str:
        return ""

    @property
    def lane(self) -> Lane:
        return Lane.NORMAL

    @property
    def deadline(self) -> datetime | None:
        return None


@dataclass(frozen=True, kw_only=True)
class _Relation(Event):
    """Something between one staff member and one external contact; `found` by reading the corp, not told."""

    user_id: UserId
    external_user_id: ExternalUserId
    found: bool = False

    @property
    def key(self) -> str:
        return f"external:{self.external_user_id}"


@dataclass(frozen=True, kw_only=True)
class Greetable(_Relation):
    """A contact came to a staff member, by the live code `state`; with a `welcome_code` seconds count."""

    state: str = ""
    welcome_code: str = ""

    @property
    def lane(self) -> Lane:
        return Lane.INSTANT if self.welcome_code else Lane.NORMAL

    @property
    def deadline(self) -> datetime | None:
        return self.at + WELCOME_WINDOW if self.welcome_code else None


@dataclass(frozen=True, kw_only=True)
class ContactAdded(Greetable):
    kind: ClassVar[str] = "contact.added"


@dataclass(frozen=True, kw_only=True)
class ContactHalfAdded(Greetable):
    """A contact added a staff member who has yet to confirm; the welcome code already works."""

    kind: ClassVar[str] = "contact.half_added"


@dataclass(frozen=True, kw_only=True)
class ContactLost(_Relation):
    """The contact deleted the staff member."""

    kind: ClassVar[str] = "contact.lost"


@dataclass(frozen=True, kw_only=True)
class ContactRemoved(_Relation):
    """The staff member deleted the contact, or a transfer took the contact away."""

    kind: ClassVar[str] = "contact.removed"
    by_transfer: bool = False


@dataclass(frozen=True, kw_only=True)
class ContactEdited(_Relation):
    kind: ClassVar[str] = "contact.edited"


@dataclass(frozen=True, kw_only=True)
class ArchiveConsented(_Relation):
    kind: ClassVar[str] = "contact.archive_consented"
    welcome_code: str = ""


@dataclass(frozen=True, kw_only=True)
class TransferFailed(_Relation):
    kind: ClassVar[str] = "contact.transfer_failed"
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class _InGroup(Event):
    """Something in a group; `found` by reading it, not told."""

    chat_id: ChatId
    found: bool = False

    @property
    def key(self) -> str:
        return f"group:{self.chat_id}"


@dataclass(frozen=True, kw_only=True)
class GroupChanged(_InGroup):
    kind: ClassVar[str] = "group.changed"
    change: GroupChange


@dataclass(frozen=True, kw_only=True)
class MembersChanged(_InGroup):
    """People came to or left a customer group; `scene` is JoinScene or QuitScene of the callback.

    Source: developer.work.weixin.qq.com/document/path/92130
    """

    kind: ClassVar[str] = "group.members_changed"
    change: Literal["joined", "left"]
    members: tuple[str, ...]
    scene: int = 0
    last_version: str = ""
    version: str = ""


@dataclass(frozen=True, kw_only=True)
class _Member(_InGroup):
    contact_id: ContactId
    scene: int = 0

    @property
    def key(self) -> str:
        return f"contact:{self.contact_id}"


@dataclass(frozen=True, kw_only=True)
class MemberJoined(_Member):
    kind: ClassVar[str] = "member.joined"
    state: str = ""


@dataclass(frozen=True, kw_only=True)
class MemberLeft(_Member):
    """`scene` 1 means that the owner or an administrator removed the member."""

    kind: ClassVar[str] = "member.left"


@dataclass(frozen=True, kw_only=True)
class TagChanged(Event):
    kind: ClassVar[str] = "tag.changed"
    change: str
    id: str
    is_group: bool = False


@dataclass(frozen=True, kw_only=True)
class MessageReceived(Event):
    """A contact (or, in a group, a staff member) wrote something.

    Exactly one of `external_user_id`, `open_id` and `user_id` names the writer; `chat_id` is empty outside groups;
    `to` is the staff member a contact wrote to alone, `to_contact` the contact a staff member did. `text` is empty for
    kinds without words.
    """

    kind: ClassVar[str] = "message.received"
    channel: Channel
    message_id: str
    text: str = ""
    message_kind: str = "text"
    external_user_id: ExternalUserId | None = None
    open_id: OpenId | None = None
    user_id: UserId | None = None
    chat_id: ChatId | None = None
    to: UserId | None = None
    to_contact: ExternalUserId | None = None
    content: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        if self.external_user_id:
            return f"external:{self.external_user_id}"
        return f"official:{self.open_id}" if self.open_id else f"staff:{self.user_id}"


@dataclass(frozen=True, kw_only=True)
class MessageRevoked(Event):
    kind: ClassVar[str] = "message.revoked"
    message_id: str


@dataclass(frozen=True, kw_only=True)
class _ByStaff(Event):
    user_id: UserId

    @property
    def key(self) -> str:
        return f"staff:{self.user_id}"


@dataclass(frozen=True, kw_only=True)
class StaffWrote(_ByStaff):
    """A staff member wrote into the app conversation: the road of chat commands.

    With a `response_code` it was written to the AI bot, which answers there.
    """

    kind: ClassVar[str] = "staff.wrote"
    message_id: str
    text: str
    response_code: str = ""


@dataclass(frozen=True, kw_only=True)
class AppEvent(_ByStaff):
    """enter_agent, subscribe, unsubscribe, click, view … of the app; `name` as on the wire."""

    kind: ClassVar[str] = "staff.app_event"
    name: str
    event_key: str = ""


@dataclass(frozen=True, kw_only=True)
class CardPressed(_ByStaff):
    """`response_code` updates the card once within 72 hours.

    Source: developer.work.weixin.qq.com/document/path/90240
    """

    kind: ClassVar[str] = "card.pressed"
    task_id: str
    button: str
    response_code: str = ""
    selected: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ArchiveNotified(Event):
    kind: ClassVar[str] = "archive.notified"

    @property
    def key(self) -> str:
        return "archive"


@dataclass(frozen=True, kw_only=True)
class KfNotified(Event):
    """Something was written at an account of WeChat customer service; `token` fetches it sooner than without.

    Source: developer.work.weixin.qq.com/document/path/94670
    """

    kind: ClassVar[str] = "kf.notified"
    account: str
    token: str = ""

    @property
    def key(self) -> str:
        return f"kf:{self.account}"


@dataclass(frozen=True, kw_only=True)
class OfficialEvent(Event):
    """A follower did something at an official account; `event_key` is the scene, menu key or URL.

    Of a finished job `event_key` is the message id, of a subscription the templates. `content` holds the other fields
    as on the wire.
    """

    kind: ClassVar[str] = "official.event"
    open_id: OpenId
    name: OfficialKind
    event_key: str = ""
    wire_name: str = ""
    content: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return f"official:{self.open_id}"


@dataclass(frozen=True, kw_only=True)
class Tracked(Event):
    """A behaviour or business event that a shop or site reported, such as `order.paid`."""

    kind: ClassVar[str] = "track.event"
    name: str
    event_id: str
    external_user_id: ExternalUserId | None = None
    open_id: OpenId | None = None
    union_id: str | None = None
    properties: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return (
            f"external:{self.external_user_id}" if self.external_user_id else f"person:{self.open_id or self.union_id}"
        )


@dataclass(frozen=True, kw_only=True)
class UnknownCallback(Event):
    """A callback that this version does not know: kept, shown, harmless."""

    kind: ClassVar[str] = "unknown"
    source: str
    fields: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class CallFinished(Event):
    """The outbox is done with a call that asked to hear of its end; `note` is what the planner wrote on it."""

    kind: ClassVar[str] = "call.finished"
    call_id: CallId
    endpoint: str
    outcome: Outcome
    errcode: int = 0
    reason: str = ""
    body: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, Any] = field(default_factory=dict)
    note: dict[str, Any] = field(default_factory=dict)
    subject: str = ""
    call_lane: Lane = Lane.NORMAL

    @property
    def key(self) -> str:
        return self.subject

    @property
    def lane(self) -> Lane:
        return self.call_lane


@dataclass(frozen=True, kw_only=True)
class TimerDue(Event):
    """A timer that somebody set has come due; `name` says whose, `about` what for."""

    kind: ClassVar[str] = "timer.due"
    name: str
    about: dict[str, Any] = field(default_factory=dict)
    subject: str = ""

    @property
    def key(self) -> str:
        return self.subject


@dataclass(frozen=True, kw_only=True)
class ScheduleDue(Event):
    """A date trigger of an SOP has come; `at` is the planned moment, not the moment it was noticed."""

    kind: ClassVar[str] = "date"
    sop: SopName

    @property
    def key(self) -> str:
        return f"sop:{self.sop}"


@dataclass(frozen=True, kw_only=True)
class LeadQualified(Event):
    """A contact crossed the line, or something else happened that staff should know of."""

    kind: ClassVar[str] = "lead.qualified"
    contact_id: ContactId
    lead: str
    reason: str
    user_id: UserId | None = None
    to: tuple[str, ...] = ()
    chat_id: ChatId | None = None

    @property
    def key(self) -> str:
        return f"contact:{self.contact_id}"


@dataclass(frozen=True, kw_only=True)
class _InSegment(Event):
    """A subject and a segment; exactly one of the ids names the subject."""

    segment: str
    contact_id: ContactId | None = None
    chat_id: ChatId | None = None
    user_id: UserId | None = None

    @property
    def key(self) -> str:
        if self.contact_id is not None:
            return f"contact:{self.contact_id}"
        return f"group:{self.chat_id}" if self.chat_id else f"staff:{self.user_id}"


@dataclass(frozen=True, kw_only=True)
class SegmentEntered(_InSegment):
    kind: ClassVar[str] = "segment.entered"


@dataclass(frozen=True, kw_only=True)
class SegmentExited(_InSegment):
    kind: ClassVar[str] = "segment.exited"


@dataclass(frozen=True, kw_only=True)
class MetricCrossed(Event):
    """A figure of a subject has crossed its line; exactly one of the ids names the subject.

    `name` is the metric, `line` how SOPs ask for it, `value` the figure: seconds, messages or percent.
    """

    kind: ClassVar[str] = "metric.crossed"
    name: str
    line: str
    value: float
    contact_id: ContactId | None = None
    chat_id: ChatId | None = None
    user_id: UserId | None = None


@dataclass(frozen=True, kw_only=True)
class StaffAnswered(Event):
    """`by` pressed a button of the card by which a run asked staff; the ids are those of the run."""

    kind: ClassVar[str] = "staff.answered"
    button: str
    by: UserId
    contact_id: ContactId | None = None
    chat_id: ChatId | None = None
    user_id: UserId | None = None

    @property
    def key(self) -> str:
        if self.contact_id is not None:
            return f"contact:{self.contact_id}"
        return f"group:{self.chat_id}" if self.chat_id else f"staff:{self.user_id}"


def _leaves(of: type[Event]) -> list[type[Event]]:
    children = of.__subclasses__()
    return [leaf for child in children for leaf in _leaves(child)] if children else [of]


EVENTS: dict[str, type[Event]] = {event.kind: event for event in _leaves(Event)}
"""Every event by its name."""
