"""The promises under hundreds of stories, each decided by a seed; and that a broken promise would be seen."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.platforms.limits import Limits
from bot.platforms.wecom.client import WeCom
from bot.runtime import outbox
from bot.storage.ledger.inbox import Arrival
from bot.web.intake import Intake, Read
from tests.runtime.simulation.base import Base
from tests.runtime.simulation.playing import Tally, play_all
from tests.runtime.simulation.town import begun

SEEDS, AT_ONCE = 500, 20
AGAIN = range(7, 10)


@pytest.fixture(scope="session")
def base() -> Iterator[Base]:
    """What every story in this process begins with."""
    base = asyncio.run(begun())
    yield base
    base.folder.cleanup()


@pytest.fixture
def played(base: Base) -> Iterator[Callable[[range], Tally]]:
    """Plays seeds; what the bot logs of their troubles is of no interest here."""
    with capture_logs():
        yield lambda seeds: asyncio.run(play_all(seeds, base))


@pytest.mark.parametrize("first", range(0, SEEDS, AT_ONCE))
def test_the_promises_hold_whatever_happens(played: Callable[[range], Tally], first: int) -> None:
    tally = played(range(first, first + AT_ONCE))
    assert not tally.failed, str(tally)
    assert len(tally.digests) == AT_ONCE


def test_a_seed_tells_the_same_story_again_elsewhere(played: Callable[[range], Tally]) -> None:
    """Also in a process that goes through its sets in another order."""
    order = [sys.executable, "-m", "tests.runtime.simulation", "--digest", "--seeds", f"{AGAIN.start}-{AGAIN.stop - 1}"]
    said = subprocess.run(order, capture_output=True, text=True, check=False, timeout=400).stdout.splitlines()
    here = played(AGAIN).digests
    assert said[: len(AGAIN)] == [f"{seed} {digest}" for seed, digest in here.items()]
    assert len(set(here.values())) == len(AGAIN)


async def keeps_nothing(_self: Intake, read: Read, _count: int = 1) -> Sequence[Arrival]:
    """The door says yes before the database does."""
    return read()


async def has_room(_self: Limits, *_call: Any) -> None:
    """Nobody counts calls."""


@pytest.mark.parametrize(
    ("owner", "name", "instead", "promise", "seeds"),
    [
        (Intake, "keep_read", keeps_nothing, "what_was_acknowledged_is_done", range(3)),
        (WeCom, "is_repeatable", lambda *_call: True, "nobody_is_reached_twice_by_one_call", range(16, 40)),
        (outbox, "_tell", lambda *_ended: None, "what_was_triggered_is_accounted_for", range(3)),
        (Limits, "until", has_room, "limits_are_kept", range(8, 40)),
    ],
)
def test_a_bot_that_breaks_a_promise_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
    played: Callable[[range], Tally],
    owner: object,
    name: str,
    instead: object,
    promise: str,
    seeds: range,
) -> None:
    monkeypatch.setattr(owner, name, instead)
    for seed in seeds:
        found = played(range(seed, seed + 1)).failed.get(seed, [])
        if any(line.startswith(f"{promise}:") for line in found):
            return
    pytest.fail(f"none of {len(seeds)} seeds has found it")
