"""What a seed decides. Each seed has a character of its own: some are calm, in some only the post is bad, some burn."""

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
BUSY = (-1, 40014, 42001, 45009, 45033, 6000)


class Crash(BaseException):
    """The process is gone: nothing catches this, and nothing of its memory is used again."""


class Fate:
    """One stream of decisions, and how often each kind of trouble comes."""

    def __init__(self, seed: int) -> None:
        self.random = draw = random.Random(seed)
        self.moves = draw.randint(30, 80)
        self.loses_letters = draw.choice((0.0, 0.0, 0.05, 0.25))
        self.repeats_letters = draw.choice((0.0, 0.2, 0.6))
        self.delays_letters = draw.choice((0.0, 0.2, 0.5))
        self.crashes = draw.choice((0.0, 0.0, 0.004, 0.02))
        self.breaks_database = draw.choice((0.0, 0.0, 0.01, 0.04))
        self.breaks_calls = draw.choice((0.0, 0.1, 0.3))
        self.slows_calls = draw.choice((0.0, 0.1, 0.4))
        self.jumps = draw.choice((0.0, 0.0, 0.0, 0.02))
        self.loses_notices = draw.choice((0.0, 0.3))
        self.waits_long = draw.random() < 0.05
        self.floods_at = draw.randrange(self.moves) if draw.random() < 0.08 else None
        self.has_trouble = True

    @property
    def keeps_limits(self) -> bool:
        """Nobody can keep a limit a minute long by a clock that jumps."""
        return not self.jumps

    def strikes(self, chance: float) -> bool:
        return self.has_trouble and self.random.random() < chance

    def choose(self, options: Sequence[T]) -> T:
        return self.random.choice(options)

    def database(self) -> str:
        """What befalls a transaction: `torn` is committed, but nobody is told."""
        if self.strikes(self.crashes):
            return self.choose(("dies before", "dies inside", "dies after"))
        if self.strikes(self.breaks_database):
            return self.choose(("refused", "refused", "torn"))
        return ""

    def call(self) -> str:
        """What befalls a call: `cut` never arrives, `lost` is done but the answer is gone."""
        if self.strikes(self.crashes * 2):
            return self.choose(("dies before", "dies after"))
        if self.strikes(self.breaks_calls):
            return self.choose(("cut", "lost", "lost", "closed", "errcode"))
        return ""

    def latency_s(self) -> float:
        return self.random.uniform(0.2, 9.0) if self.strikes(self.slows_calls) else 0.0

    def calm(self) -> None:
        """The trouble is over; what it left behind is for the bot to put right."""
        self.has_trouble = False
