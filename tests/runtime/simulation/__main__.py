"""`python -m tests.runtime.simulation --seeds 0-4999`: plays seeds, and names the promises that were broken."""

import argparse
import asyncio
import sys
import time

import click

from bot import log
from tests.runtime.simulation.playing import play_all, told
from tests.runtime.simulation.town import begun


async def play_and_tell(seeds: range, *, tells_digests: bool) -> int:
    """Returns how many seeds have failed."""
    base, failed = await begun(), 0
    for seed in seeds:
        tally = await play_all([seed], base)
        if tells_digests and seed in tally.digests:
            click.echo(f"{seed} {tally.digests[seed]}")
        for found in tally.failed.values():
            click.echo(told(seed, found))
            failed += 1
    return failed


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m tests.runtime.simulation", description=__doc__)
    asked.add_argument("--seeds", default="0-499", help="one seed, or the first and the last: 0-499")
    asked.add_argument("--digest", action="store_true", help="print what tells one story from another")
    given = asked.parse_args()
    first, _, last = given.seeds.partition("-")
    seeds = range(int(first), int(last or first) + 1)
    log.start("CRITICAL")
    began = time.monotonic()
    failed = asyncio.run(play_and_tell(seeds, tells_digests=given.digest))
    click.echo(f"{len(seeds)} seeds in {time.monotonic() - began:.0f} s, {failed} failed")
    sys.exit(1 if failed else 0)


main()
