"""The parameter `to:` of actions that tell staff something."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from bot.community.recipients import PREFIXES, RULES, is_rule
from bot.i18n import _
from bot.sop.findings import did_you_mean


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _known(rule: str) -> str:
    if not is_rule(rule):
        message = _("{rule} is nobody; known are {rules}.") + did_you_mean(rule, RULES)
        known = ", ".join([*RULES, *(f"{prefix}:…" for prefix in PREFIXES)])
        raise PydanticCustomError("recipient", "{reason}", {"reason": message.format(rule=rule, rules=known)})
    return rule


Recipients = Annotated[list[Annotated[str, AfterValidator(_known)]], BeforeValidator(_listed), Field(min_length=1)]
"""One rule or a list of rules: event_staff, event_staff_managers, all_followers, group_owner, role:…, user:…"""
