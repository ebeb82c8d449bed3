"""What came of somebody's press of a button or command."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Acted:
    """Whether something was changed, and the sentence for whoever wanted it changed."""

    done: bool
    sentence: str
