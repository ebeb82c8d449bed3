"""What an errcode means for the one who called."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum


class Meaning(StrEnum):
    """What to do after an errcode."""

    OK = "ok"
    RETRY = "retry"
    """Busy or in conflict: the same call may succeed in a moment."""
    TOKEN = "token"  # noqa: S105 - a word, not a secret
    """The access token is no longer good: fetch another, once."""
    LIMIT = "limit"
    """Too many calls: this endpoint rests."""
    CROWDED = "crowded"
    """Too many calls at the same moment: this endpoint pauses."""
    UNKNOWN = "unknown"
    """Perhaps it acted: nobody knows, so it must not be repeated."""
    FINAL = "final"
    """This call will never succeed as it is."""
    RECIPIENT = "recipient"
    """Nothing reaches this person until they act."""
    OPERATOR = "operator"
    """Settings or rights at the platform are wrong: a person has to act."""


REST, LONGEST_REST = timedelta(minutes=1), timedelta(hours=1)
"""How long an endpoint rests after a limit: at first a minute, each time again twice as long.

Source: developer.work.weixin.qq.com/document/path/90312
"""
PAUSE = timedelta(seconds=2)
"""How long an endpoint pauses that got too many calls at the same moment."""


def table(**codes: tuple[int, ...]) -> Mapping[int, Meaning]:
    """Errcodes by the name of their meaning: `table(retry=(-1, 6000), token=(42001,))`."""
    return {code: Meaning[name.upper()] for name, listed in codes.items() for code in listed}
