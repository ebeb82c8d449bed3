"""A short message, whoever sends it."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

WHOLE, PART = 70, 67
"""Characters of one message, and of each part of a longer one, the signature in its 【】 counted."""
RETRY, FINAL, RECIPIENT = 1, 2, 3
"""Our own errcodes: providers answer in words."""


@dataclass(frozen=True)
class ShortMessage:
    """`values` fill the provider's template, in its order; `signature` stands before the text."""

    phone: str
    template: str
    signature: str
    values: Mapping[str, str]

    @property
    def international(self) -> str:
        return self.phone if self.phone.startswith("+") else f"+86{self.phone}"


@dataclass(frozen=True)
class Request:
    """One HTTP POST."""

    url: str
    headers: Mapping[str, str]
    content: bytes


def parts(signature: str, text: int) -> int:
    """How many messages a text of so many characters is charged as."""
    length = len(signature) + 2 + text
    return 1 if length <= WHOLE else ceil(length / PART)
