"""A short message to a phone."""

import re
from collections.abc import Iterator

from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from bot.i18n import _
from bot.model.calls import Call
from bot.model.lanes import Lane
from bot.sop.actions import Effect, Step, Suppress, action
from bot.sop.template import Template, fixed_part

_PHONE = re.compile(r"\+?\d{8,15}")


_PLACE = re.compile(r"\{(\w+)\}")


class Params(BaseModel, extra="forbid"):
    """`text` is what the provider's template says, with {name} where a value goes: lint counts it."""

    template: str = Field(min_length=1)
    values: dict[str, Template] = {}
    text: str = ""
    most_parts: int = Field(1, ge=1, le=10)
    to: Template = "{{ event.properties.phone }}"

    @model_validator(mode="after")
    def _has_its_values(self) -> "Params":
        for name in _PLACE.findall(self.text):
            if name not in self.values:
                reason = _("`text` has a place for {name}, `values` has none").format(name=name)
                raise PydanticCustomError("sms_value", "{reason}", {"reason": reason})
        return self

    def length(self) -> int:
        """How many characters it has at the least."""
        return len(_PLACE.sub(lambda place: fixed_part(self.values[place[1]]), self.text))


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
