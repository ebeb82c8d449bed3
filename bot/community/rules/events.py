"""`events.yaml`, the data dictionary: what the events of shops and sites may tell, and of what types."""

import difflib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import Field, field_validator

from bot.community.rules.files import RuleModel
from bot.errors import BadInput

Type = Literal["text", "number", "integer", "flag", "moment", "list"]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_moment(value: object) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value) is not None
    except ValueError:
        return False


FITS: Mapping[Type, Callable[[Any], bool]] = {
    "text": lambda value: isinstance(value, str),
    "number": _is_number,
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "flag": lambda value: isinstance(value, bool),
    "moment": _is_moment,
    "list": lambda value: isinstance(value, list),
}
WANTED: Mapping[Type, str] = {
    "text": "a text",
    "number": "a number",
    "integer": "a whole number",
    "flag": "true or false",
    "moment": "a moment in ISO 8601",
    "list": "a list",
}


class Property(RuleModel):
    """One property; `unit` and `title` are for people."""

    type: Type
    title: str = ""
    unit: str = ""
    required: bool = False


class EventRule(RuleModel):
    """One event and all that may be told with it; `amount: number` is short for its type alone."""

    title: str = ""
    properties: dict[str, Property] = Field(default_factory=dict)

    @field_validator("properties", mode="before")
    @classmethod
    def _short(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        return {name: {"type": one} if isinstance(one, str) else one for name, one in given.items()}


class EventRules(RuleModel):
    """An event that the dictionary does not name is kept as it comes, unless `others` says to refuse it."""

    others: Literal["keep", "refuse"] = "keep"
    events: dict[str, EventRule] = Field(default_factory=dict)

    def check(self, name: str, properties: Mapping[str, Any]) -> None:
        """Raises `BadInput` that names what is unknown, missing or of the wrong type."""
        rule = self.events.get(name)
        if rule is None:
            self._check_other(name)
            return
        for key, value in properties.items():
            if key not in rule.properties:
                raise BadInput(f"{name} has no property {key}." + _hint(key, rule.properties))
            wanted = rule.properties[key].type
            if value is not None and not FITS[wanted](value):
                raise BadInput(f"{name}: {key} must be {WANTED[wanted]}")
        for key, one in rule.properties.items():
            if one.required and properties.get(key) is None:
                raise BadInput(f"{name}: {key} is missing")

    def _check_other(self, name: str) -> None:
        """Another spelling of a known name is a mistake, not an event of its own."""
        twins = {_bare(known): known for known in self.events}
        twin = twins.get(_bare(name))
        if twin is not None or self.others == "refuse":
            hint = f" Did you mean {twin}?" if twin else _hint(name, self.events)
            raise BadInput(f"there is no event {name} in the data dictionary.{hint}")


def _bare(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _hint(name: str, known: Mapping[str, object]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f" Did you mean {close[0]}?" if close else f" It has: {', '.join(known) or 'none'}."
