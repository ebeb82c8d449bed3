"""Near-duplicates: a 64-bit fingerprint that moves little when a text changes little (simhash over bigrams)."""

import re
from functools import lru_cache
from itertools import pairwise

from bot.text.normalise import Normalised, normalise

_NUMBER = re.compile(r"\d+")
_LONGEST = 4096  # characters that count: 16-bit lanes hold them, and an advert says what it wants before that
_MASK = 2**64 - 1
_NEAR = 14  # bits: three rewordings of a 53-character advert were 0, 8 and 13 away, unlike long texts 31 and more

# a byte as eight lanes of 16 bits, so that adding hashes counts every bit of them at once
_LANES = [sum(((byte >> bit) & 1) << (16 * bit) for bit in range(8)) for byte in range(256)]


def fingerprint(text: str | Normalised) -> int:
    """A 64-bit simhash of the squeezed text; 0 when nothing is left of it.

    Numbers count as "a number", so that an advert sent again with another phone or price stays near itself.
    """
    squeezed = _NUMBER.sub("0", normalise(text).squeezed_text)[:_LONGEST]
    if not squeezed:
        return 0
    grams = [left + right for left, right in pairwise(squeezed)] or [squeezed]
    counts = sum(map(_spread, grams)).to_bytes(128, "little")
    half = len(grams)
    bits = (2 * int.from_bytes(counts[at : at + 2], "little") > half for at in range(0, 128, 2))
    return sum(1 << place for place, bit in enumerate(bits) if bit) or 1


def distance(a: int, b: int) -> int:
    """How many of the 64 bits differ: 0 is the same text, about 32 a stranger."""
    return (a ^ b).bit_count()


def near(a: int, b: int, within: int = _NEAR) -> bool:
    """Whether two fingerprints are of nearly the same text; empty texts are near to nothing.

    Meant for adverts: below 20 characters two texts that share one long word can be within 14 bits.
    """
    return bool(a and b) and distance(a, b) <= within


@lru_cache(maxsize=8192)
def _spread(gram: str) -> int:
    mixed = 0
    for char in gram:
        mixed = ((mixed ^ ord(char)) * 0x9E3779B97F4A7C15 + 0x632BE59BD9B4E019) & _MASK
        mixed ^= mixed >> 29
    mixed = (mixed * 0xBF58476D1CE4E5B9) & _MASK
    mixed ^= mixed >> 32
    return sum(_LANES[byte] << (128 * at) for at, byte in enumerate(mixed.to_bytes(8, "little")))
