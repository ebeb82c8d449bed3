"""How often a winner is declared that is none, when somebody looks every day: simulated A/A tests.

    python -m bench.experiments [--runs N] [--days N] [--a-day N]

Beside the rule of the bot stands the one that most people use: a two-sided test at 5 % each day.
"""

import argparse
import random
from bisect import bisect
from collections.abc import Callable
from itertools import accumulate
from math import comb, sqrt

from bot.sop.experiments import FALSE_WINNER, Arm, judge

NAIVE = 1.96


def binomial(count: int, share: float, chance: random.Random) -> Callable[[], int]:
    """Draws from a binomial distribution, by its cumulated probabilities."""
    steps = list(accumulate(comb(count, k) * share**k * (1 - share) ** (count - k) for k in range(count + 1)))
    return lambda: bisect(steps, chance.random())


def is_naive_winner(one: Arm, other: Arm) -> bool:
    wide = sqrt(one.share * (1 - one.share) / one.subjects + other.share * (1 - other.share) / other.subjects)
    return abs(one.share - other.share) > NAIVE * wide > 0


def run(draws: list[Callable[[], int]], a_day: int, days: int, min_sample: int) -> tuple[bool, bool]:
    """One experiment; whether the bot, and the naive rule, ever declared a winner."""
    reached, ours, naive = [0] * len(draws), False, False
    for day in range(1, days + 1):
        reached = [before + draw() for before, draw in zip(reached, draws, strict=True)]
        arms = [Arm(a_day * day, one) for one in reached]
        if arms[0].subjects < min_sample:
            continue
        ours = ours or bool(judge({str(n): arm for n, arm in enumerate(arms)}, min_sample).winner)
        naive = naive or is_naive_winner(arms[0], arms[1])
    return ours, naive


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--runs", type=int, default=10_000)
    asked.add_argument("--days", type=int, default=30)
    asked.add_argument("--a-day", type=int, default=100, help="subjects of each variant a day")
    given = asked.parse_args()
    chance = random.Random(20260302)
    for variants, share in ((2, 0.05), (2, 0.3), (3, 0.05)):
        draws = [binomial(given.a_day, share, chance)] * variants
        ended = [run(draws, given.a_day, given.days, 1000) for _run in range(given.runs)]
        ours, naive = (sum(one[n] for one in ended) / given.runs for n in (0, 1))
        print(
            f"{variants} variants alike at {share:.0%}, {given.runs} experiments, {given.days} daily looks: "
            f"false winners {ours:.2%} (at most {FALSE_WINNER:.0%}); by a test each day {naive:.2%}"
        )
        if ours > FALSE_WINNER:
            raise SystemExit("more false winners than promised")
    draws = [binomial(given.a_day, share, chance) for share in (0.05, 0.08)]
    found = sum(run(draws, given.a_day, given.days, 1000)[0] for _run in range(given.runs // 10))
    print(f"5 % against 8 %: the better one is found in {found / (given.runs // 10):.0%} of the experiments")


if __name__ == "__main__":
    main()
