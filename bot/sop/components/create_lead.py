"""A lead."""

from collections.abc import Iterator
from functools import partial

from pydantic import BaseModel, Field

from bot.community import leads
from bot.model.ids import ChatId, ContactId, UserId
from bot.sop.actions import Effect, Step, Suppress, action
from bot.sop.recipients import Recipients
from bot.sop.template import AppText


class Params(BaseModel, extra="forbid"):
    reason: AppText = Field(min_length=1)
    kind: str = "opportunity"
    to: Recipients = ["event_staff", "event_staff_managers"]


@action(subject="contact", needs="wecom")
def create_lead(step: Step, params: Params) -> Iterator[Effect]:
    """Open a lead on the contact and alert staff, who claim it on its card."""
    if step.contact_id is None:
        yield Suppress("no contact")
        return
    yield partial(
        leads.open_lead,
        contact_id=ContactId(step.contact_id),
        kind=params.kind,
        reason=step.render(params.reason),
        to=params.to,
        user_id=None if step.user_id is None else UserId(step.user_id),
        chat_id=None if step.chat_id is None else ChatId(step.chat_id),
    )
