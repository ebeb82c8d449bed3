"""Which variant of a split is best, and whether that is already known.

A split may be looked at every day, or every minute: the interval holds at all times together, so a false winner is
declared at most 5 times in 100 however often one peeks. It is the mixture sequential probability ratio test on the
difference of two shares, each approximately normal, with a normal mixture as wide as the smallest sample makes it.

Source: Johari, Koomen, Pekelis, Walsh, “Always valid inference: continuous monitoring of A/B tests”, 2022
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import erfc, exp, gamma, log, sqrt
from statistics import NormalDist

FALSE_WINNER = 0.05
"""The share of experiments without a difference in which one may be declared."""
BAD_RATIO = 0.001
"""Below this probability variants were not given out by their weights: something is wrong, and nobody wins."""


@dataclass(frozen=True)
class Arm:
    """A variant: how many subjects got it, by which weight, and how many of them did what was hoped for."""

    subjects: int
    reached: int
    weight: int = 1

    @property
    def share(self) -> float:
        return self.reached / self.subjects if self.subjects else 0.0

    @property
    def variance(self) -> float:
        """Of the share; a little above what was seen, so that nobody is sure after nothing."""
        smooth = (self.reached + 1) / (self.subjects + 2)
        return smooth * (1 - smooth) / max(self.subjects, 1)


@dataclass(frozen=True)
class Judged:
    """`winner` is empty while none is known. `low` and `high` are how much better the best is than the second."""

    winner: str
    reason: str
    best: str
    low: float
    high: float
    ratio_probability: float


def judge(arms: Mapping[str, Arm], min_sample: int) -> Judged:
    """Look at an experiment; `min_sample` is how many subjects each variant needs."""
    best, *others = sorted(arms, key=lambda name: (-arms[name].share, name))
    alpha = FALSE_WINNER * 2 / len(arms)
    intervals = [difference(arms[best], arms[other], min_sample, alpha) for other in others]
    low, high = min(intervals)
    probability = ratio_probability(list(arms.values()))
    reason = _reason(arms, min_sample, probability, low)
    return Judged("" if reason else best, reason, best, low, high, probability)


def _reason(arms: Mapping[str, Arm], min_sample: int, probability: float, low: float) -> str:
    """Why there is no winner yet; empty when there is one."""
    if min(arm.subjects for arm in arms.values()) < min_sample:
        return "sample too small"
    if probability < BAD_RATIO:
        return "sample ratio does not fit the weights"
    return "" if low > 0 else "no difference is sure"


def difference(one: Arm, other: Arm, min_sample: int, alpha: float = FALSE_WINNER) -> tuple[float, float]:
    """An interval for the difference of two shares that holds at all times with probability 1 − alpha."""
    seen = one.variance + other.variance
    mixture = 0.5 / min_sample  # the variance of the difference of two halves at the smallest sample
    width = sqrt(2 * seen * (seen + mixture) / mixture * log(sqrt((seen + mixture) / seen) / alpha))
    middle = one.share - other.share
    return middle - width, middle + width


def ratio_probability(arms: Sequence[Arm]) -> float:
    """How probable such numbers of subjects are under the weights: the sample-ratio check, by chi squared."""
    total, weights = sum(arm.subjects for arm in arms), sum(arm.weight for arm in arms)
    if not total:
        return 1.0
    expected = [total * arm.weight / weights for arm in arms]
    squares = sum((arm.subjects - hoped) ** 2 / hoped for arm, hoped in zip(arms, expected, strict=True))
    return _chi_squared_above(squares, len(arms) - 1)


def _chi_squared_above(value: float, freedom: int) -> float:
    """The probability of more than `value`, in closed form."""
    half = value / 2
    if freedom % 2 == 0:
        return exp(-half) * sum(half**k / gamma(k + 1) for k in range(freedom // 2))
    terms = (sqrt(half) ** (2 * k - 1) / gamma(k + 0.5) for k in range(1, freedom // 2 + 1))
    return erfc(sqrt(half)) + exp(-half) * sum(terms)


def sample_size(share: float, lift: float, power: float = 0.8, alpha: float = FALSE_WINNER) -> int:
    """How many subjects each of two variants needs, so that a `lift` over `share` is found with probability `power`.

    For one look at the end; watching all the time takes about twice as many.
    """
    normal = NormalDist()
    reach = normal.inv_cdf(1 - alpha / 2) + normal.inv_cdf(power)
    other = share + lift
    return int(reach**2 * (share * (1 - share) + other * (1 - other)) / lift**2) + 1
