"""Tags for a contact."""

from collections.abc import Iterator
from functools import partial
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from bot.community import tagging
from bot.model.ids import ContactId, UserId
from bot.sop.actions import Effect, Step, Suppress, action
from bot.sop.durations import Duration

TagName = Annotated[str, StringConstraints(pattern=r"^[^/]{1,30}/[^/]{1,30}$")]
"""`group/tag`, at most 30 characters each."""


class Params(BaseModel, extra="forbid"):
    tags: list[TagName] = Field(min_length=1)
    expires: Duration | None = None
    confidence: float = Field(1.0, gt=0, le=1)


@action(subject="contact", needs="wecom")
def add_tag(step: Step, params: Params) -> Iterator[Effect]:
    """Put tags on the contact; those it already carries stay."""
    if step.contact_id is None:
        yield Suppress("no contact")
        return
    yield partial(
        tagging.add_tags,
        contact_id=ContactId(step.contact_id),
        names=params.tags,
        source="sop",
        rule=step.rule,
        user_id=None if step.user_id is None else UserId(step.user_id),
        expires_at=step.now + params.expires if params.expires else None,
        confidence=params.confidence,
    )
