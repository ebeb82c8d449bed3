"""How fast a simulation walks a month, and what a contact costs as the crowd grows.

    python -m bench.simulation [CONTACTS …]

A crowd of more than a thousand walks in blocks on every core, so a contact of a large one costs less time by the wall.
"""

import sys
import time
from datetime import UTC, datetime

from bench import rig
from bot import log
from bot.settings import HOUSE
from bot.sop.library import load
from bot.sop.simulate import simulate

START = datetime(2026, 3, 2, tzinfo=UTC)
SOPS = ("contact/spring", "contact/welcome")
CROWDS = (100, 1_000, 10_000)


def main(crowds: tuple[int, ...]) -> None:
    log.start("ERROR")
    library, _findings = load(HOUSE / "sops")
    for name in SOPS:
        first = None
        for contacts in crowds:
            began = time.perf_counter()
            told = simulate(library, library.get(name), start=START, contacts=contacts)
            seconds = time.perf_counter() - began
            steps = sum(told.steps.values())
            each_ms = seconds / contacts * 1000
            first = first or each_ms
            print(
                f"{name}: {contacts:,} contacts in {seconds:.1f} s, {steps / seconds:.0f} steps/s, "
                f"{each_ms:.1f} ms a contact, {rig.growth(first, each_ms)} of the smallest crowd",
                flush=True,
            )
    print("repeat with: python -m bench.simulation")


if __name__ == "__main__":
    main(tuple(map(int, sys.argv[1:])) or CROWDS)
