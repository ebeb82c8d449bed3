"""Mass sends of steps: nothing has reached a contact before the staff member's tap, and no callback tells of it.

So WeCom is asked, some time after the task was made and a few times more; what it says is written on the step.
Source: developer.work.weixin.qq.com/document/path/93338
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bot.model.calls import Call
from bot.model.events import CallFinished
from bot.sop import followups
from bot.storage.ledger.timers import Timer
from bot.storage.queries import sops as rows
from bot.storage.work import Work

CREATE = "externalcontact/add_msg_template"
RESULT = "externalcontact/get_groupmsg_send_result"
LOOKS = (timedelta(minutes=30), timedelta(hours=2), timedelta(hours=12), timedelta(days=1), timedelta(days=2))
"""How long each look waits after the one before it."""
ARRIVED, NOT_A_FRIEND, OVER_CAP = 1, 2, 3
REASONS = {NOT_A_FRIEND: "not a friend any more", OVER_CAP: "over the contact's monthly cap"}
MOST = 1000


def watch(work: Work, event: CallFinished) -> None:
    """A task for one staff member's contacts has been made: look later what became of it."""
    sent_by_step = event.endpoint == CREATE and event.outcome == "sent" and event.body.get("chat_type") == "single"
    if sent_by_step and event.answer.get("msgid"):
        about = {"msgid": event.answer["msgid"], "sender": event.body.get("sender", ""), "look": 0}
        steps = event.note.get("steps", [])
        for run_id, position in steps:
            detail = {"msgid": event.answer["msgid"]}
            rows.conclude_step(work.session, int(run_id), str(position), "sent", "sent", detail)
        _look_later(work, {**about, "steps": steps})
    elif event.endpoint == RESULT and "confirms" in event.note:
        _told(work, event, event.note["confirms"])


def _look_later(work: Work, about: Mapping[str, Any]) -> None:
    if about["look"] < len(LOOKS):
        key = f"{followups.CONFIRMED}:{about['msgid']}:{about['sender']}:{about['look']}"
        due_at = work.now + LOOKS[about["look"]]
        work.set_timer(Timer(followups.CONFIRMED, key, due_at, f"mass:{about['msgid']}", dict(about)))


def ask(work: Work, about: Mapping[str, Any]) -> None:
    """It is time to look."""
    body = {"msgid": about["msgid"], "userid": about["sender"], "limit": MOST}
    key = f"{followups.CONFIRMED}:{about['msgid']}:{about['sender']}:{about['look']}"
    note = {"steps": [], "confirms": dict(about)}
    work.plan(Call(RESULT, body, key=key, subject=f"mass:{about['msgid']}", follow=True, note=note))


def _told(work: Work, event: CallFinished, about: Mapping[str, Any]) -> None:
    """The tap of one staff member sends to all at once: as soon as one contact has it, all have been tried."""
    answered = {str(one.get("external_userid")): one.get("status") for one in event.answer.get("send_list") or []}
    if event.outcome != "sent" or not any(answered.values()):
        _look_later(work, {**about, "look": about["look"] + 1})
        return
    for run_id, position in about["steps"]:
        status = answered.get(rows.external_user_of(work.session, int(run_id)) or "")
        _write(work, int(run_id), str(position), status)


def _write(work: Work, run_id: int, position: str, status: object) -> None:
    if status == ARRIVED:
        detail = {"confirmed_at": work.now.isoformat()}
        rows.conclude_step(work.session, run_id, position, "sent", "sent", detail)
    elif status in (NOT_A_FRIEND, OVER_CAP):
        rows.conclude_step(work.session, run_id, position, "sent", "failed", {"reason": REASONS[int(str(status))]})
