"""App messages to staff: sending, recalling, updating cards.

Source: developer.work.weixin.qq.com/document/path/90236, 94867, 94888
"""

from datetime import timedelta
from typing import Any

from . import cards
from .app_content import read_app_content
from .corp import Staff
from .endpoint import Answer, Call, wecom
from .errors import Refused
from .platform import Platform
from .sent import SentMessage

RECALL_LIFE = timedelta(hours=24)
RESPONSE_CODE_LIFE = timedelta(hours=72)


@wecom.post("message/send")
def message_send(call: Call) -> Answer:
    """Some wrong recipients are named in the answer, only wrong ones are 81013, and too many vanish silently."""
    platform = call.platform
    check_agent(call)
    staff, bad_users, bad_parties = _recipients(call)
    kind, content = read_app_content(call)
    if not staff:
        raise Refused(81013)
    task_id = str(content.get("task_id", ""))
    if task_id and task_id in platform.task_ids:
        raise Refused(42014, "task_id is used already")
    platform.task_ids.add(task_id)
    sent = SentMessage(
        platform.ids.text(40), platform.config.agent_id, kind, platform.now(),
        task_id, str(content.get("card_type", "")),
    )  # fmt: skip
    platform.sent[sent.msgid] = sent
    for one in staff:
        if platform.limits.take_member(one.userid.lower(), platform.now()):
            shown: dict[str, object] = {"card": content} if kind == "template_card" else dict(content)
            copy = platform.show(one.userid, "app", "app", kind, shown)
            copy.msgid = sent.msgid
            sent.copies[one.userid.lower()] = copy
    answer: dict[str, Any] = {"msgid": sent.msgid}
    if bad_users:
        answer["invaliduser"] = "|".join(bad_users).lower()
    if bad_parties:
        answer["invalidparty"] = "|".join(bad_parties)
    if kind == "template_card" and cards.has_code(content):
        answer["response_code"] = new_response_code(platform, sent)
    return answer


@wecom.post("message/recall")
def message_recall(call: Call) -> Answer:
    sent = call.platform.sent.get(call.text("msgid"))
    if sent is None:
        raise Refused(40058, "invalid msgid")
    if call.platform.now() > sent.at + RECALL_LIFE:
        raise Refused(42052)
    sent.recalled = True
    for copy in sent.copies.values():
        copy.kind, copy.content = "recalled", {}
    return {}


@wecom.post("message/update_template_card")
def update_template_card(call: Call) -> Answer:
    """A response code works once within 72 h; the new look reaches the named members who hold the card."""
    platform = call.platform
    check_agent(call)
    code = call.text("response_code")
    task_id, _, issued_at = platform.response_codes.get(code, ("", "", platform.now()))
    sent = platform.sent.get(task_id)
    if sent is None or platform.now() > issued_at + RESPONSE_CODE_LIFE:
        raise Refused(60140)
    button, card = call.mapping("button"), call.mapping("template_card")
    if card:
        cards.check({"task_id": sent.task_id, **card})
    elif not button.get("replace_name"):
        raise Refused(40063)
    wanted, invalid = _holders(call, sent)
    del platform.response_codes[code]
    for userid in wanted:
        copy = sent.copies[userid]
        replaced = card.get("replace_text") if card else button["replace_name"]
        looks = {"task_id": sent.task_id, **card} if card else copy.content["card"]
        copy.content = {**copy.content, "card": looks, "replaced": replaced}
    return {"invaliduser": invalid}


def new_response_code(platform: Platform, sent: SentMessage, userid: str = "") -> str:
    code = platform.ids.text(64)
    platform.response_codes[code] = (sent.msgid, userid, platform.now())
    return code


def check_agent(call: Call) -> None:
    agent_id = call.body.get("agentid")
    if str(agent_id) != str(call.platform.config.agent_id):
        raise Refused(40056 if agent_id is None else 301002, "agentid not match")


def _recipients(call: Call) -> tuple[list[Staff], list[str], list[str]]:
    """The members reached, each once, and the userids and departments that do not exist."""
    users, parties, tags = (call.text(name) for name in ("touser", "toparty", "totag"))
    if not users and not parties and not tags:
        raise Refused(82001)
    corp = call.platform.corp
    if users == "@all":
        return list(corp.staff.values()), [], []
    found: dict[str, Staff] = {}
    bad_users, bad_parties = [], []
    names = [name for name in users.split("|") if name]
    if len(names) > 1000:
        raise Refused(40032)
    for name in names:
        staff = corp.find_staff(name)
        if staff is None:
            bad_users.append(name)
        else:
            found[staff.userid] = staff
    for party in [one for one in parties.split("|") if one]:
        if not party.isdigit() or int(party) not in corp.departments:
            bad_parties.append(party)
            continue
        below = {department.id for department in corp.subtree(int(party))}
        found.update({one.userid: one for one in corp.staff.values() if below & set(one.departments)})
    return list(found.values()), bad_users, bad_parties


def _holders(call: Call, sent: SentMessage) -> tuple[list[str], list[str]]:
    """Lower-case userids whose copy changes, and the named ones who have none."""
    if call.number("atall", 0, 0, 1):
        return list(sent.copies), []
    named = [userid.lower() for userid in call.texts("userids")]
    for party in call.items("partyids"):
        below = {department.id for department in call.platform.corp.subtree(int(party))}
        named += [one.userid.lower() for one in call.platform.corp.staff.values() if below & set(one.departments)]
    if not named:
        raise Refused(82001)
    return [one for one in named if one in sent.copies], [one for one in named if one not in sent.copies]
