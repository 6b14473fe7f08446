"""Paired differences of two arms on the same examples: interval, equivalence, and McNemar's test for 0/1 scores."""

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from openbook.score.stats.cautious import alike_n, cautious_error, uneven_df
from openbook.score.stats.clusters import Floats, Spread, group_sums, spread
from openbook.score.stats.intervals import SPENT, Bounds, Interval, Method, one_sided, special_ends
from openbook.score.stats.tails import binomial_lower, normal_quantile, t_quantile

_STEPS = 40
"""Of a bisection: ends to 2e-12."""

ADDED = 0.5
"""Size of the two groups that the standard error of 0/1 scores' difference reckons with, in mean group sizes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Equivalence:
    """Two one-sided tests of |difference| < margin.

    Attributes:
        p: The smallest alpha at which it would hold; 1.0 stands for everything above one half.
        interval: What `one_sided` gives at alpha; equivalent means that it lies inside ±margin.
    """

    p: float
    equivalent: bool
    interval: Interval
    margin: float


def paired_interval(
    differences: ArrayLike, groups: Sequence[Hashable], level: float = 0.95, *, bounds: Bounds = (-1.0, 1.0)
) -> Interval:
    """Interval of the example-weighted mean difference, never of zero width.

    Where the differences are −1, 0, 1: Tango's score interval, for groups larger than one on the effective n with t in
    place of z, from a cautious standard error (`cautious_error`). Otherwise t over groups. t has groups − 1 degrees of
    freedom, fewer where groups are uneven. Where all differences are the same, the rule of three over
    groups, because how alike a group's members are cannot be told.

    Args:
        bounds: The least and the greatest difference there can be.
    """
    array = np.asarray(differences, dtype=np.float64)
    found = spread(array, groups)
    sums, sizes = group_sums(array, groups)
    discordant = np.abs(array).sum()
    method: Method
    if bounds == (-1.0, 1.0) and found.groups > 1 and discordant and all_whole(array):
        low, high = _tango_ends(array, found, sums, sizes, level)
        method = "tango"
    else:
        low, high, method = special_ends(found, level, bounds) or _t_ends(found, sums, sizes, level, bounds)
    return Interval(mean=found.mean, low=low, high=high, level=level, n=found.n, groups=found.groups, method=method)


def all_whole(differences: ArrayLike) -> bool:
    """Whether all differences are −1, 0 or 1, as those of 0/1 scores are."""
    return bool(np.isin(np.asarray(differences, dtype=np.float64), (-1.0, 0.0, 1.0)).all())


def _t_ends(found: Spread, sums: Floats, sizes: Floats, level: float, bounds: Bounds) -> tuple[float, float, Method]:
    half = t_quantile(0.5 + level / 2, uneven_df(sizes)) * cautious_error(sums, sizes)
    return max(bounds[0], found.mean - half), min(bounds[1], found.mean + half), "t"


def _tango_ends(array: Floats, found: Spread, sums: Floats, sizes: Floats, level: float) -> tuple[float, float]:
    wins, losses = float((array == 1).sum()), float((array == -1).sum())
    if found.groups == found.n:
        return tango(wins, losses, found.n, level)
    error = cautious_error(sums, sizes, (-1.0, 1.0), added=ADDED)
    z = t_quantile(0.5 + level / 2, uneven_df(sizes))
    return clustered_tango(wins, losses, found.n, error=error, least=alike_n(sizes), z=z)


def clustered_tango(
    wins: float, losses: float, n: float, *, error: float, least: float, z: float
) -> tuple[float, float]:
    """Tango's interval on the effective n: as many independent examples as have this standard error.

    Args:
        least: The fewest examples that these may be worth (`alike_n`).
        z: Quantile that is reached to either side.
    """
    mean, most = (wins - losses) / n, n / least
    independent = (wins + losses - n * mean**2) / n**2
    effect = min(most, max(1.0, error**2 / independent)) if independent > 0 else most
    return _tango(wins / effect, losses / effect, n / effect, z)


def tango(wins: float, losses: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Score interval of a difference of paired proportions (Tango 1998), by bisection.

    Args:
        wins: Examples that only the first arm got right; like `losses` and `n` it may be fractional (effective counts).
        losses: Examples that only the second arm got right.
    """
    return _tango(wins, losses, n, normal_quantile(0.5 + level / 2))


def _tango(wins: float, losses: float, n: float, z: float) -> tuple[float, float]:
    mean = (wins - losses) / n
    low = _root(lambda delta: _tango_score(wins, losses, n, delta) - z, -1.0, mean)
    high = _root(lambda delta: _tango_score(wins, losses, n, delta) + z, mean, 1.0)
    return low, high


def _tango_score(wins: float, losses: float, n: float, delta: float) -> float:
    """Score statistic of the hypothesis that the difference is `delta`; it falls as `delta` rises."""
    linear = (2 * n - wins + losses) * delta - wins - losses
    constant = -losses * delta * (1 - delta)
    # The losing cell's probability when the likelihood is greatest under the hypothesis.
    cell = (math.sqrt(max(0.0, linear * linear - 8 * n * constant)) - linear) / (4 * n)
    variance = n * (2 * cell + delta * (1 - delta))
    distance = wins - losses - n * delta
    if variance > 1e-15:
        return distance / math.sqrt(variance)
    return math.copysign(math.inf, distance) if distance else 0.0


def _root(falling: Callable[[float], float], low: float, high: float, *, steps: int = _STEPS) -> float:
    """Where a falling function crosses zero."""
    for _ in range(steps):
        middle = (low + high) / 2
        low, high = (middle, high) if falling(middle) > 0 else (low, middle)
    return (low + high) / 2


def tost(
    differences: ArrayLike,
    groups: Sequence[Hashable],
    margin: float,
    *,
    alpha: float = 0.05,
    bounds: Bounds = (-1.0, 1.0),
    spent: float = SPENT,
) -> Equivalence:
    """Equivalence within ±margin, by the interval of `paired_interval`, each end at alpha (Schuirmann 1987).

    Args:
        spent: Share of alpha that each end uses up (`one_sided`).
    """

    def span(at: float) -> Interval:
        return one_sided(lambda level: paired_interval(differences, groups, level, bounds=bounds), at, spent=spent)

    def inside(at: float) -> bool:
        found = span(at)
        return -margin < found.low and found.high < margin

    interval = span(alpha)
    p = 1.0
    if inside(0.5 - 1e-9):
        p = _root(lambda at: -1.0 if inside(at) else 1.0, 0.0, 0.5, steps=28)
    return Equivalence(p=p, equivalent=inside(alpha), interval=interval, margin=margin)


def mcnemar(wins: int, losses: int) -> float:
    """Two-sided exact p of McNemar's test; only for groups of one.

    Args:
        wins: Examples that only the first arm got right.
        losses: Examples that only the second arm got right.
    """
    discordant = wins + losses
    return 1.0 if discordant == 0 else min(1.0, 2 * binomial_lower(min(wins, losses), discordant))
