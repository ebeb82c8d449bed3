"""Mass sends: tasks that a staff member confirms by a tap. Prepared on time, reminded, looked after, escalated.

Nothing reaches a group before its owner's tap, and no callback tells of it: we have to ask.
Source: developer.work.weixin.qq.com/document/path/92135, 97610, 97611, 93338
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.community import mass_cap, notices, recipients
from bot.community.cards import clip
from bot.community.mass_tasks import call, create_key, subject_of
from bot.i18n import gettext as _
from bot.model.events import CallFinished
from bot.model.ids import ChatId, UserId, group_key
from bot.model.tables import MassSend, Post
from bot.settings import Settings
from bot.storage.ledger import outbox
from bot.storage.ledger.timers import Timer
from bot.storage.queries import posts as rows
from bot.storage.queries import staff
from bot.storage.work import Work

TASK = "externalcontact/get_groupmsg_task"
RESULT = "externalcontact/get_groupmsg_send_result"
REMIND = "externalcontact/remind_groupmsg_send"
CANCEL = "externalcontact/cancel_groupmsg_send"
CHECK = "mass_send.check"
"""The name of the timer that makes us look again."""

DISPATCHING, CANCELLED = 41063, 41093
LOOK_AGAIN = timedelta(minutes=1)
MOST_REMINDERS = 3
LAST_ROUND = 10
SENT, NOT_A_FRIEND, OVER_CAP = 1, 2, 3
OPEN = ("waiting", "escalated")
PAGE = 1000


def created(work: Work, mass: MassSend, event: CallFinished, settings: Settings) -> None:
    """WeCom has taken the task, or has not; from here on we look whether it is confirmed."""
    if event.outcome != "sent":
        if rows.move_mass_send(work.session, mass, ["planned"], "failed"):
            if event.outcome != "unknown":
                _give_back(work, mass)
            to, language = _author(work, mass)
            sentence = _("{owner} could not be asked to send your post: {reason}.", language)
            _explain(work, mass, event, to, sentence, language)
        return
    refused = [str(one) for one in event.answer.get("fail_list") or []]
    msg_id = str(event.answer.get("msgid", ""))
    was_given_back = mass.state == "failed"
    if not rows.move_mass_send(work.session, mass, ["planned", "failed"], "waiting", msg_id=msg_id):
        return
    if was_given_back:
        for chat_id in mass.chat_ids:
            mass_cap.take(work, group_key(ChatId(chat_id)))
    mass.results = {"refused": len(refused)}
    post = rows.by_id(work.session, mass.post_id) if mass.post_id else None
    if post is not None and post.state == "cancelled":
        cancel(work, mass)
        return
    _look_at(work, mass, 1, work.now + timedelta(minutes=settings.remind_after_minutes))


def _look_at(work: Work, mass: MassSend, turn: int, due_at: datetime, why: str = "") -> None:
    about = {"mass_send": mass.id, "turn": turn}
    key = f"mass_send:{mass.id}:check:{turn}{why}"
    work.set_timer(Timer(CHECK, key, due_at, subject_of(mass), about))


def check(work: Work, mass: MassSend, turn: int, why: str) -> None:
    """Ask WeCom how far a task is. `why` tells this look apart from others of the same turn."""
    if mass.state in OPEN:
        work.plan(call(mass, TASK, f"task:{turn}:{why}", {"msgid": mass.msg_id, "limit": PAGE}, turn=turn))
    elif mass.state == "sent" and "sent" not in mass.results:
        _ask_results(work, mass, "", {"sent": 0, "failed": 0, "over_cap": 0}, why)


def told(work: Work, mass: MassSend, event: CallFinished, settings: Settings) -> None:
    """The answer to `check`: confirmed, or still waiting for the tap."""
    turn = int(event.note.get("turn", 1))
    if mass.state not in OPEN:
        return
    if event.outcome != "sent":
        _ask_again(work, mass, turn, event, settings)
        return
    sent_at = _sent_at(mass, event.answer)
    if sent_at is not None:
        if rows.move_mass_send(work.session, mass, OPEN, "sent", sent_at=sent_at):
            check(work, mass, turn, "results")
        return
    _still_waiting(work, mass, turn, settings)


def _ask_again(work: Work, mass: MassSend, turn: int, event: CallFinished, settings: Settings) -> None:
    """A look that came to nothing is taken again: soon while the task is being dispatched, otherwise in its turn."""
    if event.errcode == DISPATCHING:
        _look_at(work, mass, turn, work.now + LOOK_AGAIN, f":{event.call_id}")
    elif turn < LAST_ROUND:
        _look_at(work, mass, turn + 1, work.now + _pause(turn, settings))


def _sent_at(mass: MassSend, answer: dict[str, Any]) -> datetime | None:
    for row in answer.get("task_list") or []:
        if str(row.get("userid", "")).lower() == mass.sender.lower() and row.get("status") == 2:
            return datetime.fromtimestamp(int(row.get("send_time") or 0), UTC)
    return None


def _still_waiting(work: Work, mass: MassSend, turn: int, settings: Settings) -> None:
    if turn == 1:
        _remind(work, mass)
    elif turn == 2 and rows.move_mass_send(work.session, mass, ["waiting"], "escalated"):
        _remind(work, mass)
        _tell_managers(work, mass)
    if turn < LAST_ROUND:
        _look_at(work, mass, turn + 1, work.now + _pause(turn, settings))


def _pause(turn: int, settings: Settings) -> timedelta:
    """How long after its `turn`-th look a silent task is looked at again; with time, less often."""
    escalate = timedelta(minutes=settings.escalate_after_minutes)
    if turn == 1:
        return max(escalate - timedelta(minutes=settings.remind_after_minutes), LOOK_AGAIN)
    doubled: timedelta = escalate * 2 ** (turn - 2)
    return min(doubled, timedelta(days=1))


def _remind(work: Work, mass: MassSend) -> None:
    """Remind the owner by WeCom, which takes three reminders a day, and in our own words."""
    if mass.reminders >= MOST_REMINDERS:
        return
    mass.reminders += 1
    work.plan(call(mass, REMIND, f"remind:{mass.reminders}", {"msgid": mass.msg_id}))
    owner = UserId(mass.sender)
    sentence = _(
        "{count} groups wait for you to confirm a mass send: “{text}”", recipients.language_of(work.session, [owner])
    )
    told = sentence.format(count=len(mass.chat_ids), text=clip(mass.text, 40))
    notices.message_staff(work, recipients.reachable(work.session, [owner], work.now), told)


def _tell_managers(work: Work, mass: MassSend) -> None:
    managers = recipients.resolve(work.session, ["event_staff_managers"], user_id=UserId(mass.sender), now=work.now)
    sentence = _(
        "{owner} has not confirmed a mass send to {count} groups: “{text}”",
        recipients.language_of(work.session, managers),
    )
    owner = recipients.name_of(work.session, mass.sender)
    told = sentence.format(owner=owner, count=len(mass.chat_ids), text=clip(mass.text, 40))
    notices.message_staff(work, managers, told)


# ── results ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _ask_results(work: Work, mass: MassSend, cursor: str, so_far: dict[str, int], why: str) -> None:
    body = {"msgid": mass.msg_id, "userid": mass.sender, "limit": PAGE} | ({"cursor": cursor} if cursor else {})
    work.plan(call(mass, RESULT, f"result:{why}:{cursor}", body, so_far=so_far, why=why))


def results_told(work: Work, mass: MassSend, event: CallFinished) -> None:
    """One page of who got it. The sum travels with the question, so a page told twice is not counted twice."""
    if mass.state != "sent" or "sent" in mass.results:
        return
    if event.outcome != "sent":
        _look_at(work, mass, LAST_ROUND, work.now + LOOK_AGAIN, f":{event.call_id}")
        return
    statuses = [row.get("status") for row in event.answer.get("send_list") or []]
    for row in event.answer.get("send_list") or []:
        if row.get("status") == OVER_CAP:
            mass_cap.is_full(work, group_key(ChatId(str(row.get("chat_id")))))
    so_far = event.note.get("so_far") or {}
    total = {
        "sent": int(so_far.get("sent", 0)) + statuses.count(SENT),
        "failed": int(so_far.get("failed", 0)) + statuses.count(NOT_A_FRIEND),
        "over_cap": int(so_far.get("over_cap", 0)) + statuses.count(OVER_CAP),
    }
    cursor = str(event.answer.get("next_cursor") or "")
    if cursor:
        _ask_results(work, mass, cursor, total, str(event.note.get("why", "")))
        return
    mass.results = {**total, "failed": total["failed"] + mass.results.get("refused", 0)}


def is_over(mass: MassSend) -> bool:
    """Whether nothing more is to be learnt about it."""
    return mass.state in ("failed", "cancelled") or (mass.state == "sent" and "sent" in mass.results)


# ── cancelling ─────────────────────────────────────────────────────────────────────────────────────────────────────


def cancel(work: Work, mass: MassSend) -> None:
    """Stop what has not been sent: at home while it waits to leave, at WeCom afterwards."""
    if mass.state in OPEN:
        work.plan(call(mass, CANCEL, "cancel", {"msgid": mass.msg_id}))
    elif outbox.cancel(work.session, create_key(mass), work.now, "the post was cancelled"):
        _is_cancelled(work, mass, ["planned"])


def cancel_told(work: Work, mass: MassSend, event: CallFinished) -> None:
    if event.outcome == "sent" or event.errcode == CANCELLED:
        _is_cancelled(work, mass, OPEN)
    else:
        to, language = _author(work, mass)
        sentence = _("The mass send of {owner} could not be stopped: {reason}.", language)
        _explain(work, mass, event, to, sentence, language)


def remind_told(work: Work, mass: MassSend, event: CallFinished) -> None:
    """Somebody may have cancelled the task in WeCom itself; a reminder too many does no harm."""
    if event.errcode == CANCELLED:
        _is_cancelled(work, mass, OPEN)


def _is_cancelled(work: Work, mass: MassSend, expected: Sequence[str]) -> None:
    if rows.move_mass_send(work.session, mass, expected, "cancelled"):
        _give_back(work, mass)


def _give_back(work: Work, mass: MassSend) -> None:
    """It has reached no group, and does not count against their caps."""
    for chat_id in mass.chat_ids:
        mass_cap.give_back(work, group_key(ChatId(chat_id)), mass.created_at)


# ── words ─────────────────────────────────────────────────────────────────────────────────────────────────


def reason(event: CallFinished, language: str | None = None) -> str:
    """Why a call did not go well, for people."""
    if event.outcome == "unknown":
        return _("no answer came, so please look in WeCom before you post again", language)
    if event.errcode == 41048:
        return _("WeCom finds nobody to send it to", language)
    return _("WeCom answered {errcode}", language).format(errcode=event.errcode or event.reason)


def _author(work: Work, mass: MassSend) -> tuple[list[UserId], str]:
    """Who is told of a mass send's troubles, and in which language; nobody when no post is behind it."""
    post = rows.by_id(work.session, mass.post_id) if mass.post_id else None
    to = authors(work, post) if post else []
    return to, recipients.language_of(work.session, to)


def _explain(
    work: Work, mass: MassSend, event: CallFinished, to: Sequence[UserId], sentence: str, language: str
) -> None:
    owner = recipients.name_of(work.session, mass.sender)
    notices.message_staff(work, to, sentence.format(owner=owner, reason=reason(event, language)))


def authors(work: Work, post: Post) -> list[UserId]:
    """Who is told how a post fares: who wrote it, or, when an SOP did, the managers."""
    if staff.by_ids(work.session, [post.author]):
        return [UserId(post.author)]
    return recipients.resolve(work.session, ["role:manager"], now=work.now)
