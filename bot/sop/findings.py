"""What is wrong with an SOP file, by file and line."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bot.i18n import _

Level = Literal["error", "warning"]
CLOSE = 0.68
"""How alike two names have to be for one to be a slip of the pen: `colour` is not meant to be `rollout`."""


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that somebody should change; `code` stays the same in every language."""

    path: str
    line: int
    code: str
    message: str
    level: Level = "error"

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.code} {self.message}"


def shown(path: Path) -> str:
    """A path as findings name it: from where we stand, if it is below."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_absolute() and path.is_relative_to(here) else str(path)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint to hang on a sentence about an unknown name; empty when nothing comes close.

    Of two names in one family, such as contact.town and contact.city, only what differs is compared.
    """
    family, dot, own = name.rpartition(".")
    near = [one.removeprefix(family + dot) for one in known if one.startswith(family + dot)] if dot else []
    if close := difflib.get_close_matches(own, near, n=1, cutoff=CLOSE):
        return _(" Did you mean {name}?").format(name=family + dot + close[0])
    if close := difflib.get_close_matches(name, list(known), n=1, cutoff=CLOSE):
        return _(" Did you mean {name}?").format(name=close[0])
    return ""
