"""Corp tags, and putting them on contacts.

Source: developer.work.weixin.qq.com/document/path/92117, 92118
"""

from datetime import datetime
from typing import Any

from . import ids
from .corp import Corp, Tag, TagGroup
from .endpoint import Answer, Call, wecom
from .errors import Refused

_MOST_PER_CORP, _MOST_PER_PAIR, _LONGEST_NAME = 10_000, 3000, 30


@wecom.post("externalcontact/get_corp_tag_list")
def get_corp_tag_list(call: Call) -> Answer:
    """All groups, those of `group_id`, or the tags of `tag_id`; `group_id` wins."""
    corp = call.platform.corp
    tag_ids, group_ids = call.texts("tag_id"), call.texts("group_id")
    groups = [group for group in corp.tag_groups.values() if not group_ids or group.id in group_ids]
    shown = [_group(corp, group, [] if group_ids else tag_ids) for group in groups]
    return {"tag_group": [group for group in shown if group["tag"] or not tag_ids]}


@wecom.post("externalcontact/add_corp_tag")
def add_corp_tag(call: Call) -> Answer:
    """Add tags to a group, new or old; equal names in one request collapse."""
    corp, now = call.platform.corp, call.platform.now()
    wanted = {str(tag.get("name", "")): int(tag.get("order", 0)) for tag in call.items("tag")}
    if not wanted:
        raise Refused(40063)
    for name in [*wanted, call.text("group_name") or "-"]:
        _check_name(name)
    if len(corp.tags) + len(wanted) > _MOST_PER_CORP:
        raise Refused(40126)
    group = _find_group(corp, call.text("group_id"), call.text("group_name"))
    taken = {tag.name for tag in corp.tags.values() if group is not None and tag.group_id == group.id}
    if taken & set(wanted):
        raise Refused(40071)
    if group is None:
        group = add_group(corp, call.text("group_name"), now, call.number("order", 0, 0, 2**32 - 1))
    made = [add_tag(corp, group, name, now, order) for name, order in wanted.items()]
    return {"tag_group": {**_group(corp, group, [tag.id for tag in made])}}


@wecom.post("externalcontact/edit_corp_tag")
def edit_corp_tag(call: Call) -> Answer:
    corp, wanted = call.platform.corp, call.text("id")
    found: Tag | TagGroup | None = corp.tags.get(wanted) or corp.tag_groups.get(wanted)
    if found is None:
        raise Refused(40068)
    if name := call.text("name"):
        _check_name(name)
        rivals = (
            [tag for tag in corp.tags.values() if tag.group_id == found.group_id]
            if isinstance(found, Tag)
            else list(corp.tag_groups.values())
        )
        if any(rival.name == name and rival.id != wanted for rival in rivals):
            raise Refused(40071)
        found.name = name
    found.order = call.number("order", found.order, 0, 2**32 - 1)
    return {}


@wecom.post("externalcontact/del_corp_tag")
def del_corp_tag(call: Call) -> Answer:
    tag_ids, group_ids = call.texts("tag_id"), call.texts("group_id")
    if not tag_ids and not group_ids:
        raise Refused(40063)
    corp = call.platform.corp
    if any(one not in corp.tags for one in tag_ids) or any(one not in corp.tag_groups for one in group_ids):
        raise Refused(40068)
    for tag in [tag for tag in corp.tags.values() if tag.id in tag_ids or tag.group_id in group_ids]:
        delete_tag(corp, tag)
    return {}


@wecom.post("externalcontact/mark_tag")
def mark_tag(call: Call) -> Answer:
    """Tags of one staff member and one contact, who must have added each other; raises no callback."""
    corp = call.platform.corp
    staff = corp.known_staff(call.text("userid"))
    relation = corp.relation(staff.userid, call.text("external_userid"))
    added, removed = call.texts("add_tag"), call.texts("remove_tag")
    if not added and not removed:
        raise Refused(40063)
    if any(tag_id not in corp.tags for tag_id in (*added, *removed)):
        raise Refused(40068)
    kept = [tag_id for tag_id in dict.fromkeys([*relation.tags, *added]) if tag_id not in removed]
    if len(kept) > _MOST_PER_PAIR:
        raise Refused(40144)
    relation.tags = kept
    return {}


def add_group(corp: Corp, name: str, now: datetime, order: int = 0) -> TagGroup:
    if not name:
        raise Refused(40063)
    group = TagGroup(ids.tag_group_id(name), name, now, order)
    corp.tag_groups[group.id] = group
    return group


def add_tag(corp: Corp, group: TagGroup, name: str, now: datetime, order: int = 0) -> Tag:
    tag = Tag(ids.tag_id(group.name, name), name, group.id, now, order)
    corp.tags[tag.id] = tag
    return tag


def delete_tag(corp: Corp, tag: Tag) -> None:
    """A tag leaves every contact, and its group goes with the last one."""
    del corp.tags[tag.id]
    for relation in corp.relations.values():
        relation.tags = [one for one in relation.tags if one != tag.id]
    if not any(one.group_id == tag.group_id for one in corp.tags.values()):
        del corp.tag_groups[tag.group_id]


def find_group(corp: Corp, name: str) -> TagGroup | None:
    return next((group for group in corp.tag_groups.values() if group.name == name), None)


def _find_group(corp: Corp, group_id: str, name: str) -> TagGroup | None:
    if not group_id:
        return find_group(corp, name)
    if group_id not in corp.tag_groups:
        raise Refused(40068)
    return corp.tag_groups[group_id]


def _check_name(name: str) -> None:
    if not name or len(name) > _LONGEST_NAME:
        raise Refused(40058, "invalid tag name")


def _group(corp: Corp, group: TagGroup, only: list[str]) -> dict[str, Any]:
    tags = [tag for tag in corp.tags.values() if tag.group_id == group.id and (not only or tag.id in only)]
    return {
        "group_id": group.id,
        "group_name": group.name,
        "create_time": int(group.created_at.timestamp()),
        "order": group.order,
        "tag": [
            {"id": tag.id, "name": tag.name, "create_time": int(tag.created_at.timestamp()), "order": tag.order}
            for tag in sorted(tags, key=lambda tag: -tag.order)
        ],
    }
