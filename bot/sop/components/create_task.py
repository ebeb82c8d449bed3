"""A task for staff."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from pydantic import BaseModel, Field

from bot.community import recipients, tasks
from bot.model.ids import ChatId, ContactId, UserId
from bot.sop.actions import Effect, Step, action
from bot.sop.durations import Duration
from bot.sop.recipients import Recipients
from bot.sop.template import AppText
from bot.storage.work import Work


class Params(BaseModel, extra="forbid"):
    text: AppText = Field(min_length=1)
    to: Recipients = ["event_staff"]
    within: Duration | None = None


@action(subject="any", needs="wecom")
def create_task(step: Step, params: Params) -> Iterator[Effect]:
    """Give staff a task, with a time to finish it in, if you like."""
    yield partial(
        _give,
        to=params.to,
        text=step.render(params.text),
        reason=step.rule,
        due_at=step.now + params.within if params.within else None,
        contact_id=None if step.contact_id is None else ContactId(step.contact_id),
        user_id=None if step.user_id is None else UserId(step.user_id),
        chat_id=None if step.chat_id is None else ChatId(step.chat_id),
    )


def _give(
    work: Work,
    *,
    to: list[str],
    text: str,
    reason: str,
    due_at: datetime | None,
    contact_id: ContactId | None,
    user_id: UserId | None,
    chat_id: ChatId | None,
) -> None:
    """Everybody whom `to` names gets the task."""
    for user in recipients.resolve(
        work.session, to, contact_id=contact_id, user_id=user_id, chat_id=chat_id, now=work.now
    ):
        tasks.create_task(
            work, user_id=user, text=text, contact_id=contact_id, chat_id=chat_id, reason=reason, due_at=due_at
        )
