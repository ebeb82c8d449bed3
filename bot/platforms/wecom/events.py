"""WeCom's decrypted callbacks as events.

Source: developer.work.weixin.qq.com/document/path/92130 (contacts, groups), 90239 (messages), 90240 (app events)
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from bot.model.events import (
    AppEvent,
    ArchiveConsented,
    ArchiveNotified,
    CardPressed,
    ContactAdded,
    ContactEdited,
    ContactHalfAdded,
    ContactLost,
    ContactRemoved,
    Event,
    GroupChanged,
    KfNotified,
    MembersChanged,
    StaffWrote,
    TagChanged,
    TransferFailed,
    UnknownCallback,
)
from bot.model.ids import ChatId, ExternalUserId, UserId
from bot.platforms.xml import Fields, items, text

Reader = Callable[[Fields, datetime], Event | None]
GROUP_CHANGES = {"change_owner": "owner", "change_name": "name", "change_notice": "notice"}


def read(fields: Fields, now: datetime) -> Event:
    """The event that a callback tells of; one that nobody knows becomes an `UnknownCallback`."""
    at = _created_at(fields, now)
    reader = READERS.get((text(fields, "MsgType"), text(fields, "Event")))
    event = reader(fields, at) if reader else None
    return event or UnknownCallback(at=at, source="wecom", fields=fields)


def _created_at(fields: Fields, now: datetime) -> datetime:
    """CreateTime; ours when it is missing or further off than a platform's clock can be."""
    seconds = text(fields, "CreateTime")
    return datetime.fromtimestamp(int(seconds), UTC) if seconds.isdecimal() and len(seconds) <= 11 else now


def _relation(fields: Fields, at: datetime) -> dict[str, Any]:
    return {
        "at": at,
        "user_id": UserId(text(fields, "UserID")),
        "external_user_id": ExternalUserId(text(fields, "ExternalUserID")),
    }


def _contact(fields: Fields, at: datetime) -> Event | None:
    who = _relation(fields, at)
    if not who["user_id"] or not who["external_user_id"]:
        return None
    match text(fields, "ChangeType"):
        case "add_external_contact":
            return ContactAdded(**who, **_greeting(fields))
        case "add_half_external_contact":
            return ContactHalfAdded(**who, **_greeting(fields))
        case "edit_external_contact":
            return ContactEdited(**who)
        case "del_external_contact":
            return ContactRemoved(**who, by_transfer=text(fields, "Source") == "DELETE_BY_TRANSFER")
        case "del_follow_user":
            return ContactLost(**who)
        case "transfer_fail":
            return TransferFailed(**who, reason=text(fields, "FailReason"))
        case "msg_audit_approved":
            return ArchiveConsented(**who, welcome_code=text(fields, "WelcomeCode"))
    return None


def _greeting(fields: Fields) -> dict[str, Any]:
    return {"state": text(fields, "State"), "welcome_code": text(fields, "WelcomeCode")}


def _group(fields: Fields, at: datetime) -> Event | None:
    chat_id = ChatId(text(fields, "ChatId"))
    change, detail = text(fields, "ChangeType"), text(fields, "UpdateDetail")
    if not chat_id:
        return None
    if change == "create":
        return GroupChanged(at=at, chat_id=chat_id, change="create")
    if change == "dismiss":
        return GroupChanged(at=at, chat_id=chat_id, change="dismiss")
    if detail in ("add_member", "del_member"):
        return _members(fields, at, chat_id, joined=detail == "add_member")
    if detail in GROUP_CHANGES:
        return GroupChanged(at=at, chat_id=chat_id, change=GROUP_CHANGES[detail])  # type: ignore[arg-type]
    return None


def _members(fields: Fields, at: datetime, chat_id: ChatId, *, joined: bool) -> MembersChanged:
    return MembersChanged(
        at=at,
        chat_id=chat_id,
        change="joined" if joined else "left",
        members=tuple(member for member in items(fields, "MemChangeList") if isinstance(member, str)),
        scene=_number(fields, "JoinScene" if joined else "QuitScene"),
        last_version=text(fields, "LastMemVer"),
        version=text(fields, "CurMemVer"),
    )


def _number(fields: Fields, name: str) -> int:
    value = text(fields, name)
    return int(value) if value.isdecimal() else 0


def _tag(fields: Fields, at: datetime) -> Event:
    is_group = text(fields, "TagType") == "tag_group"
    return TagChanged(at=at, change=text(fields, "ChangeType"), id=text(fields, "Id"), is_group=is_group)


def _wrote(fields: Fields, at: datetime) -> Event | None:
    user_id, message_id = UserId(text(fields, "FromUserName")), text(fields, "MsgId")
    if not user_id or not message_id:
        return None
    return StaffWrote(at=at, user_id=user_id, message_id=message_id, text=text(fields, "Content"))


def _pressed(fields: Fields, at: datetime) -> Event:
    selected = {
        text(item, "QuestionKey"): [str(option) for option in items(item, "OptionIds", "OptionId")]
        for item in items(fields, "SelectedItems", "SelectedItem")
        if isinstance(item, dict)
    }
    return CardPressed(
        at=at,
        user_id=UserId(text(fields, "FromUserName")),
        task_id=text(fields, "TaskId"),
        button=text(fields, "EventKey"),
        response_code=text(fields, "ResponseCode"),
        selected=selected,
    )


def _app_event(fields: Fields, at: datetime) -> Event:
    return AppEvent(
        at=at,
        user_id=UserId(text(fields, "FromUserName")),
        name=text(fields, "Event"),
        event_key=text(fields, "EventKey"),
    )


def _archive(_fields: Fields, at: datetime) -> Event:
    return ArchiveNotified(at=at)


def _kf(fields: Fields, at: datetime) -> Event | None:
    account = text(fields, "OpenKfId")
    return KfNotified(at=at, account=account, token=text(fields, "Token")) if account else None


APP_EVENTS = (
    "subscribe", "unsubscribe", "enter_agent", "click", "view", "view_miniprogram", "LOCATION",
    "inactive_alert", "close_inactive_agent", "reopen_inactive_agent", "low_active_alert", "low_active",
)  # fmt: skip
READERS: dict[tuple[str, str], Reader] = {
    ("event", "change_external_contact"): _contact,
    ("event", "change_external_chat"): _group,
    ("event", "change_external_tag"): _tag,
    ("event", "template_card_event"): _pressed,
    ("event", "template_card_menu_event"): _pressed,
    ("event", "msgaudit_notify"): _archive,
    ("event", "kf_msg_or_event"): _kf,
    ("text", ""): _wrote,
    **{("event", name): _app_event for name in APP_EVENTS},
}
