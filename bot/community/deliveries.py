"""Cards on their way to staff: sent, remembered, and kept up to date for everyone who holds one.

A card can be changed once by the code that its sending gave, and once by the code of each press. So a press brings its
own card up to date for all its holders, and the other cards about the same thing by the codes of their sending.
"""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session

from bot import log
from bot.community import cards, notices, recipients
from bot.community.cards import Button, Card
from bot.model.calls import Call
from bot.model.events import CallFinished, CardPressed
from bot.model.ids import UserId
from bot.model.tables import Alert
from bot.storage.queries import leads as rows
from bot.storage.work import Work

logger = log.get(__name__)

MOST_USERS = 1000
NOBODY = 81013
"""All recipients are unknown or out of range. Source: developer.work.weixin.qq.com/document/path/90313"""


def about(session: Session, task_id: str) -> Alert | None:
    """The card with this task id: `about` and `about_id` say what it is on."""
    return rows.alert(session, task_id)


def send_card(work: Work, card: Card, *, about: str, about_id: int, users: Sequence[UserId]) -> list[Alert]:
    """Send one card to all `users`, and remember what it is about; one `Alert` for each thousand of them."""
    if not users:
        logger.error("a card has nobody to go to", about=about, id=about_id)
    parts = [users[first : first + MOST_USERS] for first in range(0, len(users), MOST_USERS)]
    return [_send(work, cards.render(card, ""), about, about_id, part) for part in parts]


def _send(work: Work, rendered: dict[str, Any], about: str, about_id: int, users: Sequence[UserId]) -> Alert:
    task_id = _new_task_id(work, about, about_id)
    card = {**rendered, "task_id": task_id}
    told = {"about": about, "about_id": about_id, "recipients": list(users), "card": card, "sent_at": work.now}
    alert = rows.add_alert(work.session, {"task_id": task_id, **told})
    body = {"touser": "|".join(users), "msgtype": "template_card", "template_card": card}
    subject = f"alert:{task_id}"
    work.plan(Call("message/send", body, key=subject, subject=subject, follow=True, note={"alert": task_id}))
    return alert


def _new_task_id(work: Work, about: str, about_id: int) -> str:
    """Unique in the app for ever, and therefore with the time: a database may be begun anew."""
    first = cards.task_id(about, about_id, int(work.now.timestamp() * 1000))
    task_id, number = first, 1
    while rows.alert(work.session, task_id) is not None:
        number += 1
        task_id = f"{first}-{number}"
    return task_id


def refresh(
    work: Work,
    about: str,
    about_id: int,
    *,
    text: str,
    buttons: Sequence[Button] = (),
    press: CardPressed | None = None,
) -> None:
    """Bring the cards about something up to date: `text` and `buttons`, or `text` in place of the buttons, for good."""
    for alert in rows.alerts_about(work.session, about, about_id):
        if alert.closed_at is not None:
            continue
        alert.card = cards.changed(alert.card, text, buttons)
        alert.closed_at = None if buttons else work.now
        if press is not None and press.task_id == alert.task_id:
            _update(work, alert, press.response_code)
        elif alert.response_code:
            _update(work, alert, alert.response_code)
            alert.response_code = ""


def show_again(work: Work, alert: Alert, press: CardPressed) -> None:
    """A card was pressed that has long been decided on: show its holders how it ended."""
    _update(work, alert, press.response_code)


def _update(work: Work, alert: Alert, response_code: str) -> None:
    """Source: developer.work.weixin.qq.com/document/path/94888"""
    if not response_code:
        return
    body = {"userids": alert.recipients, "response_code": response_code, "template_card": alert.card}
    update = "message/update_template_card"
    work.plan(Call(update, body, key=f"card:{response_code}", subject=f"alert:{alert.task_id}"))


def finished(work: Work, event: CallFinished) -> None:
    """A card has left, or has not: keep the code that changes it, and see to it that somebody knows."""
    alert = rows.alert(work.session, str(event.note.get("alert", "")))
    if alert is None:
        return
    if event.outcome == "sent":
        _keep_code(work, alert, event)
    invalid = {user.lower() for user in str(event.answer.get("invaliduser") or "").split("|")}
    reached = [user for user in alert.recipients if user.lower() not in invalid]
    if event.errcode == NOBODY or (event.outcome == "sent" and not reached):
        _send_to_others(work, alert)
    elif event.outcome == "failed":
        logger.error("a card was refused", about=alert.about, id=alert.about_id, errcode=event.errcode)
        notices.message_staff(work, [UserId(user) for user in alert.recipients], cards.plain(alert.card))


def _keep_code(work: Work, alert: Alert, event: CallFinished) -> None:
    alert.response_code = str(event.answer.get("response_code") or "")
    if alert.card != (event.body.get("template_card") or alert.card):  # decided while it was on its way
        _update(work, alert, alert.response_code)
        alert.response_code = ""


def _send_to_others(work: Work, alert: Alert) -> None:
    """None of its recipients can be reached: the managers get the card, or the admins, each once."""
    if alert.closed_at is not None:
        return
    told = {
        user.lower()
        for other in rows.alerts_about(work.session, alert.about, alert.about_id)
        for user in other.recipients
    }
    alert.closed_at = work.now
    for rule in recipients.LAST_RESORT:
        named = recipients.resolve(work.session, [rule], now=work.now)
        if others := [user for user in named if user.lower() not in told]:
            _send(work, alert.card, alert.about, alert.about_id, others)
            return
    logger.error("nobody could be told", about=alert.about, id=alert.about_id)
