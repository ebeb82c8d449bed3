"""The same text without its disguises, in three views, each of which knows where its characters came from."""

import re
from collections.abc import Sequence

from bot.text.disguises import unmask
from bot.text.folding import FOLDING

_NOISE = re.compile(r"[\W_]+")


class View:
    """A rewriting of an original text; `span` leads back to it."""

    __slots__ = ("origins", "text")

    def __init__(self, text: str, origins: Sequence[tuple[int, int]]) -> None:
        """`origins[i]` is the half-open span of the original that character `i` stands for."""
        self.text, self.origins = text, origins

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The original's half-open span of this view's non-empty `[start, end)`, in characters."""
        return self.origins[start][0], self.origins[end - 1][1]


class Normalised:
    """One message, folded once and read by many.

    folded    width, case, accents, look-alikes, traditional forms and rings are gone; punctuation and emoji stay
    squeezed  letters and digits of `folded` only, nothing between them
    unmasked  `squeezed` with the usual names for contact details written out (薇❤ → 微信); None when there are none

    The map of offsets is made when the first hit asks for it: most messages never do.
    """

    __slots__ = ("_folded", "_squeezed", "_unmasked", "folded_text", "squeezed_text", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.folded_text = text.translate(FOLDING)
        self.squeezed_text = _NOISE.sub("", self.folded_text)
        self._folded: View | None = None
        self._squeezed: View | None = None
        self._unmasked: View | bool | None = True

    @property
    def folded(self) -> View:
        if self._folded is None:
            self._folded = View(self.folded_text, _origins(self.text))
        return self._folded

    @property
    def squeezed(self) -> View:
        if self._squeezed is None:
            origins = self.folded.origins
            kept = [origins[at] for at, char in enumerate(self.folded_text) if char.isalnum()]
            self._squeezed = View(self.squeezed_text, kept)
        return self._squeezed

    @property
    def unmasked(self) -> View | None:
        if isinstance(self._unmasked, bool):
            self._unmasked = self._unmask()
        return self._unmasked

    def _unmask(self) -> View | None:
        pieces = unmask(self.folded_text)
        if pieces is None:
            return None
        origins = self.folded.origins
        spans = [(origins[start][0], origins[end - 1][1]) for _, start, end in pieces]
        return View("".join(char for char, _, _ in pieces), spans)


def normalise(text: str | Normalised) -> Normalised:
    """Take the disguises off; what is already normalised passes through, so that one folding serves every reader."""
    return text if isinstance(text, Normalised) else Normalised(text)


def fold(word: str) -> str:
    """The folded form of a short text, when no way back is needed."""
    return word.translate(FOLDING)


def squeeze(folded: str) -> str:
    """A folded text without anything that is not a letter or a digit."""
    return _NOISE.sub("", folded)


def _origins(text: str) -> Sequence[tuple[int, int]]:
    widths = [len(FOLDING[ord(char)]) for char in text]
    return [(at, at + 1) for at, width in enumerate(widths) for _ in range(width)]
