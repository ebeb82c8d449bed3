"""Internal groups that the app itself makes.

Source: developer.work.weixin.qq.com/document/path/90244, 90245, 98913, 98914, 90248
"""

import re

from . import ids
from .app_content import read_app_content
from .corp import Group, Line, Member
from .endpoint import Answer, Call, wecom
from .errors import Refused

_CHAT_ID = re.compile(r"[0-9A-Za-z]{1,32}")


@wecom.post("appchat/create")
def appchat_create(call: Call) -> Answer:
    platform = call.platform
    members = list(dict.fromkeys(platform.corp.known_staff(one).userid for one in call.texts("userlist")))
    if not 2 <= len(members) <= 2000:
        raise Refused(86001, "invalid member count")
    chat_id = call.text("chatid") or ids.opaque("appchat", platform.ids.text(12), 32)
    if not _CHAT_ID.fullmatch(chat_id.replace("_", "")):
        raise Refused(86006, "invalid chatid")
    if chat_id in platform.corp.groups:
        raise Refused(86215)
    owner = platform.corp.known_staff(call.text("owner") or members[0]).userid
    now = platform.now()
    group = Group(chat_id, call.text("name") or "群聊", owner, "internal", now, platform.ids.hex(32), made_by_app=True)
    group.members = [Member(userid, True, now) for userid in members]
    platform.corp.groups[chat_id] = group
    return {"chatid": chat_id}


@wecom.post("appchat/update")
def appchat_update(call: Call) -> Answer:
    group, platform = _known(call, call.text("chatid")), call.platform
    added = [platform.corp.known_staff(one).userid for one in call.texts("add_user_list")]
    gone = {one.lower() for one in call.texts("del_user_list")}
    group.name = call.text("name") or group.name
    if call.text("owner"):
        group.owner = platform.corp.known_staff(call.text("owner")).userid
    group.members = [member for member in group.members if member.id.lower() not in gone]
    group.members += [Member(one, True, platform.now()) for one in added if group.find(one) is None]
    return {}


@wecom.get("appchat/get")
def appchat_get(call: Call) -> Answer:
    group = _known(call, call.query.get("chatid", ""))
    return {
        "chat_info": {
            "chatid": group.chat_id,
            "name": group.name,
            "owner": group.owner,
            "userlist": [member.id for member in group.members],
            "chat_type": 0,
        }
    }


@wecom.post("appchat/send")
def appchat_send(call: Call) -> Answer:
    group = _known(call, call.text("chatid"))
    kinds = ("text", "image", "voice", "video", "file", "textcard", "news", "mpnews", "markdown")
    kind, content = read_app_content(call, kinds)
    group.lines.append(Line(call.platform.now(), "app", kind, content))
    return {}


def _known(call: Call, chat_id: str) -> Group:
    group = call.platform.corp.groups.get(chat_id)
    if group is None:
        raise Refused(40050)
    if not group.made_by_app:
        raise Refused(86008)
    return group
