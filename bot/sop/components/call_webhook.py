"""Somebody else's server."""

from collections.abc import Iterator

from pydantic import BaseModel, Field

from bot.model.calls import Call
from bot.sop.actions import Effect, Step, action
from bot.sop.template import Template


class Params(BaseModel, extra="forbid"):
    hook: str = Field(pattern=r"^[\w\-]{1,40}$")
    values: dict[str, Template] = {}


@action(subject="any", needs="hooks")
def call_webhook(step: Step, params: Params) -> Iterator[Effect]:
    """Tell another server by a signed HTTP POST, again and again until it says yes; hooks are in the settings."""
    event = {
        "sop": step.sop,
        "subject": step.subject_key,
        "at": step.now.isoformat(),
        "external_userid": step.external_user_id,
        "open_id": step.open_id,
        "chat_id": step.chat_id,
        "values": {name: step.render(value) for name, value in params.values.items()},
    }
    body = {"delivery": step.key, "event": event}
    yield Call(params.hook, body, platform="hooks", key=f"{step.key}:hook", subject=step.subject_key)
