"""Members and departments, as the contacts API shows them.

Source: developer.work.weixin.qq.com/document/path/90196, 90200, 90201, 96067, 90208, 95350, 95351
"""

from typing import Any

from .corp import Department, Staff
from .endpoint import Answer, Call, wecom
from .errors import Refused


@wecom.get("user/get", "app", "contact")
def user_get(call: Call) -> Answer:
    return full(call.platform.corp.known_staff(call.query.get("userid")))


@wecom.get("user/simplelist", "app", "contact")
def user_simplelist(call: Call) -> Answer:
    return {
        "userlist": [
            {"userid": staff.userid, "name": staff.name, "department": staff.departments} for staff in _in(call)
        ]
    }


@wecom.get("user/list", "app", "contact")
def user_list(call: Call) -> Answer:
    return {"userlist": [full(staff) for staff in _in(call)]}


@wecom.post("user/list_id", "contact")
def user_list_id(call: Call) -> Answer:
    """Only with the secret of the contacts sync; every pair of member and department is a row."""
    pairs = [
        {"userid": staff.userid, "department": department}
        for staff in call.platform.corp.staff.values()
        for department in staff.departments
    ]
    page, cursor = call.page(pairs, call.number("limit", 10_000, 1, 10_000))
    return {"dept_user": page, "next_cursor": cursor}


@wecom.get("department/list", "app", "contact")
def department_list(call: Call) -> Answer:
    return {"department": [_department(one) for one in _subtree(call)]}


@wecom.get("department/simplelist", "app", "contact")
def department_simplelist(call: Call) -> Answer:
    return {
        "department_id": [
            {"id": one.id, "parentid": one.parent_id, "order": 100_000_000 - one.id} for one in _subtree(call)
        ]
    }


@wecom.get("department/get", "app", "contact")
def department_get(call: Call) -> Answer:
    return {"department": _department(call.platform.corp.subtree(_number(call, "id"))[0])}


def full(staff: Staff) -> dict[str, Any]:
    """A member's record; what a new app may not see without consent (phone, mail, avatar) is absent."""
    return {
        "userid": staff.userid,
        "name": staff.name,
        "department": staff.departments,
        "order": [0] * len(staff.departments),
        "position": staff.position,
        "status": 1,
        "isleader": int(bool(staff.leads)),
        "is_leader_in_dept": [int(one in staff.leads) for one in staff.departments],
        "direct_leader": [staff.direct_leader] if staff.direct_leader else [],
        "main_department": staff.departments[0],
        "alias": "",
        "telephone": "",
        "extattr": {"attrs": []},
        "open_userid": "",
    }


def _department(one: Department) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "name_en": "",
        "department_leader": one.leaders,
        "parentid": one.parent_id,
        "order": 100_000_000 - one.id,
    }


def _in(call: Call) -> list[Staff]:
    """Members of the department itself, not of those below."""
    department = call.platform.corp.subtree(_number(call, "department_id"))[0]
    return [staff for staff in call.platform.corp.staff.values() if department.id in staff.departments]


def _subtree(call: Call) -> list[Department]:
    return call.platform.corp.subtree(_number(call, "id") if call.query.get("id") else 1)


def _number(call: Call, name: str) -> int:
    value = call.query.get(name, "")
    if not value.isdigit():
        raise Refused(60123)
    return int(value)
