"""Confidence intervals of one mean, never of zero width and never outside what the scores can be.

| scores | groups of one | larger groups |
|---|---|---|
| 0/1 | Wilson with t in place of z | Wilson on the effective n, with t in place of z |
| others | Wilson on the effective n, with t in place of z | the same |
| without bounds | t | t |
| all the same | rule of three | rule of three over groups |

The effective n is that of 0/1 scores with the same mean and the same standard error, a cautious one (`cautious_error`), and
at least that of groups whose members are all the same (`alike_n`); t has as many degrees of freedom as groups, less one where they are of one size (`uneven_df`). The t interval of scores in
[0, 1] with a long tail is too narrow with few groups, as percentile and BCa bootstraps are: it is symmetric.
"""

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from openbook.score.stats.cautious import alike_n, cautious_error, uneven_df
from openbook.score.stats.clusters import Floats, Spread, group_sums, spread
from openbook.score.stats.tails import normal_quantile, t_quantile

Method = Literal["wilson", "t", "tango", "rule of three", "one group", "crossed"]
Bounds = tuple[float, float]

ADDED = 1.0
"""Size of the two groups that a mean's standard error reckons with, in mean group sizes."""

SPENT = 0.875
"""Share of alpha that one end by itself uses up: where scores have a tail, or groups are uneven, one side of an interval is
wrong by up to half a point too often, whatever both together are (docs/evidence/verdict.md)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A mean and where it may lie.

    Attributes:
        mean: Of the examples that have a score.
        low: Where failures are, of all examples with each failure at its worst.
        high: Where failures are, of all examples with each failure at its best.
        n: Examples that have a score.
        groups: Groups of all examples, the failed ones included.
    """

    mean: float
    low: float
    high: float
    level: float
    n: int
    groups: int
    failures: int = 0
    method: Method


def wilson(k: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a proportion (Wilson 1927).

    Args:
        k: Successes; like `n` it may be fractional (an effective count).
    """
    return _wilson(k / n, n, normal_quantile(0.5 + level / 2))


def _wilson(share: float, n: float, z: float) -> tuple[float, float]:
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def unseen_share(n: float, level: float) -> float:
    """Largest share of something never met in n independent draws: 1 − (1 − level)^(1/n), about 3/n at 95 %."""
    return float(-math.expm1(math.log1p(-level) / n))


def constant_bounds(value: float, n: float, level: float, bounds: Bounds) -> tuple[float, float]:
    """Rule of three where all n independent scores are the same: the unseen rest may lie anywhere within `bounds`."""
    rest = unseen_share(n, level)
    return value + rest * (bounds[0] - value), value + rest * (bounds[1] - value)


def proportion_interval(k: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Interval of k in n independent 0/1 scores: Wilson's, and the rule of three at 0 and n."""
    if k in (0, n):
        return constant_bounds(k / n, n, level, (0.0, 1.0))
    return wilson(k, n, level)


def mean_interval(
    values: Sequence[float | None],
    groups: Sequence[Hashable],
    level: float = 0.95,
    *,
    bounds: Bounds = (0.0, 1.0),
) -> Interval:
    """Interval of the example-weighted mean of clustered scores.

    Args:
        values: One score an example; None for a failure, which widens the interval to its worst and its best case.
        groups: Each example's group.
        bounds: The least and the greatest score there can be. With one group the interval is all of it.

    Raises:
        ValueError: No score at all, or one outside `bounds`.
    """
    scored = [(value, group) for value, group in zip(values, groups, strict=True) if value is not None]
    if any(not bounds[0] <= value <= bounds[1] for value, _ in scored):
        raise ValueError(f"a score lies outside {bounds}")
    whole = _interval([value for value, _ in scored], [group for _, group in scored], level, bounds)
    failures = len(values) - len(scored)
    if not failures:
        return whole
    worst, best = ([end if value is None else value for value in values] for end in bounds)
    low, high = _interval(worst, groups, level, bounds), _interval(best, groups, level, bounds)
    return replace(whole, low=low.low, high=high.high, groups=low.groups, failures=failures)


def _interval(values: Sequence[float], groups: Sequence[Hashable], level: float, bounds: Bounds) -> Interval:
    found = spread(values, groups)
    binary = bounds == (0.0, 1.0) and all(value in (0, 1) for value in values)
    low, high, method = _ends(found, *group_sums(values, groups), level, bounds, binary=binary)
    return Interval(mean=found.mean, low=low, high=high, level=level, n=found.n, groups=found.groups, method=method)


def _ends(
    found: Spread, sums: Floats, sizes: Floats, level: float, bounds: Bounds, *, binary: bool
) -> tuple[float, float, Method]:
    """Low end, high end and method of the interval that fits; see the table above."""
    flat = special_ends(found, level, bounds)
    if flat is not None:
        return flat
    width = bounds[1] - bounds[0]
    error = cautious_error(sums, sizes, bounds, added=ADDED)
    t = t_quantile(0.5 + level / 2, uneven_df(sizes))
    if not math.isfinite(width):
        return found.mean - t * error, found.mean + t * error, "t"
    share = (found.mean - bounds[0]) / width
    effective = max(share * (1 - share) * (width / error) ** 2, alike_n(sizes))
    if binary:
        effective = float(found.n) if found.groups == found.n else min(found.n, effective)
    low, high = _wilson(share, effective, t)
    return bounds[0] + width * low, bounds[0] + width * high, "wilson"


def end_level(alpha: float, *, spent: float = SPENT) -> float:
    """Level of the two-sided interval whose ends are each wrong with probability alpha at most."""
    return 1 - 2 * spent * alpha


def one_sided(interval: Callable[[float], Interval], alpha: float, *, spent: float = SPENT) -> Interval:
    """The interval whose ends are each wrong with probability alpha at most: that of level 1 − 2·spent·alpha.

    Where all scores are the same only one end is in doubt, and has the whole of what may go wrong: there of level 1 − alpha.

    Args:
        interval: Of a level.
        spent: Share of alpha that an end uses up; 1 for the textbook's.
    """
    found = interval(end_level(alpha, spent=spent))
    return interval(1 - alpha) if found.method == "rule of three" else found


def special_ends(found: Spread, level: float, bounds: Bounds) -> tuple[float, float, Method] | None:
    """The interval where there is no spread to make one from: one group, or scores that are all the same."""
    if found.groups == 1:
        return *bounds, "one group"
    if found.error == 0 or not bounds[0] < found.mean < bounds[1]:
        return *constant_bounds(found.mean, found.groups, level, bounds), "rule of three"
    return None
