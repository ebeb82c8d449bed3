"""An alert to staff."""

from collections.abc import Callable, Iterator
from functools import partial

from pydantic import BaseModel, Field

from bot.community import alerts, leads
from bot.model.ids import ChatId, ContactId, UserId
from bot.sop.actions import Effect, Step, action
from bot.sop.recipients import Recipients
from bot.sop.template import AppText


class Params(BaseModel, extra="forbid"):
    text: AppText = Field(min_length=1)
    to: Recipients = ["event_staff"]
    lead: str | None = Field(None, min_length=1)


@action(subject="any", needs="wecom")
def alert_staff(step: Step, params: Params) -> Iterator[Effect]:
    """Alert staff about the subject; with `lead` as a lead that they claim and finish on its card."""
    reason = step.render(params.text)
    alert: Callable[..., object] = partial(
        alerts.alert_staff, kind=params.lead or step.sop, reason=reason, to=params.to
    )
    if params.lead and step.contact_id is not None:
        alert = partial(leads.open_lead, kind=params.lead, reason=reason, to=params.to)
    yield partial(
        alert,
        contact_id=None if step.contact_id is None else ContactId(step.contact_id),
        user_id=None if step.user_id is None else UserId(step.user_id),
        chat_id=None if step.chat_id is None else ChatId(step.chat_id),
    )
