"""Points for the lead score."""

from collections.abc import Iterator
from functools import partial

from pydantic import BaseModel, Field

from bot.community import scoring
from bot.model.ids import ChatId, ContactId, UserId
from bot.sop.actions import Effect, Step, Suppress, action
from bot.sop.template import AppText


class Params(BaseModel, extra="forbid"):
    points: int = Field(ge=-1000, le=1000)
    reason: AppText = ""


@action(subject="contact")
def add_score(step: Step, params: Params) -> Iterator[Effect]:
    """Add points to the contact's lead score; crossing the line makes a lead."""
    if step.contact_id is None:
        yield Suppress("no contact")
        return
    yield partial(
        scoring.add_score,
        contact_id=ContactId(step.contact_id),
        points=params.points,
        rule=step.rule,
        evidence=step.render(params.reason),
        key=step.key,
        line=step.around.lead_line,
        user_id=None if step.user_id is None else UserId(step.user_id),
        chat_id=None if step.chat_id is None else ChatId(step.chat_id),
    )
