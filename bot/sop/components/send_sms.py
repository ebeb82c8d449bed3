"""A short message to a phone."""

import re
from collections.abc import Iterator

from pydantic import BaseModel, Field

from bot.model.calls import Call
from bot.model.lanes import Lane
from bot.sop.actions import Effect, Step, Suppress, action
from bot.sop.template import Template

_PHONE = re.compile(r"\+?\d{8,15}")


class Params(BaseModel, extra="forbid"):
    template: str = Field(min_length=1)
    values: dict[str, Template] = {}
    to: Template = "{{ event.properties.phone }}"


@action(subject="contact", needs="sms", reaches="sms")
def send_sms(step: Step, params: Params) -> Iterator[Effect]:
    """Send a short message by the provider's template; `to` is the number, that of the event if not given."""
    phone = step.render(params.to)
    if not _PHONE.fullmatch(phone):
        yield Suppress("no phone number")
        return
    body = {
        "phone": phone,
        "template": params.template,
        "values": {name: step.render(value) for name, value in params.values.items()},
        "key": step.key,
    }
    yield Call("sms/send", body, platform="sms", lane=Lane.BULK, key=f"{step.key}:sms", subject=step.subject_key)
