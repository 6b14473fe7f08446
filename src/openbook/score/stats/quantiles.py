"""Bounds of a quantile that hold for any distribution: two of the sorted values. Knows nothing of what was measured.

The number of values below the q-quantile is binomial, so the r-th smallest lies below it with a known probability (David
and Nagaraja 2003, "Order Statistics", section 7.1). Values are taken to be independent.
"""

import math
from collections.abc import Sequence

from openbook.score.stats.tails import binomial_lower

_ROUNDING = 1e-12


def quantile_bounds(values: Sequence[float], q: float, *, alpha: float = 0.05) -> tuple[float, float]:
    """A lower and an upper bound of the q-quantile, each of them wrong with probability alpha at most.

    Minus or plus infinity where there are too few values for a bound; `quantile_needed` says how many it takes.

    Args:
        q: Between 0 and 1; 0.5 is the median.
    """
    ordered, n = sorted(values), len(values)
    below = [place for place in range(1, n + 1) if binomial_lower(place - 1, n, q) <= alpha + _ROUNDING]
    above = [place for place in range(1, n + 1) if 1 - binomial_lower(place - 1, n, q) <= alpha + _ROUNDING]
    return ordered[below[-1] - 1] if below else -math.inf, ordered[above[0] - 1] if above else math.inf


def quantile_needed(q: float, *, alpha: float = 0.05) -> int:
    """The fewest values that have an upper bound of the q-quantile: the smallest n with qⁿ ≤ alpha."""
    return math.ceil(math.log(alpha) / math.log(q) - _ROUNDING)
