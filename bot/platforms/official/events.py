"""An official account's decrypted callbacks as events, and the keys by which their repetitions are known.

Source: developers.weixin.qq.com/doc/offiaccount/Message_Management/Receiving_standard_messages.html and
Receiving_event_pushes.html
"""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

import orjson

from bot.model.events import Event, MessageReceived, OfficialEvent, OfficialKind, UnknownCallback
from bot.model.ids import OpenId
from bot.platforms.official.fields import fold, rest
from bot.platforms.xml import Fields, items, text

SCENE_PREFIX = "qrscene_"
"""Stands before the scene of a code when its scan was what made the person follow."""
COMMON = ("tousername", "fromusername", "createtime", "msgtype", "msgid", "event", "eventkey", "encrypt")
LONGEST_KEY = 200

MESSAGES = frozenset({"text", "image", "voice", "video", "shortvideo", "location", "link", "miniprogrampage"})
ACTS: dict[str, OfficialKind] = {
    "subscribe": "subscribe",
    "unsubscribe": "unsubscribe",
    "scan": "scan",
    "click": "click",
    "view": "view",
}
JOBS: dict[str, OfficialKind] = {"templatesendjobfinish": "template_finished", "masssendjobfinish": "mass_finished"}
OTHER_ACTS = frozenset(
    {
        "location", "view_miniprogram", "scancode_push", "scancode_waitmsg", "pic_sysphoto", "pic_photo_or_album",
        "pic_weixin", "location_select", "user_info_modified", "user_authorization_revoke",
        "user_authorization_cancellation",
    }
)  # fmt: skip
"""What else a person can do; SOPs know these by their name on the wire."""

SUBSCRIPTIONS = {
    "subscribe_msg_popup_event": "SubscribeMsgPopupEvent",
    "subscribe_msg_change_event": "SubscribeMsgChangeEvent",
    "subscribe_msg_sent_event": "SubscribeMsgSentEvent",
}
"""Where each of them keeps its list."""

Reader = Callable[[Fields, Fields, datetime], Event | None]


def read(fields: Fields, now: datetime) -> Event:
    """The event that a callback tells of; one that nobody knows becomes an `UnknownCallback`."""
    folded = fold(fields)
    at = _created_at(folded, now)
    reader = _event if text(folded, "msgtype") == "event" else _message
    event = reader(fields, folded, at) if text(folded, "fromusername") else None
    return event or UnknownCallback(at=at, source="official", fields=rest(fields, "encrypt"))


def dedupe_key(fields: Fields) -> str:
    """The same for every delivery of one thing.

    MsgId for messages; for the acts of a person who, when and what. Anything else is known by all it says, since two
    jobs can finish in one second.
    """
    folded = fold(fields)
    account, message_id = text(folded, "tousername"), text(folded, "msgid")
    if text(folded, "msgtype") != "event" and message_id:
        return _short(f"official:{account}:{message_id}")
    if text(folded, "event").lower() in ACTS:
        act = (text(folded, name) for name in ("fromusername", "createtime", "event", "eventkey"))
        return _short(":".join(("official", account, *act)))
    folded.pop("encrypt", None)
    return f"official:{_digest(orjson.dumps(folded, option=orjson.OPT_SORT_KEYS))}"


def _short(key: str) -> str:
    """A menu's address may hold a kilobyte: too much for an index."""
    return key if len(key) <= LONGEST_KEY else f"official:{_digest(key.encode())}"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _created_at(folded: Fields, now: datetime) -> datetime:
    """CreateTime; ours when it is missing or further off than a platform's clock can be."""
    seconds = text(folded, "createtime")
    return datetime.fromtimestamp(int(seconds), UTC) if seconds.isdecimal() and len(seconds) <= 11 else now


def _message(fields: Fields, folded: Fields, at: datetime) -> Event | None:
    kind = text(folded, "msgtype")
    if kind not in MESSAGES:
        return None
    # Recognition is being withdrawn: an empty one is ordinary
    words = {"text": "content", "voice": "recognition"}.get(kind, "")
    return MessageReceived(
        at=at,
        channel="official",
        message_id=dedupe_key(fields),
        text=text(folded, words),
        message_kind=kind,
        open_id=OpenId(text(folded, "fromusername")),
        content=rest(fields, *COMMON, words),
    )


def _event(fields: Fields, folded: Fields, at: datetime) -> Event | None:
    wire_name, event_key = text(folded, "event"), text(folded, "eventkey")
    act = wire_name.lower()
    if act in SUBSCRIPTIONS:
        return _subscription(fields, folded, at)
    name = ACTS.get(act) or JOBS.get(act) or ("other" if act in OTHER_ACTS else None)
    if name is None:
        return None
    if act in JOBS:
        event_key = text(folded, "msgid")
    return OfficialEvent(
        at=at,
        open_id=OpenId(text(folded, "fromusername")),
        name=name,
        event_key=event_key.removeprefix(SCENE_PREFIX) if name == "subscribe" else event_key,
        wire_name=wire_name,
        content=rest(fields, *COMMON),
    )


def _subscription(fields: Fields, folded: Fields, at: datetime) -> Event:
    """A person answered for one or several templates: accepted when they took any; `event_key` are those templates."""
    wire_name = text(folded, "event")
    listed = [one for one in items(fields, SUBSCRIPTIONS[wire_name.lower()], "List") if isinstance(one, dict)]
    accepted = [one for one in listed if text(one, "SubscribeStatusString") == "accept"]
    name: OfficialKind = "subscription_accepted" if accepted else "subscription_refused"
    if wire_name.lower() == "subscribe_msg_sent_event":
        name = "subscription_finished"
    return OfficialEvent(
        at=at,
        open_id=OpenId(text(folded, "fromusername")),
        name=name,
        event_key=",".join(text(one, "TemplateId") for one in accepted or listed),
        wire_name=wire_name,
        content=rest(fields, *COMMON),
    )
