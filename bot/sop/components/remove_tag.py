"""Tags taken off a contact."""

from collections.abc import Iterator
from functools import partial

from pydantic import BaseModel, Field

from bot.community import tagging
from bot.model.ids import ContactId, UserId
from bot.sop.actions import Effect, Step, Suppress, action
from bot.sop.components.add_tag import TagName


class Params(BaseModel, extra="forbid"):
    tags: list[TagName] = Field(min_length=1)


@action(subject="contact", needs="wecom")
def remove_tag(step: Step, params: Params) -> Iterator[Effect]:
    """Take tags off the contact."""
    if step.contact_id is None:
        yield Suppress("no contact")
        return
    yield partial(
        tagging.remove_tags,
        contact_id=ContactId(step.contact_id),
        names=params.tags,
        rule=step.rule,
        user_id=None if step.user_id is None else UserId(step.user_id),
    )
