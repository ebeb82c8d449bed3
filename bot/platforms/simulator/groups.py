"""Customer groups as the API shows them.

Source: developer.work.weixin.qq.com/document/path/92120, 92122
"""

from typing import Any

from .corp import Group, Member
from .endpoint import Answer, Call, wecom
from .errors import Refused
from .platform import Platform


@wecom.post("externalcontact/groupchat/list")
def groupchat_list(call: Call) -> Answer:
    if "limit" not in call.body:
        raise Refused(40058, "limit is required")
    limit = call.number("limit", 0, 1, 1000)
    status, owners = call.number("status_filter", 0, 0, 3), call.mapping("owner_filter").get("userid_list", [])
    if len(owners) > 100:
        raise Refused(40032)
    groups = [
        {"chat_id": group.chat_id, "status": 0}
        for group in call.platform.corp.groups.values()
        if group.kind == "customer" and not group.dismissed and (not owners or group.owner in owners) and status == 0
    ]
    page, cursor = call.page(groups, limit)
    return {"group_chat_list": page, **({"next_cursor": cursor} if cursor else {})}


@wecom.post("externalcontact/groupchat/get")
def groupchat_get(call: Call) -> Answer:
    """Internal groups are not customer groups (90501); a dismissed one is gone (49008)."""
    group = call.platform.corp.groups.get(call.text("chat_id"))
    if group is None:
        raise Refused(40050)
    if group.kind != "customer":
        raise Refused(90501, "chat is not external group chat")
    if group.dismissed:
        raise Refused(49008, "chat is dismissed")
    named = call.flag("need_name")
    return {
        "group_chat": {
            "chat_id": group.chat_id,
            "name": group.name,
            "owner": group.owner,
            "create_time": int(group.created_at.timestamp()),
            "notice": group.notice,
            "member_list": [_member(call.platform, group, member, named) for member in group.members],
            "admin_list": [{"userid": userid} for userid in group.admins],
            "member_version": group.version,
        }
    }


def _member(platform: Platform, group: Group, member: Member, named: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "userid": member.id,
        "type": 1 if member.is_staff else 2,
        "join_time": int(member.joined_at.timestamp()),
        "join_scene": member.scene,
        "group_nickname": "",
    }
    contact = platform.corp.contacts.get(member.id)
    if contact is not None and contact.unionid:
        shown["unionid"] = contact.unionid
    if member.invitor:
        shown["invitor"] = {"userid": member.invitor}
    if member.state:
        shown["state"] = member.state
    if named:
        shown["name"] = platform.name_of(member.id)
    return shown
