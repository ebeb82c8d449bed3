"""The values of a template message or a notice: each within the limit of its type.

Source: developers.weixin.qq.com/doc/service (subscribe message parameters)
"""

from collections.abc import Sequence
from typing import Any

from .endpoint import Call
from .errors import Refused

_LONGEST = {"thing": 20, "number": 32, "letter": 32, "symbol": 5, "character_string": 32, "phone_number": 17,
            "car_number": 8, "name": 20, "phrase": 5}  # fmt: skip


def read_values(call: Call, fields: Sequence[str]) -> dict[str, str]:
    """What `data` says for each field; 47003 for one that is missing, too long or broken over lines."""
    values: dict[str, str] = {}
    for name in fields:
        given: Any = call.mapping("data").get(name)
        value = given.get("value") if isinstance(given, dict) else None
        if not value:
            raise Refused(47003, f"argument invalid! data.{name}.value is emtpy")
        longest = _LONGEST.get(name.rstrip("0123456789"), 200)
        if len(str(value)) > longest or "\n" in str(value):
            raise Refused(47003, f"argument invalid! data.{name}.value invalid")
        values[name] = str(value)
    return values
