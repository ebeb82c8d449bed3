"""The corp's directory: taking over what WeCom tells of departments, staff and corp tags."""

from typing import Any

from bot.model.ids import DepartmentId
from bot.storage.queries import directory as rows
from bot.storage.work import Work


def take_departments(work: Work, answer: dict[str, Any]) -> list[DepartmentId]:
    """Keep `department/list`; returns the departments whose staff is to be read.

    Source: developer.work.weixin.qq.com/document/path/90208
    """
    told = answer.get("department") or []
    departments = [
        {
            "id": int(one["id"]),
            "name": str(one.get("name", "")),
            "parent_id": int(one.get("parentid") or 0),
            "leaders": [str(leader) for leader in one.get("department_leader") or []],
        }
        for one in told
    ]
    if departments:
        rows.keep_departments(work.session, departments)
    return [DepartmentId(int(one["id"])) for one in told]


def take_staff(work: Work, answer: dict[str, Any]) -> None:
    """Keep `user/list` of one department.

    Source: developer.work.weixin.qq.com/document/path/90201
    """
    rows.keep_staff(work.session, [_staff(work, one) for one in answer.get("userlist") or []])


def _staff(work: Work, told: dict[str, Any]) -> dict[str, Any]:
    departments = [int(one) for one in told.get("department") or []]
    flags = told.get("is_leader_in_dept") or []
    return {
        "user_id": str(told["userid"]),
        "name": str(told.get("name", "")),
        "departments": departments,
        "main_department": told.get("main_department") or next(iter(departments), None),
        "leads": [department for department, flag in zip(departments, flags, strict=False) if flag],
        "direct_leaders": [str(one) for one in told.get("direct_leader") or []],
        "position": str(told.get("position", "")),
        "status": int(told.get("status") or 1),
        "synced_at": work.now,
    }


def take_tags(work: Work, answer: dict[str, Any]) -> None:
    """Keep `externalcontact/get_corp_tag_list`; a tag's name here is `group/tag`.

    Source: developer.work.weixin.qq.com/document/path/92117
    """
    tags = [
        {
            "tag_id": str(tag["id"]),
            "group_id": str(group["group_id"]),
            "name": f"{group['group_name']}/{tag['name']}",
        }
        for group in answer.get("tag_group") or []
        if not group.get("deleted")
        for tag in group.get("tag") or []
        if not tag.get("deleted")
    ]
    if tags:
        rows.keep_tags(work.session, tags)
