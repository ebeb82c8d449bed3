"""Plays seeds one after the other, and says of each which promises it broke."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from bot import i18n
from tests.runtime.simulation.base import Base
from tests.runtime.simulation.promises import broken
from tests.runtime.simulation.town import play


@dataclass
class Tally:
    """What seeds came to: what tells one story from another, and what was broken."""

    digests: dict[int, str] = field(default_factory=dict)
    failed: dict[int, list[str]] = field(default_factory=dict)

    def __str__(self) -> str:
        return "\n".join(told(seed, found) for seed, found in self.failed.items())


def told(seed: int, found: list[str]) -> str:
    again = f"again: python -m tests.runtime.simulation --seeds {seed}"
    return "\n  ".join([f"seed {seed}:", *found, again])


async def play_all(seeds: Iterable[int], base: Base) -> Tally:
    i18n.use(base.settings.language)
    tally = Tally()
    for seed in seeds:
        try:
            town = await play(seed, base)
            found = broken(town)
        except Exception as error:
            found = [f"{type(error).__name__}: {error}"]
        else:
            tally.digests[seed] = town.digest()
        if found:
            tally.failed[seed] = found
    return tally
