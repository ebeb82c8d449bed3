"""The three lanes of every ledger: what must not wait behind what."""

from enum import StrEnum


class Lane(StrEnum):
    """`instant` has seconds to live, `normal` is a conversation, `bulk` can take all night."""

    INSTANT = "instant"
    NORMAL = "normal"
    BULK = "bulk"
