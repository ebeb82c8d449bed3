"""One character at a time: what a character is once its disguise is taken off."""

import unicodedata
from functools import cache

import opencc

# Fullwidth, circled, mathematical and compatibility forms are NFKC's work; these are the ones it leaves alone.
_TWINS = {
    "авекмнорстухгіјѕԁһԛԝѵ": "abekmhopctyxrijsdhqwv",
    "αβεηικνορτυχωγζ": "abenikvoptuxwyz",
    "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ": "abcdefghijklmnoprstuvwyz",
    "ʋ∨⋁ıłøđħŧɑɡ➕": "vvvilodhtag+",
}
_LOOK_ALIKES = {twin: plain for twins, plains in _TWINS.items() for twin, plain in zip(twins, plains, strict=True)}
_CIRCLED_LETTERS = {chr(first + i): chr(97 + i) for first in (0x1F150, 0x1F170) for i in range(26)}
_FLAG_LETTERS = {chr(0x1F1E6 + i): chr(97 + i) for i in range(26)}
_INVISIBLE = frozenset("\u115f\u1160\u17b4\u17b5\u3164\uffa0")
_SPACES = frozenset("\u2800\u0085\t\r\v\f\x1c\x1d\x1e\x1f")
_ALIKE = _LOOK_ALIKES | _CIRCLED_LETTERS | _FLAG_LETTERS
_CACHED = 30_000  # more characters than a community uses; a hostile message cannot grow the table beyond it


@cache
def _simplifier() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def _unmark(char: str) -> str:
    """`char` without what a reader does not see: accents, zero-width and control characters, half an emoji."""
    if char == "\n":
        return char
    if char in _SPACES:
        return " "
    if char in _INVISIBLE:
        return ""
    category = unicodedata.category(char)
    if category[0] == "Z":
        return "\n" if category in ("Zl", "Zp") else " "
    return "" if category in ("Mn", "Me", "Cf", "Cc", "Cs") else char


def _digit(char: str) -> str:
    """The ASCII digits of a digit in any script or ring; Chinese numerals are words and stay."""
    number = unicodedata.numeric(char, None) if unicodedata.category(char) in ("Nd", "No") else None
    return str(int(number)) if number is not None and number.is_integer() else char


def _fold_once(char: str) -> str:
    wide = unicodedata.normalize("NFKC", char)
    if not "\uac00" <= char <= "\ud7a3":  # Hangul would fall apart into its letters
        wide = unicodedata.normalize("NFD", wide)
    parts = (_digit(_ALIKE.get(low, low)) for part in wide for low in _unmark(part).casefold())
    folded = "".join(parts)
    return _simplifier().convert(folded) if folded >= "\u2e80" else folded


class Folding(dict[int, str]):
    """A table for `str.translate` that learns each character when it is first met.

    Folding looks at one character only, never at its neighbours. So a word inside a text folds as it does alone,
    which is why `opencc` is asked for characters and not for phrases.
    """

    def __missing__(self, code: int) -> str:
        folded = chr(code)
        for _ in range(4):  # folding twice must change nothing, and a folded part may itself fold further
            again = "".join(map(_fold_once, folded))
            if again == folded:
                break
            folded = again
        if len(self) < _CACHED:
            self[code] = folded
        return folded


FOLDING = Folding()
