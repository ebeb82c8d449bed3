"""Mass sends by API: they make tasks, and only a person's tap sends anything.

Source: developer.work.weixin.qq.com/document/path/92135, 97610, 97611, 93338
"""

from datetime import timedelta
from typing import Any

from .attachments import read_content
from .corp import Corp
from .endpoint import Answer, Call, wecom
from .errors import Refused
from .mass import WAITING, MassSend, Part

DISPATCHING = timedelta(seconds=3)
_DAY = timedelta(hours=24)


@wecom.post("externalcontact/add_msg_template")
def add_msg_template(call: Call) -> Answer:
    """Who is asked to send what; `fail_list` names the targets that nobody can reach."""
    platform = call.platform
    read_content(call)
    kind = call.text("chat_type", "single")
    if kind == "group":
        parts, failed = _group_parts(call), [one for one in call.texts("chat_id_list") if not _is_open(call, one)]
    elif kind == "single":
        parts, failed = _single_parts(call)
    else:
        raise Refused(40058, "invalid chat_type")
    if not any(parts.values()):
        raise Refused(41048, fail_list=failed)
    msgid = "msg" + platform.ids.text(29)
    content: dict[str, object] = {name: call.body[name] for name in ("text", "attachments") if name in call.body}
    platform.mass_sends[msgid] = MassSend(
        msgid,
        "group" if kind == "group" else "single",
        platform.now(),
        content,
        {userid: Part(userid, dict.fromkeys(targets, WAITING)) for userid, targets in parts.items() if targets},
        call.flag("allow_select"),
    )
    return {"fail_list": failed, "msgid": msgid}


@wecom.post("externalcontact/remind_groupmsg_send")
def remind_groupmsg_send(call: Call) -> Answer:
    mass_send, now = _known(call), call.platform.now()
    recent = [at for at in mass_send.reminded_at if at > now - _DAY]
    if mass_send.cancelled:
        raise Refused(41093)
    if len(recent) >= 3:
        raise Refused(41094)
    mass_send.reminded_at = [*recent, now]
    return {}


@wecom.post("externalcontact/cancel_groupmsg_send")
def cancel_groupmsg_send(call: Call) -> Answer:
    """Stops what has not been sent; what has been sent stays."""
    mass_send = _known(call)
    if mass_send.cancelled:
        raise Refused(41093)
    mass_send.cancelled = True
    return {}


@wecom.post("externalcontact/get_groupmsg_list_v2")
def get_groupmsg_list_v2(call: Call) -> Answer:
    kind, start, end = (
        call.text("chat_type"),
        call.number("start_time", 0, 0, 2**40),
        call.number("end_time", 0, 0, 2**40),
    )
    if not kind or end < start or end - start > 31 * 86400:
        raise Refused(41052, "invalid time range")
    found = [
        {
            "msgid": one.msgid,
            "create_time": str(int(one.created_at.timestamp())),
            "create_type": 0,
            **one.content,
        }
        for one in call.platform.mass_sends.values()
        if one.kind == kind and start <= one.created_at.timestamp() <= end
    ]
    page, cursor = call.page(found, call.number("limit", 50, 1, 100))
    return {"group_msg_list": page, "next_cursor": cursor}


@wecom.post("externalcontact/get_groupmsg_task")
def get_groupmsg_task(call: Call) -> Answer:
    rows = [_task_row(part) for part in _ready(call).parts.values()]
    page, cursor = call.page(rows, call.number("limit", 500, 1, 1000))
    return {"task_list": page, "next_cursor": cursor}


@wecom.post("externalcontact/get_groupmsg_send_result")
def get_groupmsg_send_result(call: Call) -> Answer:
    """One row per target; rows of a group task that are not sent yet are left out."""
    mass_send = _ready(call)
    part = mass_send.parts.get(call.platform.corp.known_staff(call.text("userid")).userid)
    name = "chat_id" if mass_send.kind == "group" else "external_userid"
    rows = []
    for target, status in ({} if part is None else part.targets).items():
        if mass_send.kind == "group" and status == WAITING:
            continue
        row: dict[str, Any] = {name: target, "userid": call.text("userid"), "status": status}
        if part is not None and part.sent_at is not None and status != WAITING:
            row["send_time"] = int(part.sent_at.timestamp())
        rows.append(row)
    page, cursor = call.page(rows, call.number("limit", 500, 1, 1000))
    return {"send_list": page, "next_cursor": cursor}


def _task_row(part: Part) -> dict[str, Any]:
    if part.sent_at is None:
        return {"userid": part.userid, "status": 0}
    return {"userid": part.userid, "status": 2, "send_time": int(part.sent_at.timestamp())}


def _known(call: Call) -> MassSend:
    found = call.platform.mass_sends.get(call.text("msgid"))
    if found is None:
        raise Refused(41047)
    return found


def _ready(call: Call) -> MassSend:
    """In its first seconds a task is still being dispatched (41063)."""
    found = _known(call)
    if call.platform.now() < found.created_at + DISPATCHING:
        raise Refused(41063)
    return found


def _is_open(call: Call, chat_id: str) -> bool:
    group = call.platform.corp.groups.get(chat_id)
    return group is not None and group.kind == "customer" and not group.dismissed


def _group_parts(call: Call) -> dict[str, list[str]]:
    """The groups that the sender owns: those of the list, or all of them."""
    if not call.text("sender"):
        raise Refused(40063, "sender is required for groups")
    sender = call.platform.corp.known_staff(call.text("sender")).userid
    wanted = call.texts("chat_id_list")
    if len(wanted) > 2000:
        raise Refused(40032)
    owned = [
        group.chat_id
        for group in call.platform.corp.groups.values()
        if group.owner == sender and _is_open(call, group.chat_id)
    ]
    return {sender: [chat_id for chat_id in owned if not wanted or chat_id in wanted]}


def _single_parts(call: Call) -> tuple[dict[str, list[str]], list[str]]:
    """Each contact goes to one staff member: the sender, or the one who was added last."""
    corp, wanted = call.platform.corp, call.texts("external_userid")
    sender = corp.known_staff(call.text("sender")).userid if call.text("sender") else None
    groups = call.mapping("tag_filter").get("group_list", [])
    if not wanted and not groups and sender is None:
        raise Refused(40063)
    if len(wanted) > 10_000:
        raise Refused(40032)
    targets = wanted or [one for one in corp.contacts if _tagged(corp, one, groups)]
    parts: dict[str, list[str]] = {}
    failed = []
    for external_userid in targets:
        relations = [
            one
            for one in corp.relations_with(external_userid)
            if one.relation == "friend" and sender in (None, one.userid)
        ]
        if relations:
            newest = max(relations, key=lambda relation: relation.created_at)
            parts.setdefault(newest.userid, []).append(external_userid)
        elif wanted:
            failed.append(external_userid)
    return parts, failed


def _tagged(corp: Corp, external_userid: str, groups: list[dict[str, list[str]]]) -> bool:
    """Any tag within a list, every list."""
    carried = {tag for one in corp.relations_with(external_userid) for tag in one.tags}
    return all(carried & set(group.get("tag_list", [])) for group in groups)
