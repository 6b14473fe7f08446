"""Intervals that hold for a recipe: training seeds are drawn too, crossed with groups, because every seed answers them all.

Averaging over seeds gives a figure for these adapters. Another training gives another adapter; how much that moves the
figure is learnt from the seeds at hand alone, and with two or three of them it is learnt badly.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from openbook.score.stats.clusters import Floats, group_sums
from openbook.score.stats.intervals import Bounds, Interval
from openbook.score.stats.tails import t_quantile


def crossed_interval(
    scores: ArrayLike, groups: Sequence[Hashable], inner: Interval, *, bounds: Bounds = (0.0, 1.0)
) -> Interval:
    """Widen the interval for these adapters to one for the recipe that made them.

    Two-way random effects: variance = group part + seed part − the part that both count (Cameron, Gelbach and Miller
    2011), the seed part never below zero. Each part has the t quantile of its own degrees of freedom, and the two
    distances are added in squares (Zou and Donner 2008): one pooled t quantile is too narrow where two seeds differ much.
    So it is never narrower than `inner`.

    Args:
        scores: (seeds, n) scores of an arm, or differences of two arms by seed; complete.
        inner: The interval of the scores averaged over seeds.
        bounds: The least and the greatest score, or difference, there can be.

    Raises:
        ValueError: Fewer than two seeds: how far another training moves the figure cannot be told.
    """
    array = np.asarray(scores, dtype=np.float64)
    if array.ndim != 2 or len(array) < 2:
        raise ValueError("one training seed says nothing of another: a recipe needs two or more")
    reach = t_quantile(0.5 + inner.level / 2, len(array) - 1) * math.sqrt(seed_variance(array, groups))
    low = inner.mean - math.hypot(inner.mean - inner.low, reach)
    high = inner.mean + math.hypot(inner.high - inner.mean, reach)
    return replace(inner, low=max(bounds[0], low), high=min(bounds[1], high), method="crossed")


def seed_variance(scores: ArrayLike, groups: Sequence[Hashable]) -> float:
    """What training seeds add to the variance of the mean over seeds and examples; at least 0.

    The spread of the seeds' means, less what groups that one seed suits better than another put into it: that part is in
    the spread between groups already.

    Args:
        scores: (seeds, n), two seeds or more.
    """
    array = np.asarray(scores, dtype=np.float64)
    seeds, n = len(array), array.shape[1]
    means = array.mean(axis=1)
    between = float(np.square(means - means.mean()).sum()) / (seeds * (seeds - 1))
    residuals = np.stack([_residuals(row, mean, groups) for row, mean in zip(array, means, strict=True)])
    count = len(residuals[0])
    if count < 2:
        return between
    interaction = float(np.square(residuals - residuals.mean(axis=0)).sum()) / (n * n)
    return float(max(0.0, between - interaction * count / (count - 1) / (seeds * (seeds - 1))))


def _residuals(row: Floats, mean: float, groups: Sequence[Hashable]) -> Floats:
    sums, sizes = group_sums(row, groups)
    return sums - sizes * mean
