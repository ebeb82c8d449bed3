"""The XML of WeCom's callbacks, each built where its shape is documented.

Source: developer.work.weixin.qq.com/document/path/92130, 90239, 90240
"""

from collections.abc import Mapping

from . import xml
from .corp import Group, Staff
from .deliver import Letter
from .platform import Platform
from .replies import PassiveReply, read_wecom


def external_contact(
    platform: Platform, change: str, userid: str, external_userid: str, *, repeat: int = 1, **fields: str
) -> None:
    """change_external_contact; fields with an empty value are left out."""
    given = {name: value for name, value in fields.items() if value}
    body = {"ChangeType": change, "UserID": userid, "ExternalUserID": external_userid, **given}
    _system(platform, "change_external_contact", change, body, repeat)


def external_chat(platform: Platform, change: str, group: Group, fields: Mapping[str, object]) -> None:
    """change_external_chat: create, update or dismiss."""
    body = {"ChatId": group.chat_id, "ChangeType": change, **fields}
    _system(platform, "change_external_chat", change, body)


def external_tag(platform: Platform, change: str, tag_id: str, kind: str) -> None:
    """change_external_tag, for changes that people make in the client."""
    _system(platform, "change_external_tag", change, {"Id": tag_id, "TagType": kind, "ChangeType": change})


def from_staff(platform: Platform, staff: Staff, what: str, fields: Mapping[str, object], repeat: int = 1) -> Letter:
    """A message or an event of the app; the HTTP answer may hold a passive reply."""
    plain = xml.render(
        {
            "ToUserName": platform.config.corp_id,
            "FromUserName": staff.userid,
            "CreateTime": platform.now_s(),
            **fields,
            "AgentID": platform.config.agent_id,
        }
    )

    def read(body: str) -> PassiveReply | None:
        reply = read_wecom(platform.config, staff.userid, body)
        if reply is not None:
            platform.show(staff.userid, "app", "app", reply.kind, reply.content)
        return reply

    letter = Letter("wecom", what, plain, agent_id=platform.config.agent_id, repeat=repeat, read=read)
    return platform.courier.post(letter)


def _system(platform: Platform, event: str, change: str, fields: Mapping[str, object], repeat: int = 1) -> None:
    plain = xml.render(
        {
            "ToUserName": platform.config.corp_id,
            "FromUserName": "sys",
            "CreateTime": platform.now_s(),
            "MsgType": "event",
            "Event": event,
            **fields,
        }
    )
    platform.courier.post(Letter("wecom", f"{event}.{change}", plain, repeat=repeat))
