"""Customer groups: what they are, who is in them, and whether our picture is the newest."""

from datetime import datetime
from typing import Any

from bot.community import contacts
from bot.model.events import MemberJoined, MemberLeft, MembersChanged
from bot.model.ids import ChatId, ContactId, ExternalUserId, UserId
from bot.model.tables import CustomerGroup, GroupMember
from bot.storage.queries import groups as rows
from bot.storage.work import Work

EXTERNAL = ("wm", "wo")
"""How ids of external contacts begin. Source: developer.work.weixin.qq.com/document/path/92113"""


def ensure(work: Work, chat_id: ChatId) -> CustomerGroup:
    """The group with this id, known from now on if it was not."""
    rows.add(work.session, chat_id)
    group = rows.by_id(work.session, chat_id)
    assert group is not None
    return group


def ensure_webhook(work: Work, name: str) -> None:
    """An internal group that is known by its webhook alone."""
    rows.add(work.session, ChatId(f"webhook:{name}"), "webhook", name)


def change_members(work: Work, event: MembersChanged) -> bool:
    """Apply a callback's list of who came or left.

    Returns False when a callback before it was missed: the group has to be read anew.
    Source: developer.work.weixin.qq.com/document/path/92130
    """
    group = ensure(work, event.chat_id)
    for member_id in event.members:
        if event.change == "joined":
            join(work, event.chat_id, member_id, event.at, event.scene)
        else:
            leave(work, event.chat_id, member_id, event.at, event.scene)
    in_order = bool(event.members) and (not event.last_version or event.last_version == group.version)
    if in_order:
        group.version = event.version
    return in_order


def join(
    work: Work, chat_id: ChatId, member_id: str, at: datetime, scene: int, state: str = "", *, tell: bool = True
) -> None:
    """Somebody came; told again, or after something newer, it changes nothing. With `tell`, it is an event."""
    contact_id = _contact(work, member_id)
    if not rows.add_member(work.session, chat_id, member_id, contact_id, at, scene):
        member = rows.member(work.session, chat_id, member_id)
        assert member is not None
        if member.left_at is None or at <= member.changed_at:
            return
        member.joined_at, member.left_at, member.quit_scene, member.changed_at = at, None, None, at
        member.join_scene = scene
    if contact_id is not None and tell:
        event = MemberJoined(at=at, chat_id=chat_id, contact_id=contact_id, scene=scene, state=state)
        work.record(event, f"joined:{chat_id}:{member_id}:{int(at.timestamp())}")


def leave(work: Work, chat_id: ChatId, member_id: str, at: datetime, scene: int | None) -> None:
    """Somebody left (`scene` 0), was removed (1), or is found to be gone (None)."""
    member = rows.member(work.session, chat_id, member_id)
    if member is None:
        rows.add_member(work.session, chat_id, member_id, _contact(work, member_id), at, 0)
        member = rows.member(work.session, chat_id, member_id)
        assert member is not None
    elif member.left_at is not None or at < member.changed_at:
        return
    member.left_at, member.quit_scene, member.changed_at = at, scene, at
    if member.contact_id is not None:
        event = MemberLeft(at=at, chat_id=chat_id, contact_id=ContactId(member.contact_id), scene=scene or 0)
        work.record(event, f"left:{chat_id}:{member_id}:{int(at.timestamp())}")


def _contact(work: Work, member_id: str) -> ContactId | None:
    if not member_id.startswith(EXTERNAL):
        return None
    return contacts.id_of(contacts.ensure(work, ExternalUserId(member_id)))


def refresh(work: Work, answer: dict[str, Any]) -> None:
    """Take over what `externalcontact/groupchat/get` tells, finding who came or left unnoticed.

    Those who are there when a group is read for the first time have not just come: no event tells of them.
    Source: developer.work.weixin.qq.com/document/path/92122
    """
    told = answer.get("group_chat") or {}
    if not told.get("chat_id"):
        return
    group = ensure(work, ChatId(str(told["chat_id"])))
    group.name, group.owner = str(told.get("name", "")), told.get("owner")
    group.notice = str(told.get("notice", ""))
    group.admins = [str(admin["userid"]) for admin in told.get("admin_list", [])]
    group.created_at = _moment(work, told.get("create_time"))
    is_first = group.synced_at is None
    group.version, group.synced_at = str(told.get("member_version", "")), work.now
    _compare(work, ChatId(group.chat_id), told.get("member_list", []), tell=not is_first)


def _compare(work: Work, chat_id: ChatId, told: list[dict[str, Any]], *, tell: bool) -> None:
    here = {member.member_id: member for member in rows.members(work.session, chat_id)}
    for one in told:
        member_id = str(one["userid"])
        if member_id not in here:
            joined_at = _moment(work, one.get("join_time")) or work.now
            scene, state = int(one.get("join_scene", 0)), str(one.get("state", ""))
            join(work, chat_id, member_id, joined_at, scene, state, tell=tell)
        _describe(work, chat_id, one)
    for member_id in here.keys() - {str(one["userid"]) for one in told}:
        leave(work, chat_id, member_id, work.now, None)


def _describe(work: Work, chat_id: ChatId, told: dict[str, Any]) -> None:
    member: GroupMember | None = rows.member(work.session, chat_id, str(told["userid"]))
    if member is None:
        return
    member.nickname = str(told.get("group_nickname") or told.get("name") or "")
    member.state = str(told.get("state", ""))
    member.inviter = (told.get("invitor") or {}).get("userid")
    if member.contact_id is not None and told.get("name"):
        contact = contacts.get(work.session, ContactId(member.contact_id))
        contact.name = contact.name or str(told["name"])


def _moment(work: Work, seconds: object) -> datetime | None:
    return datetime.fromtimestamp(int(str(seconds)), work.now.tzinfo) if seconds else None


def owner_of(work: Work, chat_id: ChatId) -> UserId | None:
    group = rows.by_id(work.session, chat_id)
    return UserId(group.owner) if group and group.owner else None
