"""Tasks for staff: written down, shown on a card, done by its button."""

from datetime import datetime

from bot.community import contacts, deliveries, policy, recipients
from bot.community.cards import Button, Card
from bot.community.presses import Acted
from bot.i18n import _
from bot.model.events import CardPressed
from bot.model.ids import ChatId, ContactId, UserId
from bot.model.tables import Alert, StaffTask
from bot.storage.queries import groups
from bot.storage.queries import leads as rows
from bot.storage.work import Work

ABOUT = "task"
DONE = "done"


def create_task(
    work: Work,
    *,
    user_id: UserId,
    text: str,
    contact_id: ContactId | None = None,
    chat_id: ChatId | None = None,
    reason: str = "",
    due_at: datetime | None = None,
) -> StaffTask:
    """Give a task to a staff member, or to their nearest manager when they do not work here any more."""
    task = rows.add_task(
        work.session,
        {
            "user_id": _worker(work, user_id),
            "contact_id": contact_id,
            "chat_id": chat_id,
            "text": text,
            "reason": reason,
            "opened_at": work.now,
            "due_at": due_at,
        },
    )
    assert task.id is not None
    deliveries.send_card(work, _card(work, task), about=ABOUT, about_id=task.id, users=[UserId(task.user_id)])
    return task


def _worker(work: Work, user_id: UserId) -> UserId:
    above = [f"user:{manager}" for manager in recipients.managers_of(work.session, user_id)[:1]]
    return next(iter(recipients.resolve(work.session, [f"user:{user_id}"], fallback=above)), user_id)


def _card(work: Work, task: StaffTask) -> Card:
    language = recipients.language_of(work.session, [UserId(task.user_id)])
    contact = contacts.get(work.session, ContactId(task.contact_id)) if task.contact_id else None
    group = groups.by_id(work.session, ChatId(task.chat_id)) if task.chat_id else None
    due = task.due_at.astimezone(policy.of(work.session).zone).strftime("%m-%d %H:%M") if task.due_at else ""
    return Card(
        source=_("Tasks", language),
        title=_("A task for you", language),
        text=task.text,
        rows=(
            (_("Contact", language), (contact.name or "") if contact else ""),
            (_("Group", language), group.name or group.chat_id if group else ""),
            (_("Due", language), due),
        ),
        buttons=(Button(_("Done", language), DONE, 2),),
    )


def pressed(work: Work, alert: Alert, press: CardPressed) -> Acted:
    """The button of a task's card."""
    task = rows.task(work.session, alert.about_id)
    if task is None or press.button != DONE:
        return Acted(False, _("This card can no longer be answered."))
    if not close(work, task, press=press):
        return Acted(False, _("The task was done already."))
    return Acted(True, _("Done. Thank you."))


def close(work: Work, task: StaffTask, *, press: CardPressed | None = None) -> bool:
    """Mark a task as done, on its card too; False when it was."""
    if not rows.finish_task(work.session, task, work.now):
        return False
    assert task.id is not None
    deliveries.refresh(work, ABOUT, task.id, text=_("Done"), press=press)
    return True
