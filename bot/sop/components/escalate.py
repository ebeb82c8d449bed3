"""Something for the one above."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from pydantic import BaseModel, Field

from bot.community import recipients, tasks
from bot.model.ids import ChatId, ContactId, UserId
from bot.sop.actions import Effect, Step, Suppress, action
from bot.sop.durations import Duration
from bot.sop.template import AppText
from bot.storage.work import Work


class Params(BaseModel, extra="forbid"):
    text: AppText = Field(min_length=1)
    level: int = Field(1, ge=1, le=5)
    within: Duration | None = None


@action(subject="any", needs="wecom")
def escalate(step: Step, params: Params) -> Iterator[Effect]:
    """Give the manager of the staff member a task; `level` 2 is that manager's manager."""
    if step.sender is None:
        yield Suppress("no staff member")
        return
    yield partial(
        _give,
        staff=UserId(step.sender),
        level=params.level,
        text=step.render(params.text),
        reason=step.rule,
        due_at=step.now + params.within if params.within else None,
        contact_id=None if step.contact_id is None else ContactId(step.contact_id),
        chat_id=None if step.chat_id is None else ChatId(step.chat_id),
    )


def _give(
    work: Work,
    *,
    staff: UserId,
    level: int,
    text: str,
    reason: str,
    due_at: datetime | None,
    contact_id: ContactId | None,
    chat_id: ChatId | None,
) -> None:
    """Whoever stands on that rung, or highest of those there are; without managers the corp's own."""
    above = recipients.managers_of(work.session, staff) or recipients.resolve(
        work.session, recipients.LAST_RESORT[:1], now=work.now
    )
    for user in above[:level][-1:]:
        tasks.create_task(
            work, user_id=user, text=text, contact_id=contact_id, chat_id=chat_id, reason=reason, due_at=due_at
        )
