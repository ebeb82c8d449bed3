"""Many words found in one pass, whatever they are dressed up as; every hit is a span of the original text."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeVar

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from bot.errors import BadInput
from bot.text.normalise import Normalised, View, fold, normalise, squeeze

W = TypeVar("W")

_LATIN = re.compile(r"[\x00-\x7f\u00df-\u024f]+")
_SHORT = 4  # a Latin word up to this long counts only when no letter touches it
_LONE_LETTER, _LETTER_ALONE = re.compile(r"(?<![a-z0-9])[a-z]\W$"), re.compile(r"\W[a-z](?![a-z0-9])")
_CLAUSE_MARK = re.compile(r"[,.;:!?。、\n]")


@dataclass(frozen=True, slots=True)
class Hit(Generic[W]):
    """`text[start:end]` of the original is `word`, perhaps disguised; `value` is what the lexicon keeps for it."""

    word: str
    value: W
    start: int
    end: int


class Lexicon(Generic[W]):
    """Words with a value each: compiled once (0.3 s and 34 MB for 50,000), then asked about every message."""

    def __init__(self, words: Mapping[str, W]) -> None:
        """Raises `BadInput` for a word of which folding leaves nothing."""
        self._words = list(words.items())
        owners: dict[str, list[int]] = {}
        for index, (word, _) in enumerate(self._words):
            for form in _forms(word):
                owners.setdefault(form, []).append(index)
        self._forms, self._owners = list(owners), list(owners.values())
        self._latin = [_LATIN.fullmatch(form) is not None for form in self._forms]
        self._loose = [latin and _is_long(form) for form, latin in zip(self._forms, self._latin, strict=True)]
        # overlapping matches, because a longer word that fails at its edges must not hide a shorter one that is there
        self._automaton = AhoCorasick(
            self._forms, matchkind=MatchKind.Standard, store_patterns=False, implementation=Implementation.ContiguousNFA
        )

    def __len__(self) -> int:
        return len(self._words)

    def find(self, text: str | Normalised) -> list[Hit[W]]:
        """Hits from left to right, leftmost-longest, so that no two overlap."""
        chosen: list[Hit[W]] = []
        for hit in self.find_all(text):
            if not chosen or hit.start >= chosen[-1].end:
                chosen.append(hit)
        return chosen

    def find_all(self, text: str | Normalised) -> list[Hit[W]]:
        """Every hit, overlapping ones too, by start and then longest first."""
        seen = normalise(text)
        plain = self._in_folded(seen)
        if seen.squeezed_text != seen.folded_text:
            plain |= self._in_squeezed(seen)
        masked = self._in_unmasked(seen.unmasked) - plain if seen.unmasked is not None else set()
        # of two words on one span, the one that is written there comes before the one that is meant
        order = sorted(plain | masked, key=lambda hit: (hit[1], -hit[2], hit in masked, hit[0]))
        return [Hit(*self._words[index], start, end) for index, start, end in order]

    def _in_folded(self, seen: Normalised) -> set[tuple[int, int, int]]:
        folded = seen.folded_text
        return {
            (index, *seen.folded.span(start, end))
            for form, start, end in self._automaton.find_matches_as_indexes(folded, overlapping=True)
            if self._loose[form] or _stands_alone(folded, start, end)
            for index in self._owners[form]
        }

    def _in_squeezed(self, seen: Normalised) -> set[tuple[int, int, int]]:
        """Hits with something between their characters: the others are in the folded view already."""
        found: set[tuple[int, int, int]] = set()
        places: list[int] | None = None
        for form, start, end in self._automaton.find_matches_as_indexes(seen.squeezed_text, overlapping=True):
            if places is None:
                places = [at for at, char in enumerate(seen.folded_text) if char.isalnum()]
            if _spelled_out(seen.folded_text, places[start:end], latin=self._latin[form]):
                found.update((index, *seen.squeezed.span(start, end)) for index in self._owners[form])
        return found

    def _in_unmasked(self, view: View) -> set[tuple[int, int, int]]:
        return {
            (index, *view.span(start, end))
            for form, start, end in self._automaton.find_matches_as_indexes(view.text, overlapping=True)
            if not self._latin[form] and _stands_alone(view.text, start, end)
            for index in self._owners[form]
        }


def _forms(word: str) -> Iterator[str]:
    folded = fold(word).strip()
    if not folded:
        raise BadInput(f"the word {word!r} has nothing to look for")
    yield folded
    squeezed = squeeze(folded)
    if squeezed not in ("", folded) and not _LATIN.fullmatch(squeezed):
        yield squeezed


def _is_long(form: str) -> bool:
    return len(form) > _SHORT and form[0].isalpha() and form[-1].isalpha()


def _stands_alone(folded: str, start: int, end: int) -> bool:
    """Whether no Latin letter touches a Latin letter at the edges, and no digit a digit; Chinese has no such edges."""
    return not (start and _same_run(folded[start - 1], folded[start])) and not (
        end < len(folded) and _same_run(folded[end - 1], folded[end])
    )


def _same_run(left: str, right: str) -> bool:
    if not (left.isascii() and right.isascii()):
        return False
    return (left.isalpha() and right.isalpha()) or (left.isdigit() and right.isdigit())


def _spelled_out(folded: str, places: list[int], *, latin: bool) -> bool:
    """Whether the characters at `places` were pulled apart on purpose, rather than being neighbours by accident.

    A Latin word must be spelled letter by letter ("v x", never "tv xl"). A word of two characters across a clause
    mark must stand free on both sides (加。微。信 but not 这张卡，号码). The noise inside has a limit.
    """
    start, end = places[0], places[-1] + 1
    if end - start == len(places) or end - start > 5 * len(places) + 4:
        return False
    if latin:
        apart = all(right - left > 1 for left, right in pairwise(places))
        letters = all(folded[at].isalpha() for at in places) and not _LONE_LETTER.search(folded[:start][-3:])
        return apart and letters and _stands_free(folded, start, end) and not _LETTER_ALONE.match(folded, end)
    if len(places) == 2 and _CLAUSE_MARK.search(folded, start, end):
        return _stands_free(folded, start, end)
    return _stands_alone(folded, start, end)


def _stands_free(folded: str, start: int, end: int) -> bool:
    return not (start and folded[start - 1].isalnum()) and not (end < len(folded) and folded[end].isalnum())
