"""`python -m tests.runtime.simulation --seeds 0-499`: plays seeds, and names the promises that were broken."""

import argparse
import asyncio
import os
import sys
import time
from dataclasses import dataclass, field

import click

from bot import log
from tests.runtime.simulation.promises import broken
from tests.runtime.simulation.town import begun, play


@dataclass
class Tally:
    """How many seeds were played, and which of them broke what."""

    played: int = 0
    failed: dict[int, list[str]] = field(default_factory=dict)


async def play_all(seeds: range, within_s: float, *, tells_digest: bool) -> Tally:
    """Play seeds one after the other, as many as fit."""
    base, tally, ends_at = await begun(), Tally(), time.monotonic() + within_s
    for seed in seeds:
        if time.monotonic() > ends_at:
            break
        try:
            town = await play(seed, base)
            found = broken(town)
        except Exception as error:
            found = [f"{type(error).__name__}: {error}"]
        else:
            if tells_digest:
                click.echo(f"{seed} {town.digest()}")
        tally.played += 1
        if found:
            tally.failed[seed] = found
            again = f"again: python -m tests.runtime.simulation --seeds {seed}"
            click.echo("\n  ".join([f"seed {seed}:", *found, again]))
    return tally


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m tests.runtime.simulation", description=__doc__)
    asked.add_argument("--seeds", default="0-499", help="one seed, or the first and the last: 0-499")
    asked.add_argument("--share", default="1/1", help="every nth of them: 2/3 is the second of three shares")
    asked.add_argument("--within", type=float, default=float("inf"), metavar="SECONDS", help="stop after so long")
    asked.add_argument("--digest", action="store_true", help="print what tells one story from another")
    given = asked.parse_args()
    first, _, last = given.seeds.partition("-")
    part, _, parts = given.share.partition("/")
    seeds = range(int(first) + int(part) - 1, int(last or first) + 1, int(parts))
    _always_in_the_same_order()
    log.start("CRITICAL")
    began = time.monotonic()
    tally = asyncio.run(play_all(seeds, given.within, tells_digest=given.digest))
    took = time.monotonic() - began
    click.echo(f"{tally.played} of {len(seeds)} seeds in {took:.0f} s, {len(tally.failed)} failed")
    sys.exit(1 if tally.failed else 0)


def _always_in_the_same_order() -> None:
    """Sets of strings are gone through by their hashes, which Python salts anew for each process unless it is told."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.execve(sys.executable, sys.orig_argv, os.environ | {"PYTHONHASHSEED": "0"})


main()
