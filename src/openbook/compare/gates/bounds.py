"""Where a mean or a difference of two arms may lie, each end by itself: what a one-sided claim rests on.

An end is wrong with probability alpha at most. Failures stand at their worst for the low end and at their best for the
high one. Knows numbers and groups, no arm and no report.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from openbook.compare.marking.marks import ROUNDING
from openbook.score.stats import Interval, end_level, mean_interval, one_sided, paired_interval, pseudo_values

Value = float | None
Reduce = Callable[[Sequence[Sequence[float]]], float]


class Ends(NamedTuple):
    low: float
    high: float


def mean_ends(values: Sequence[Value], groups: Sequence[str], *, alpha: float) -> Ends:
    """Of the mean of scores between 0 and 1, None for a failure."""

    def found(failure: float) -> Interval:
        scores = [_or(value, failure) for value in values]
        return one_sided(lambda level: mean_interval(scores, groups, level), alpha)

    return Ends(found(0.0).low, found(1.0).high)


def paired_ends(a: Sequence[Value], b: Sequence[Value], groups: Sequence[str], *, alpha: float) -> Ends:
    """Of the mean of a − b, both between 0 and 1, on the same questions."""

    def found(failure: float) -> Interval:
        differences = [_or(x, failure) - _or(y, 1 - failure) for x, y in zip(a, b, strict=True)]
        return one_sided(lambda level: paired_interval(differences, groups, level), alpha)

    return Ends(found(0.0).low, found(1.0).high)


def figure_ends(
    reduce: Reduce,
    matrix: Sequence[Sequence[float]],
    groups: Sequence[str],
    *,
    alpha: float,
    within: Ends,
    failed: float,
) -> Ends:
    """Of a figure that is no mean, from jackknife pseudo-values over groups.

    Args:
        within: The least and the greatest figure there can be.
        failed: Share of the questions without a score; theirs may lie anywhere within.
    """
    figure = reduce(matrix)
    values, names = pseudo_values(reduce, matrix, groups)
    if np.ptp(values) < ROUNDING * within.high:
        # Groups that all agree have no spread: the rule of three, with the whole of alpha for either end.
        found = paired_interval([figure] * len(names), names, 1 - alpha, bounds=within)
        low, high = found.low, found.high
    else:
        found = paired_interval(values, names, end_level(alpha), bounds=(-math.inf, math.inf))
        half = (found.high - found.low) / 2
        low, high = max(within.low, figure - half), min(within.high, figure + half)
    return Ends(low * (1 - failed) + within.low * failed, high * (1 - failed) + within.high * failed)


def _or(value: Value, end: float) -> float:
    return end if value is None else value
