"""Live codes: contact ways that add staff, and join ways that let people into a group.

Source: developer.work.weixin.qq.com/document/path/92228, 92229
"""

from typing import Any

from .corp import ContactWay, JoinWay
from .endpoint import Answer, Call, wecom
from .errors import Refused
from .platform import Platform


def make_way(
    platform: Platform, state: str, staff: list[str], *, kind: int = 2, scene: int = 2, remark: str = "",
    skip_verify: bool = True,
) -> ContactWay:  # fmt: skip
    config_id = platform.ids.hex(32)
    way = ContactWay(config_id, state, staff, platform.now(), skip_verify, remark, kind, scene)
    platform.corp.contact_ways[config_id] = way
    platform.bell.ring()
    return way


@wecom.post("externalcontact/add_contact_way")
def add_contact_way(call: Call) -> Answer:
    kind, scene = call.number("type", 0, 1, 2), call.number("scene", 0, 1, 2)
    staff = _staff(call)
    if kind == 1 and len(staff) != 1:
        raise Refused(40058, "a single contact way has one user")
    way = make_way(
        call.platform, _state(call), staff, kind=kind, scene=scene, remark=_remark(call),
        skip_verify=call.flag("skip_verify", True),
    )  # fmt: skip
    return {"config_id": way.config_id, **({"qr_code": way.qr_code} if scene == 2 else {})}


@wecom.post("externalcontact/get_contact_way")
def get_contact_way(call: Call) -> Answer:
    return {"contact_way": _shown(_known(call))}


@wecom.post("externalcontact/list_contact_way")
def list_contact_way(call: Call) -> Answer:
    start, end = call.number("start_time", 0, 0, 2**40), call.number("end_time", 2**40, 0, 2**40)
    ways = [
        {"config_id": way.config_id}
        for way in call.platform.corp.contact_ways.values()
        if start <= way.created_at.timestamp() <= end
    ]
    page, cursor = call.page(ways, call.number("limit", 100, 1, 1000))
    return {"contact_way": page, "next_cursor": cursor}


@wecom.post("externalcontact/update_contact_way")
def update_contact_way(call: Call) -> Answer:
    way = _known(call)
    if "user" in call.body:
        way.staff = _staff(call)
    way.state = _state(call) if "state" in call.body else way.state
    way.remark = _remark(call) if "remark" in call.body else way.remark
    way.skip_verify = call.flag("skip_verify", way.skip_verify)
    return {}


@wecom.post("externalcontact/del_contact_way")
def del_contact_way(call: Call) -> Answer:
    del call.platform.corp.contact_ways[_known(call).config_id]
    return {}


@wecom.post("externalcontact/groupchat/add_join_way")
def add_join_way(call: Call) -> Answer:
    config_id = call.platform.ids.hex(32)
    call.platform.corp.join_ways[config_id] = JoinWay(config_id, _chats(call), _state(call), dict(call.body))
    return {"config_id": config_id}


@wecom.post("externalcontact/groupchat/get_join_way")
def get_join_way(call: Call) -> Answer:
    way = _known_join(call)
    qr_code = f"https://p.qpic.cn/wwhead/{way.config_id}/0"
    return {"join_way": {**way.content, "config_id": way.config_id, "qr_code": qr_code}}


@wecom.post("externalcontact/groupchat/update_join_way")
def update_join_way(call: Call) -> Answer:
    """Replaces everything, fields that are absent too."""
    way = _known_join(call)
    way.chat_ids, way.state, way.content = _chats(call), _state(call), dict(call.body)
    return {}


@wecom.post("externalcontact/groupchat/del_join_way")
def del_join_way(call: Call) -> Answer:
    del call.platform.corp.join_ways[_known_join(call).config_id]
    return {}


def _known(call: Call) -> ContactWay:
    found = call.platform.corp.contact_ways.get(call.text("config_id"))
    if found is None:
        raise Refused(41044)
    return found


def _known_join(call: Call) -> JoinWay:
    found = call.platform.corp.join_ways.get(call.text("config_id"))
    if found is None:
        raise Refused(41044)
    return found


def _staff(call: Call) -> list[str]:
    users = call.texts("user")
    if len(users) > 100:
        raise Refused(41041)
    if not users and not call.items("party"):
        raise Refused(40063)
    return [call.platform.corp.known_staff(userid).userid for userid in users]


def _chats(call: Call) -> list[str]:
    chat_ids = call.texts("chat_id_list")
    if len(chat_ids) > 5:
        raise Refused(41091)
    if any(chat_id not in call.platform.corp.groups for chat_id in chat_ids):
        raise Refused(40050)
    return chat_ids


def _state(call: Call) -> str:
    return _short(call.text("state"), "state")


def _remark(call: Call) -> str:
    return _short(call.text("remark"), "remark")


def _short(text: str, name: str) -> str:
    if len(text) > 30:
        raise Refused(40058, f"{name} is too long")
    return text


def _shown(way: ContactWay) -> dict[str, Any]:
    return {
        "config_id": way.config_id,
        "type": way.kind,
        "scene": way.scene,
        "remark": way.remark,
        "skip_verify": way.skip_verify,
        "state": way.state,
        "qr_code": way.qr_code,
        "user": way.staff,
        "party": [],
        "is_temp": False,
    }
