"""What a page does not show: phone numbers, mailboxes and secrets, wherever in an event or an answer they stand."""

import re
from typing import Any

from bot import log
from bot.text.contacts import find_contact_details

LONGEST = 4_000
DEEPEST = 24
HIDDEN = "•"
SHORTEST_DETAIL = 5

_SECRET_NAME = re.compile(
    r"(?:.*_)?(?:token|secret|ticket|password|passwd)|key|(?:aes|session|api|private)_?key|.*encoding_?aes_?key"
    r"|(?:welcome|response|auth)_?code|sdkfileid|encrypt"
)
_PHONE_NAME = re.compile(r"(?:.*_)?(?:phone|mobile|tel)s?(?:_?number)?")
_DIGIT = re.compile(r"[0-9]")


def masked(value: Any, name: str = "", depth: int = 0) -> Any:
    """A JSON value as it may be shown; texts keep their length, so that spans into them stay right."""
    if depth > DEEPEST:
        return "…"
    if isinstance(value, dict):
        return {key: masked(one, str(key), depth + 1) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [masked(one, name, depth + 1) for one in value]
    if _SECRET_NAME.fullmatch(name.lower()) and value:
        return HIDDEN * 6
    if _PHONE_NAME.fullmatch(name.lower()) and value:
        return phone(str(value))
    if isinstance(value, str):
        return text(value)
    return text(str(value)) if isinstance(value, int) and value > 10**10 else value


def text(words: str) -> str:
    """A text with the middle of each phone number and mailbox dotted out."""
    words = log.redact(words[:LONGEST])
    if len(words) < SHORTEST_DETAIL:
        return words
    for detail in find_contact_details(words):
        if detail.kind in ("phone", "mail"):
            hide = phone if detail.kind == "phone" else mail
            words = words[: detail.start] + hide(words[detail.start : detail.end]) + words[detail.end :]
    return words


def phone(number: str) -> str:
    """138••••5678: its first three digits and its last four, or less of a short one."""
    digits = [match.start() for match in _DIGIT.finditer(number)]
    shown = {*digits[:3], *digits[-4:]} if len(digits) >= 10 else set(digits[-2:])
    return "".join(HIDDEN if at not in shown and not one.isspace() else one for at, one in enumerate(number))


def mail(address: str) -> str:
    """m•••@example.com"""
    name, at, host = address.partition("@")
    return name[:1] + HIDDEN * (len(name) - 1) + at + host
