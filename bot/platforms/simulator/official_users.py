"""Followers of the official account and their tags.

Source: developers.weixin.qq.com/doc/service (user and tag management)
"""

from .endpoint import Answer, Call, official
from .errors import Refused
from .official import Follower, OfficialTag
from .official_access import verified

_PAGE = 10_000


@official.get("user/info")
@verified
def user_info(call: Call) -> Answer:
    """No name and no picture; of somebody who left, only that they left."""
    follower = call.platform.official.follower(call.query.get("openid", ""))
    if not follower.subscribed:
        return {"subscribe": 0, "openid": follower.openid}
    return {
        "subscribe": 1,
        "openid": follower.openid,
        "language": "zh_CN",
        "subscribe_time": int(follower.subscribed_at.timestamp()),
        "unionid": follower.unionid,
        "remark": follower.remark,
        "groupid": follower.tags[0] if follower.tags else 0,
        "tagid_list": list(follower.tags),
        "subscribe_scene": "ADD_SCENE_QR_CODE" if follower.scene else "ADD_SCENE_SEARCH",
        "qr_scene": follower.scene_id,
        "qr_scene_str": "" if follower.scene_id else follower.scene,
    }


@official.get("user/get")
@verified
def user_get(call: Call) -> Answer:
    """Followers after `next_openid`; the last page still names a next one, the empty page after it does not."""
    openids = [one.openid for one in call.platform.official.followers.values() if one.subscribed]
    after = call.query.get("next_openid", "")
    if after and after not in openids:
        raise Refused(40003)
    page = openids[openids.index(after) + 1 if after else 0 :][:_PAGE]
    if not page:
        return {"total": len(openids), "count": 0, "next_openid": ""}
    return {"total": len(openids), "count": len(page), "data": {"openid": page}, "next_openid": page[-1]}


@official.post("user/info/updateremark")
@verified
def update_remark(call: Call) -> Answer:
    call.platform.official.follower(call.text("openid")).remark = call.text("remark")
    return {}


@official.post("tags/create")
@verified
def tags_create(call: Call) -> Answer:
    account, name = call.platform.official, _name(call)
    if len(account.tags) >= 100:
        raise Refused(45056)
    if any(tag.name == name for tag in account.tags.values()):
        raise Refused(45157)
    tag = OfficialTag(account.next_tag_id, name)
    account.tags[tag.id] = tag
    account.next_tag_id += 1
    return {"tag": {"id": tag.id, "name": tag.name}}


@official.get("tags/get")
@verified
def tags_get(call: Call) -> Answer:
    account = call.platform.official
    return {
        "tags": [
            {
                "id": tag.id,
                "name": tag.name,
                "count": sum(tag.id in one.tags for one in account.followers.values()),
            }
            for tag in account.tags.values()
        ]
    }


@official.post("tags/update")
@verified
def tags_update(call: Call) -> Answer:
    call.platform.official.tag(_id(call)).name = _name(call)
    return {}


@official.post("tags/delete")
@verified
def tags_delete(call: Call) -> Answer:
    account, tag = call.platform.official, call.platform.official.tag(_id(call))
    del account.tags[tag.id]
    for follower in account.followers.values():
        follower.tags = [one for one in follower.tags if one != tag.id]
    return {}


@official.post("tags/members/batchtagging")
@verified
def batchtagging(call: Call) -> Answer:
    tag_id, followers = _members(call)
    for follower in followers:
        if not follower.subscribed:
            raise Refused(50005)
        if tag_id not in follower.tags and len(follower.tags) >= 20:
            raise Refused(45059)
    for follower in followers:
        follower.tags = list(dict.fromkeys([*follower.tags, tag_id]))
    return {}


@official.post("tags/members/batchuntagging")
@verified
def batchuntagging(call: Call) -> Answer:
    tag_id, followers = _members(call)
    for follower in followers:
        follower.tags = [one for one in follower.tags if one != tag_id]
    return {}


@official.post("tags/getidlist")
@verified
def tags_getidlist(call: Call) -> Answer:
    return {"tagid_list": list(call.platform.official.follower(call.text("openid")).tags)}


def _members(call: Call) -> tuple[int, list[Follower]]:
    openids = call.texts("openid_list")
    if not openids or len(openids) > 50:
        raise Refused(40032)
    tag_id = call.platform.official.tag(call.number("tagid", -1, -1, 2**31)).id
    return tag_id, [call.platform.official.follower(openid) for openid in openids]


def _id(call: Call) -> int:
    tag_id = call.mapping("tag").get("id")
    if not isinstance(tag_id, int):
        raise Refused(45159)
    if tag_id in (0, 1, 2):
        raise Refused(45058)
    return tag_id


def _name(call: Call) -> str:
    name = call.mapping("tag").get("name")
    if not isinstance(name, str) or not name:
        raise Refused(45157)
    if len(name) > 30:
        raise Refused(45158)
    return name
