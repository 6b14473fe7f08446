"""Risk and coverage: how often answers are wrong when only the surest of them are given. Pure functions on numbers."""

import math
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openbook.score.stats.clusters import Floats
from openbook.score.stats.intervals import mean_interval

_SAME = 1e-9
"""Pseudo-values nearer to each other than this are the same, but for floating point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskCoverage:
    """Answers given in the order of how sure they are.

    Attributes:
        risks: Share that is wrong among the first k answers, k = 1 … n. Among equally sure ones, as if their order were
            drawn by lot.
        area: Mean of `risks`, the area under the risk–coverage curve (AURC; Geifman, Uziel and El-Yaniv 2019). An order
            that knows nothing has the share that is wrong of all.
        low: Of the area's interval, from jackknife pseudo-values over groups.
        best: The area if every wrong answer came last.
    """

    risks: tuple[float, ...]
    area: float
    low: float
    high: float
    best: float


def risk_coverage(
    wrong: Sequence[bool], sureness: Sequence[float], groups: Sequence[Hashable], level: float = 0.95
) -> RiskCoverage:
    """The curve of these answers.

    Args:
        sureness: Higher is surer; only the order counts. Minus infinity is allowed.

    Raises:
        ValueError: No answer at all, or sequences of different lengths.
    """
    bad, sure = np.array(wrong, dtype=np.float64), np.array(sureness, dtype=np.float64)
    if len(bad) == 0 or not len(bad) == len(sure) == len(groups):
        raise ValueError(f"{len(bad)} answers, {len(sure)} surenesses and {len(groups)} groups make no curve")
    labels = np.array([str(group) for group in groups])
    _, alike = np.unique(-sure, return_inverse=True)
    risks = _risks(bad, alike)
    area = float(risks.mean())
    without = [float(_risks(bad[kept], alike[kept]).mean()) for kept in _all_but_one(labels)]
    low, high = _interval(area, np.array(without), level)
    best = float(_risks(np.sort(bad), np.arange(len(bad))).mean())
    return RiskCoverage(risks=tuple(risks.tolist()), area=area, low=low, high=high, best=best)


def _risks(bad: Floats, alike: NDArray[np.int64]) -> Floats:
    """Share that is wrong among the first k.

    Args:
        alike: 0 for the surest answers, 1 for the next and so on; each of equally sure ones counts as they do on the
            average.
    """
    sums, counts = np.bincount(alike, weights=bad), np.bincount(alike)
    met = counts > 0
    expected = np.repeat(sums[met] / counts[met], counts[met])
    return np.asarray(expected.cumsum() / np.arange(1, len(bad) + 1))


def _all_but_one(labels: NDArray[np.str_]) -> Iterator[NDArray[np.bool_]]:
    """For each group the members of all others; nothing where there is one group."""
    names = np.unique(labels)
    return (labels != name for name in names) if len(names) > 1 else iter(())


def _interval(area: float, without: Floats, level: float) -> tuple[float, float]:
    """From Tukey's pseudo-values, one a group.

    Args:
        without: The area without each group.
    """
    count = len(without)
    if count < 2:
        return 0.0, 1.0
    values, names = count * area - (count - 1) * without, [str(place) for place in range(count)]
    if np.ptp(values) < _SAME:
        # Groups that all agree have no spread; like other constants they get the rule of three.
        same = mean_interval([min(1.0, max(0.0, area))] * count, names, level)
        return same.low, same.high
    spread = mean_interval(values.tolist(), names, level, bounds=(-math.inf, math.inf))
    half = (spread.high - spread.low) / 2
    return max(0.0, area - half), min(1.0, area + half)
