"""The mean of clustered scores, its standard error, and how alike the members of a group are."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Example-weighted mean of clustered scores.

    Attributes:
        error: Cluster-robust standard error; 0 where every group agrees with the mean, and with a single group.
        df: Degrees of freedom, groups − 1.
    """

    mean: float
    error: float
    n: int
    groups: int

    @property
    def df(self) -> int:
        return self.groups - 1


def group_sums(values: ArrayLike, groups: Sequence[Hashable]) -> tuple[Floats, Floats]:
    """Sum and size of each group, in the sorted order of the group's names.

    Raises:
        ValueError: No values, lengths that differ, or values that are not finite.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or len(array) != len(groups):
        raise ValueError(f"{array.shape} values do not fit {len(groups)} group names")
    if len(array) == 0:
        raise ValueError("nothing was scored, so there is no figure")
    if not np.isfinite(array).all():
        raise ValueError("a score is not finite: failures are given as None, never as NaN")
    names, member = np.unique(np.asarray([str(group) for group in groups]), return_inverse=True)
    sums = np.bincount(member, weights=array).astype(np.float64)
    return sums, np.bincount(member, minlength=len(names)).astype(np.float64)


def spread(values: ArrayLike, groups: Sequence[Hashable]) -> Spread:
    """Mean and its linearised cluster-robust standard error, with the correction G / (G − 1).

    The mean is the ratio Σ sums / Σ sizes; se² = G/(G−1) · Σ (sum_g − size_g · mean)² / n² (Cochran 1977, "Sampling
    Techniques", section 9A). With groups of one it is the ordinary standard error of a mean.
    """
    sums, sizes = group_sums(values, groups)
    count, n = len(sums), float(sizes.sum())
    mean = float(sums.sum()) / n
    residuals = sums - sizes * mean
    # What floating point leaves of an exact zero must not pass for a standard error.
    residuals[np.abs(residuals) < 1e-12 * max(1.0, float(np.abs(sums).max()))] = 0.0
    error = 0.0 if count == 1 else float(np.sqrt(count / (count - 1) * np.square(residuals).sum())) / n
    return Spread(mean=mean, error=error, n=int(n), groups=count)


def group_correlation(values: ArrayLike, groups: Sequence[Hashable]) -> float:
    """Intra-group correlation by the analysis-of-variance estimator for unequal sizes (Donner 1986).

    Below 0 where members of a group differ more than strangers do; 0 where it cannot be told: groups of one, a single
    group, or scores that are all the same.
    """
    sums, sizes = group_sums(values, groups)
    array = np.asarray(values, dtype=np.float64)
    n, count = len(array), len(sums)
    if count in (1, n):
        return 0.0
    between = float((sizes * np.square(sums / sizes - array.mean())).sum()) / (count - 1)
    within = float(np.square(array).sum() - (np.square(sums) / sizes).sum()) / (n - count)
    size = (n - float(np.square(sizes).sum()) / n) / (count - 1)
    total = between + (size - 1) * max(within, 0.0)
    return 0.0 if total <= 1e-15 else (between - max(within, 0.0)) / total


def design_effect(values: ArrayLike, groups: Sequence[Hashable]) -> float:
    """How many times more examples it takes because they come in groups: 1 + (size − 1) · correlation, at least 1.

    `size` is the mean group size as an example sees it, Σ size² / n (Kish 1965).
    """
    _, sizes = group_sums(values, groups)
    size = float(np.square(sizes).sum() / sizes.sum())
    return 1 + (size - 1) * max(0.0, group_correlation(values, groups))
