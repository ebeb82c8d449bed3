"""The promises under hundreds of stories, each decided by a seed."""

import asyncio
import sys

SEEDS, WITHIN_S = "0-499", 80
"""As many of these as fit: a loaded machine plays fewer."""
LEAST = 8


async def command(*arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.runtime.simulation", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def test_the_promises_hold_whatever_happens() -> None:
    share = ("--seeds", SEEDS, "--within", str(WITHIN_S))
    ended = await asyncio.gather(command(*share, "--share", "1/2"), command(*share, "--share", "2/2"))
    for status, said in ended:
        assert status == 0, said
        played = int(said.strip().splitlines()[-1].split()[0])
        assert played >= LEAST, said


async def test_a_seed_tells_the_same_story_again() -> None:
    first, second = [await command("--seeds", "7-9", "--digest") for _time in range(2)]
    assert first[0] == 0, first[1]
    assert first[1].splitlines()[:3] == second[1].splitlines()[:3]
    assert len(set(first[1].splitlines()[:3])) == 3
