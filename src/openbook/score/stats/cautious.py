"""A standard error for groups that are few, uneven, or rarely show what they could show.

The plain cluster-robust error is too small in three situations, which all occur: where a few large groups hold most of the
examples, where successes are so rare that hardly any group has one, and where scores have a long tail that was not met
yet. An interval from it then misses the truth in 10 to 30 % of the studies instead of 5 (docs/evidence/verdict.md).
"""

import math

import numpy as np

from openbook.score.stats.clusters import Floats

ALIKE = 0.5
"""Correlation within groups that uneven sizes are reckoned with."""


def cautious_error(
    sums: Floats, sizes: Floats, bounds: tuple[float, float] = (-math.inf, math.inf), *, added: float = 0.0
) -> float:
    """Standard error of a mean over groups, as if two more groups had been met: one at each end of what can be.

    The idea is Agresti and Coull's (1998, "two successes and two failures"), applied to groups; the mean stays as it is.
    What is added weighs less than one part in G, so it vanishes as groups get many. The sum of squares is freed of the
    bias that uneven sizes give it.

    Args:
        sums: Of each group's scores.
        sizes: Examples of each group.
        bounds: The least and the greatest score there can be; where they are not finite nothing is added.
        added: Size of each added group, in mean group sizes.
    """
    if added and math.isfinite(bounds[0]) and math.isfinite(bounds[1]):
        extra = added * float(sizes.mean())
        sums = np.concatenate([sums, [extra * bounds[0], extra * bounds[1]]])
        sizes = np.concatenate([sizes, [extra, extra]])
    n = float(sizes.sum())
    residuals = sums - sizes * (float(sums.sum()) / n)
    return math.sqrt(float(np.square(residuals).sum()) / _moments(sizes)[0]) / n


def uneven_df(sizes: Floats) -> float:
    """Degrees of freedom of the sum of squares over groups: groups − 1 where all have one size, fewer where not.

    Satterthwaite's, for a mean (Bell and McCaffrey 2002), with the members of a group taken to be half alike: how alike
    they are cannot be told where groups are few.
    """
    trace, squares = _moments(sizes)
    return trace * trace / squares


def alike_n(sizes: Floats) -> float:
    """Examples that so many are worth where the members of each group are all the same (Kish 1965).

    Scores within bounds cannot vary more than that: no error need be reckoned with that leaves fewer.
    """
    return float(sizes.sum()) ** 2 / float(np.square(sizes).sum())


def _moments(sizes: Floats) -> tuple[float, float]:
    """Trace, and sum of squares, of the residuals' covariance, where members of a group correlate by `ALIKE`.

    The covariance is diag(v) − w vᵀ − v wᵀ + w wᵀ with weights w = size / n and variances v of the groups' sums, Σ v = 1.
    """
    w, v = sizes / sizes.sum(), sizes * (1 + ALIKE * (sizes - 1))
    v = v / v.sum()
    ww, vv, wv = float(w @ w), float(v @ v), float(w @ v)
    squares = vv + 2 * ww * vv + 2 * wv * wv + ww * ww - 4 * float(w @ (v * v)) + 2 * float(v @ (w * w)) - 4 * wv * ww
    return 1 - 2 * wv + ww, squares
