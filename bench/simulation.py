"""How fast a simulation walks: contacts and steps a second, and whether that holds as the crowd grows.

python bench/simulation.py [CONTACTS …]
"""

import sys
import time
from datetime import UTC, datetime

from bot import log
from bot.settings import HOUSE
from bot.sop.library import load
from bot.sop.simulate import simulate

START = datetime(2026, 3, 2, tzinfo=UTC)
SOPS = ("contact/spring", "contact/welcome")
CROWDS = (100, 1000)


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
                f"{name}: {contacts} contacts in {seconds:.1f} s, {steps / seconds:.0f} steps/s, "
                f"{each_ms:.1f} ms a contact ({each_ms / first:.2f} × the smallest crowd)"
            )


if __name__ == "__main__":
    main(tuple(map(int, sys.argv[1:])) or CROWDS)
