"""Words to staff."""

from collections.abc import Iterator
from functools import partial

from pydantic import BaseModel, Field

from bot.community import notices, recipients
from bot.model.ids import ChatId, ContactId, UserId
from bot.sop.actions import Effect, Step, action
from bot.sop.recipients import Recipients
from bot.sop.template import AppText
from bot.storage.work import Work


class Params(BaseModel, extra="forbid"):
    text: AppText = Field(min_length=1)
    to: Recipients = ["event_staff"]


@action(subject="any", needs="wecom")
def message_staff(step: Step, params: Params) -> Iterator[Effect]:
    """Write to staff in the app conversation."""
    yield partial(
        _write,
        to=params.to,
        text=step.render(params.text),
        contact_id=step.contact_id,
        user_id=step.user_id,
        chat_id=step.chat_id,
    )


def _write(
    work: Work, *, to: list[str], text: str, contact_id: int | None, user_id: str | None, chat_id: str | None
) -> None:
    users = recipients.resolve(
        work.session,
        to,
        contact_id=None if contact_id is None else ContactId(contact_id),
        user_id=None if user_id is None else UserId(user_id),
        chat_id=None if chat_id is None else ChatId(chat_id),
        now=work.now,
    )
    notices.message_staff(work, users, text)
