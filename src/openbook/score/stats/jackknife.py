"""Turns a figure that is no mean (corpus BLEU, micro F1) into one number a group, whose mean it is, nearly."""

from collections.abc import Callable, Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from openbook.score.stats.clusters import Floats

Reduce = Callable[[Sequence[Sequence[float]]], float]


def pseudo_values(
    reduce: Reduce, matrix: ArrayLike, groups: Sequence[Hashable], *, additive: bool = False
) -> tuple[Floats, list[str]]:
    """Tukey's pseudo-values over groups: G · figure(all) − (G − 1) · figure(all but g).

    They are treated as independent scores, one a group: `paired_interval`, `tost` and `sign_flip` take the difference
    of two arms' pseudo-values. A pseudo-value may lie outside the metric's range, so give infinite bounds.

    Args:
        reduce: The metric's `reduce`.
        matrix: (n, width) scores.
        additive: Whether `reduce` looks at nothing but the columns' sums; then leaving a group out costs one row.

    Returns:
        G values and the names of their groups, sorted.

    Raises:
        ValueError: Fewer than two groups.
    """
    array = np.asarray(matrix, dtype=np.float64)
    labels = np.asarray([str(group) for group in groups])
    names = np.unique(labels)
    if len(names) < 2:
        raise ValueError("one group has no spread")
    whole = reduce(array.tolist())
    if additive:
        sums = np.array([array[labels == name].sum(axis=0) for name in names])
        without = np.array([reduce([row]) for row in (sums.sum(axis=0) - sums).tolist()])
    else:
        without = np.array([reduce(array[labels != name].tolist()) for name in names])
    return len(names) * whole - (len(names) - 1) * without, names.tolist()
