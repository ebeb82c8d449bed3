"""A remark in the run's own trace."""

from collections.abc import Iterator

from pydantic import BaseModel, Field

from bot.sop.actions import Effect, Note, Step, action
from bot.sop.template import Template


class Params(BaseModel, extra="forbid"):
    text: Template = Field(min_length=1)


@action(subject="any")
def note(step: Step, params: Params) -> Iterator[Effect]:
    """Write something down in the run's history; nobody is told."""
    yield Note(step.render(params.text))
