"""External contacts and what staff noted about them.

Source: developer.work.weixin.qq.com/document/path/92571, 92113, 92114, 92994, 92115
"""

from typing import Any

from .corp import Contact, Relation
from .endpoint import Answer, Call, wecom
from .errors import Refused
from .platform import Platform


@wecom.get("externalcontact/get_follow_user_list")
def get_follow_user_list(call: Call) -> Answer:
    return {"follow_user": [staff.userid for staff in call.platform.corp.staff.values() if staff.can_follow]}


@wecom.get("externalcontact/list")
def contact_list(call: Call) -> Answer:
    """A staff member without contacts gives 84061, not an empty list."""
    staff = call.platform.corp.known_staff(call.query.get("userid"))
    relations = call.platform.corp.relations_of(staff.userid)
    if not relations:
        raise Refused(84061)
    return {"external_userid": [relation.external_userid for relation in relations]}


@wecom.get("externalcontact/get")
def contact_get(call: Call) -> Answer:
    corp = call.platform.corp
    contact = corp.contacts.get(call.query.get("external_userid", ""))
    if contact is None:
        raise Refused(40096)
    known = corp.relations_with(contact.external_userid)
    relations = [relation for relation in known if relation.relation in ("friend", "left")]
    if not relations:
        raise Refused(84061)
    return {
        "external_contact": profile(contact),
        "follow_user": [{**_noted(relation), "tags": _tags(call.platform, relation)} for relation in relations],
    }


@wecom.post("externalcontact/batch/get_by_user")
def batch_get_by_user(call: Call) -> Answer:
    userids = call.texts("userid_list")
    if not userids:
        raise Refused(40063)
    if len(userids) > 100:
        raise Refused(40032)
    corp = call.platform.corp
    relations = [relation for userid in userids for relation in corp.relations_of(corp.known_staff(userid).userid)]
    if not relations:
        raise Refused(84061)
    page, cursor = call.page(relations, call.number("limit", 50, 1, 100))
    return {
        "external_contact_list": [
            {
                "external_contact": profile(corp.contacts[relation.external_userid]),
                "follow_info": {**_noted(relation), "tag_id": list(relation.tags)},
            }
            for relation in page
        ],
        "next_cursor": cursor,
        "fail_info": {"unlicensed_userid_list": []},
    }


@wecom.post("externalcontact/remark")
def remark(call: Call) -> Answer:
    """At least one field; `remark_mobiles: [""]` clears the phones, other lists replace them."""
    staff = call.platform.corp.known_staff(call.text("userid"))
    relation = call.platform.corp.relation(staff.userid, call.text("external_userid"))
    fields = {"remark": 20, "description": 150, "remark_company": 20}
    if not any(name in call.body for name in (*fields, "remark_mobiles", "remark_pic_mediaid")):
        raise Refused(40063)
    for name, longest in fields.items():
        if len(call.text(name)) > longest:
            raise Refused(40058, f"{name} is too long")
    for name in fields:
        if name in call.body:
            setattr(relation, name, call.text(name))
    if "remark_mobiles" in call.body:
        relation.mobiles = [mobile for mobile in call.texts("remark_mobiles") if mobile]
    return {}


def profile(contact: Contact) -> dict[str, Any]:
    """The contact's own record; the unionid is there for WeChat users only."""
    shown: dict[str, Any] = {
        "external_userid": contact.external_userid,
        "name": contact.name,
        "type": contact.kind,
        "gender": contact.gender,
        "avatar": f"https://wx.qlogo.cn/mmhead/{contact.external_userid[-12:]}/0",
    }
    if contact.unionid and contact.kind == 1:
        shown["unionid"] = contact.unionid
    return shown


def _noted(relation: Relation) -> dict[str, Any]:
    noted: dict[str, Any] = {
        "userid": relation.userid,
        "remark": relation.remark,
        "description": relation.description,
        "createtime": int(relation.created_at.timestamp()),
        "remark_corp_name": relation.remark_company,
        "remark_mobiles": list(relation.mobiles),
        "oper_userid": relation.userid,
        "add_way": relation.add_way,
    }
    return {**noted, "state": relation.state} if relation.state else noted


def _tags(platform: Platform, relation: Relation) -> list[dict[str, Any]]:
    corp = platform.corp
    return [
        {
            "group_name": corp.tag_groups[corp.tags[tag_id].group_id].name,
            "tag_name": corp.tags[tag_id].name,
            "tag_id": tag_id,
            "type": 1,
        }
        for tag_id in relation.tags
        if tag_id in corp.tags
    ]
