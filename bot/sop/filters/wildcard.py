"""Words inside words: the text operators, without regard to the case of ASCII letters.

`matches` takes a pattern in which `*` stands for anything. It is not a regular expression: those can take exponential
time, cannot be indexed, and mean different things in different databases. Each piece is looked for once, from left to
right, so the time is linear in the text.
"""

import string
from typing import Any

from bot.sop.scope import Scope

ESCAPE = "/"
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def lower(text: str) -> str:
    """ASCII letters in lower case: what SQLite's lower() does, and what PostgreSQL's does to ASCII."""
    return text.translate(_LOWER)


def contains(value: str, wanted: str, _scope: Scope) -> bool:
    return lower(wanted) in lower(value)


def starts_with(value: str, wanted: str, _scope: Scope) -> bool:
    return lower(value).startswith(lower(wanted))


def ends_with(value: str, wanted: str, _scope: Scope) -> bool:
    return lower(value).endswith(lower(wanted))


def matches(value: str, pattern: str, _scope: Scope) -> bool:
    """Whether the whole text fits the pattern."""
    text = lower(value)
    first, *rest = lower(pattern).split("*")
    if not rest:
        return text == first
    *middle, last = rest
    if not text.startswith(first):
        return False
    at = len(first)
    for piece in middle:
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return text.endswith(last) and len(text) - len(last) >= at


def as_like(pattern: str) -> Any:
    """The pattern as SQL's LIKE has it."""
    escaped = lower(pattern)
    for special in (ESCAPE, "%", "_"):
        escaped = escaped.replace(special, ESCAPE + special)
    return escaped.replace("*", "%")
