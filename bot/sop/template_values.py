"""The values of a platform's message template: `{thing1: 春季新品, time2: …}`, each cut to what its kind takes.

Source: developers.weixin.qq.com/doc/service, subscribe message parameters (the same table for all three kinds)
"""

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from bot.i18n import _
from bot.sop.actions import Step
from bot.sop.template import Template

LONGEST = {
    "thing": 20, "number": 32, "letter": 32, "symbol": 5, "character_string": 32, "time": 32, "date": 32, "amount": 16,
    "phone_number": 17, "car_number": 8, "name": 10, "phrase": 5, "const": 20, "enum": 20, "short_thing": 5,
}  # fmt: skip
"""Characters by kind; a longer value makes the platform refuse the whole message (47003)."""
_NAME = re.compile(r"([a-z_]+?)(\d{1,2})")
MISSING = "-"
"""What stands where a value is empty: the platform refuses an empty one."""


def _kind(name: str) -> str:
    match = _NAME.fullmatch(name)
    return match[1] if match else ""


def _known(values: dict[str, str]) -> dict[str, str]:
    for name in values:
        if _kind(name) not in LONGEST:
            reason = _("{name} is not the name of a value such as thing1 or time2").format(name=name)
            raise PydanticCustomError("template_value", "{reason}", {"reason": reason})
    return values


TemplateValues = Annotated[dict[str, Template], Field(min_length=1), AfterValidator(_known)]
"""The parameter type of a message template's values."""


def rendered(step: Step, values: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """As the platform wants them."""
    shown = {name: " ".join(step.render(value).split()) or MISSING for name, value in values.items()}
    return {name: {"value": value[: LONGEST[_kind(name)]]} for name, value in shown.items()}
