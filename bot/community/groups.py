"""Customer groups: what they are, who is in them, and whether our picture is the newest."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.community import contacts
from bot.model.events import GroupChange, GroupChanged, MemberJoined, MemberLeft, MembersChanged
from bot.model.ids import ChatId, ContactId, ExternalUserId, UserId
from bot.model.tables import CustomerGroup, GroupMember
from bot.storage.queries import groups as rows
from bot.storage.work import Work

LAG = timedelta(seconds=10)
"""How long a group's details may lag behind a callback: who came a moment ago is not missed yet."""
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


def parts(event: MembersChanged, size: int) -> Iterator[MembersChanged]:
    """The same change in smaller ones; only with the last of them is the group as new as the callback."""
    for first in range(0, len(event.members), size):
        is_last = first + size >= len(event.members)
        version = event.version if is_last else event.last_version
        yield replace(event, members=event.members[first : first + size], version=version)


def change_members(work: Work, event: MembersChanged) -> bool:
    """Apply a callback's list of who came or left.

    Returns False when a callback before it was missed: the group has to be read anew.
    Source: developer.work.weixin.qq.com/document/path/92130
    """
    group = ensure(work, event.chat_id)
    in_order = bool(event.members) and (not event.last_version or event.last_version == group.version)
    for member_id in event.members:
        if event.change == "joined":
            join(work, event.chat_id, member_id, event.at, event.scene, newest=in_order)
        else:
            leave(work, event.chat_id, member_id, event.at, event.scene)
    group.version = event.version if in_order else ""  # told late, it may undo what a reading of that version found
    return in_order


def change(work: Work, event: GroupChanged) -> CustomerGroup:
    """Note that something about a group changed; `is_newest` says afterwards whether it is news."""
    group = ensure(work, event.chat_id)
    if event.at.isoformat() >= group.changes.get(event.change, ""):
        group.changes = {**group.changes, event.change: event.at.isoformat()}
    if event.change == "dismiss":
        group.dismissed_at = group.dismissed_at or event.at
    return group


def is_newest(work: Work, event: GroupChanged) -> bool:
    """Whether nothing of the same kind is known that came after."""
    group = rows.by_id(work.session, event.chat_id)
    return group is None or event.at.isoformat() >= group.changes.get(event.change, "")


def join(
    work: Work,
    chat_id: ChatId,
    member_id: str,
    at: datetime,
    scene: int,
    state: str = "",
    *,
    tell: bool = True,
    found: bool = False,
    newest: bool = False,
) -> None:
    """Somebody came; told again, or after something newer, it changes nothing. With `tell`, it is an event.

    Whoever left and came back within a second did so at the same time; `newest` says that the coming was the last.
    """
    contact_id = _contact(work, member_id)
    if not rows.add_member(work.session, chat_id, member_id, contact_id, at, scene):
        member = rows.member(work.session, chat_id, member_id)
        assert member is not None
        if member.left_at is None:
            member.changed_at = max(member.changed_at, at)  # so that their leaving before that, told late, is old news
            return
        if at < member.changed_at or (at == member.changed_at and not newest):
            return
        member.joined_at, member.left_at, member.quit_scene, member.changed_at = at, None, None, at
        member.join_scene = scene
    if contact_id is not None and tell:
        event = MemberJoined(at=at, chat_id=chat_id, contact_id=contact_id, scene=scene, state=state, found=found)
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
        contact_id, found = ContactId(member.contact_id), scene is None
        event = MemberLeft(at=at, chat_id=chat_id, contact_id=contact_id, scene=scene or 0, found=found)
        work.record(event, f"left:{chat_id}:{member_id}:{int(at.timestamp())}")


def _contact(work: Work, member_id: str) -> ContactId | None:
    if not member_id.startswith(EXTERNAL):
        return None
    return contacts.id_of(contacts.ensure(work, ExternalUserId(member_id)))


def refresh(work: Work, answer: dict[str, Any], since: datetime | None = None) -> list[GroupChanged]:
    """Take over what `externalcontact/groupchat/get` tells, finding who came or left unnoticed.

    Those who are there when a group is read for the first time have not just come: no event tells of them. Members are
    compared when their version is another. Returns what changed about the group since `since` that nobody told of.
    Source: developer.work.weixin.qq.com/document/path/92122
    """
    told = answer.get("group_chat") or {}
    if not told.get("chat_id"):
        return []
    group = ensure(work, ChatId(str(told["chat_id"])))
    is_first, before = group.synced_at is None, (group.name, group.owner, group.notice)
    group.name, group.owner = str(told.get("name", "")), told.get("owner")
    group.notice = str(told.get("notice", ""))
    group.admins = [str(admin["userid"]) for admin in told.get("admin_list", [])]
    group.created_at = _moment(work, told.get("create_time"))
    group.synced_at = work.now
    version, members = str(told.get("member_version", "")), told.get("member_list", [])
    if is_first or not version or version != group.version:
        is_whole = _compare(work, ChatId(group.chat_id), members, tell=not is_first)
        group.version = version if is_whole else ""
    else:
        _describe_newcomers(work, ChatId(group.chat_id), members)
    return [] if since is None else _unnoticed(work, group, since, before, is_first=is_first)


def _unnoticed(
    work: Work, group: CustomerGroup, since: datetime, before: tuple[str, str | None, str], *, is_first: bool
) -> list[GroupChanged]:
    changes: list[tuple[GroupChange, datetime]] = []
    if is_first and group.created_at is not None and group.created_at >= since:
        changes.append(("create", group.created_at))
    elif not is_first:
        now = (group.name, group.owner, group.notice)
        kinds: tuple[GroupChange, ...] = ("name", "owner", "notice")
        changes += [(kind, work.now) for kind, old, new in zip(kinds, before, now, strict=True) if old != new]
    told_since = (work.now - LAG).isoformat()
    return [
        GroupChanged(at=at, chat_id=ChatId(group.chat_id), change=kind, found=True)
        for kind, at in changes
        if group.changes.get(kind, "") < (at.isoformat() if kind == "create" else told_since)
    ]


def _compare(work: Work, chat_id: ChatId, told: list[dict[str, Any]], *, tell: bool) -> bool:
    """Find who came and who left; False when something is so fresh that the details may not show it yet."""
    here = {member.member_id: member for member in rows.members(work.session, chat_id)}
    fresh_since, is_whole = work.now - LAG, True
    for one in told:
        if str(one["userid"]) not in here:
            is_whole &= _find_here(work, chat_id, one, fresh_since, tell=tell)
        _describe(work, chat_id, one)
    for member_id in sorted(here.keys() - {str(one["userid"]) for one in told}):
        if here[member_id].changed_at > fresh_since:
            is_whole = False
        else:
            leave(work, chat_id, member_id, work.now, None)
    return is_whole


def _find_here(work: Work, chat_id: ChatId, one: dict[str, Any], fresh_since: datetime, *, tell: bool) -> bool:
    """Somebody is shown whom we thought away; False when they left a moment ago, and may be shown out of date."""
    member_id, joined_at = str(one["userid"]), _moment(work, one.get("join_time")) or work.now
    known = rows.member(work.session, chat_id, member_id)
    if known is not None and joined_at < known.changed_at:
        if known.changed_at > fresh_since:
            return False
        joined_at = known.changed_at
    scene, state = int(one.get("join_scene", 0)), str(one.get("state", ""))
    join(work, chat_id, member_id, joined_at, scene, state, tell=tell, found=True, newest=True)
    return True


def _describe_newcomers(work: Work, chat_id: ChatId, told: list[dict[str, Any]]) -> None:
    """Their callback has told that they came, and nothing else of them."""
    unnamed = {member.member_id for member in rows.members(work.session, chat_id) if not member.nickname}
    for one in told:
        if str(one["userid"]) in unnamed:
            _describe(work, chat_id, one)


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
