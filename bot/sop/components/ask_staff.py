"""A question for staff."""

from collections.abc import Iterator
from functools import partial
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from bot.model.ids import ChatId, ContactId, UserId
from bot.sop import asks
from bot.sop.actions import Effect, Step, action
from bot.sop.recipients import Recipients
from bot.sop.template import AppText


class Params(BaseModel, extra="forbid"):
    text: AppText = Field(min_length=1)
    buttons: list[Annotated[str, StringConstraints(min_length=1, max_length=10)]] = Field(min_length=2, max_length=6)
    to: Recipients = ["event_staff"]


@action(subject="any", needs="wecom")
def ask_staff(step: Step, params: Params) -> Iterator[Effect]:
    """Ask staff by a card with buttons; the press is the event staff.answered, with event.button.

    Wait for it with `wait_for: {event: staff.answered, within: 2h}`.
    """
    yield partial(
        asks.ask,
        run_id=step.run_id,
        title=step.title,
        text=step.render(params.text),
        buttons=params.buttons,
        to=params.to,
        contact_id=None if step.contact_id is None else ContactId(step.contact_id),
        user_id=None if step.user_id is None else UserId(step.user_id),
        chat_id=None if step.chat_id is None else ChatId(step.chat_id),
    )
