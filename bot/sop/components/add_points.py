"""Points that contacts collect."""

from collections.abc import Iterator
from functools import partial

from pydantic import BaseModel, Field

from bot.community import points as account
from bot.model.ids import ContactId
from bot.sop.actions import Effect, Step, Suppress, action
from bot.sop.template import AppText


class Params(BaseModel, extra="forbid"):
    points: int = Field(ge=-100_000, le=100_000)
    reason: AppText = ""


@action(subject="contact")
def add_points(step: Step, params: Params) -> Iterator[Effect]:
    """Give the contact points, or take some; nobody falls below nothing."""
    if step.contact_id is None:
        yield Suppress("no contact")
        return
    yield partial(
        account.add_points,
        contact_id=ContactId(step.contact_id),
        points=params.points,
        reason=step.render(params.reason) or step.rule,
        key=step.key,
    )
