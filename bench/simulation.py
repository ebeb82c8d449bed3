"""How fast a simulation walks a month, and what a contact costs as the crowd grows.

    python -m bench.simulation [CONTACTS …]

A crowd of more than a thousand walks in blocks on every core, so a contact of a large one costs less time by the wall.
"""

import resource
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


def cpu_s() -> float:
    """Processor seconds of this process and of those it has waited for."""
    both = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in both)


def main(crowds: tuple[int, ...]) -> None:
    log.start("ERROR")
    library, _findings = load(HOUSE / "sops")
    for name in SOPS:
        first_ms = 0.0
        for contacts in crowds:
            began, spent = time.perf_counter(), cpu_s()
            told = simulate(library, library.get(name), start=START, contacts=contacts)
            seconds, each_ms = time.perf_counter() - began, (cpu_s() - spent) / contacts * 1000
            first_ms = first_ms or each_ms
            print(
                f"{name}: {contacts:,} contacts in {seconds:.1f} s, {sum(told.steps.values()):,} steps, "
                f"{each_ms:.1f} ms of processor time a contact, {rig.growth(first_ms, each_ms)} of the smallest crowd",
                flush=True,
            )
    print("repeat with: python -m bench.simulation")


if __name__ == "__main__":
    main(tuple(map(int, sys.argv[1:])) or CROWDS)
