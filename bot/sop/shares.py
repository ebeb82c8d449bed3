"""Shares: who is in which part of a crowd, always the same for the same subject."""

import hashlib

from bot.sop.schema import Split


def share_of(subject: str, salt: str) -> float:
    """A number from 0 to under 1 that is always the same for a subject and a salt, and even over subjects."""
    digest = hashlib.sha256(f"{salt}|{subject}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def variant_for(split: Split, share: float) -> str:
    """The variant whose part of the line from 0 to 1 holds `share`."""
    total, reached = sum(variant.weight for variant in split.variants), 0
    for variant in split.variants:
        reached += variant.weight
        if share * total < reached:
            return variant.name
    return split.variants[-1].name
