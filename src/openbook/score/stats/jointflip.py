"""Several contrasts flipped together: whole groups change sign in all of them at once, so that their correlation counts.

Holm's procedure knows nothing of how tests hang together. Arms that are held against a common one, on the same
questions, hang together much.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from openbook.score.stats.clusters import Floats

Sums = Mapping[str, float]
"""Group → sum of its differences; a group that is not there has none."""

_BLOCK = 1 << 20
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flips:
    """Group sums of every contrast, scaled so that a contrast's total is |Σ S| / √Σ S².

    That rises with the studentised statistic, by the same curve for every contrast, so that the largest of the one is the
    largest of the other.
    """

    scaled: Floats
    seed: int
    draws: int

    @property
    def enumerated(self) -> bool:
        return bool(2 ** len(self.scaled) <= self.draws)

    @property
    def observed(self) -> Floats:
        return np.asarray(self.scaled.sum(axis=0))

    def totals(self) -> Iterator[Floats]:
        """(patterns, contrasts) totals, block by block."""
        groups = len(self.scaled)
        block = max(1, _BLOCK // max(1, groups))
        random = np.random.default_rng(self.seed)
        patterns = 2**groups if self.enumerated else self.draws
        for start in range(0, patterns, block):
            size = min(block, patterns - start)
            if self.enumerated:
                bits = (np.arange(start, start + size)[:, None] >> np.arange(groups)) & 1
            else:
                bits = random.integers(0, 2, size=(size, groups), dtype=np.int8)
            yield (bits * 2.0 - 1.0) @ self.scaled

    def share(self, count: Floats) -> Floats:
        """p-values from the number of patterns that were as extreme."""
        return count / 2.0 ** len(self.scaled) if self.enumerated else (1 + count) / (1 + self.draws)


def _flips(contrasts: Sequence[Sums], seed: int, draws: int) -> _Flips:
    names = sorted({name for sums in contrasts for name in sums})
    matrix = np.array([[sums.get(name, 0.0) for sums in contrasts] for name in names]).reshape(-1, len(contrasts))
    # A group without a difference anywhere is the same in every pattern.
    matrix = matrix[np.abs(matrix).max(axis=1, initial=0.0) > 1e-12]
    length = np.sqrt(np.square(matrix).sum(axis=0))
    return _Flips(scaled=matrix / np.where(length > 0, length, 1.0), seed=seed, draws=draws)


def max_t(contrasts: Sequence[Sums], *, seed: int = 0, draws: int = 20_000) -> list[float]:
    """Two-sided p-values adjusted for a family of contrasts, in order: step-down max-T (Westfall and Young 1993).

    Exact where all patterns are enumerated and no contrast of the family has a difference.

    Args:
        contrasts: Of each contrast, group → sum of its differences.
        seed: Of the draws, where the patterns are more than `draws`.
    """
    if not contrasts:
        return []
    flips = _flips(contrasts, seed, draws)
    observed = np.abs(flips.observed)
    order = np.argsort(-observed, kind="stable")
    count = np.zeros(len(contrasts))
    for totals in flips.totals():
        # Of each contrast and all that are less clear than it.
        largest = np.maximum.accumulate(np.abs(totals)[:, order[::-1]], axis=1)[:, ::-1]
        count += (largest >= observed[order] - _ROUNDING).sum(axis=0)
    adjusted = np.empty(len(contrasts))
    adjusted[order] = np.maximum.accumulate(flips.share(count))
    return [float(p) for p in adjusted]


def any_above(contrasts: Sequence[Sums], *, seed: int = 0, draws: int = 20_000) -> float:
    """One-sided p of the hypothesis that no contrast of these is above zero, by the largest of them."""
    if not contrasts:
        return 1.0
    flips = _flips(contrasts, seed, draws)
    threshold = float(flips.observed.max()) - _ROUNDING
    count = sum(float(np.count_nonzero(totals.max(axis=1) >= threshold)) for totals in flips.totals())
    return float(flips.share(np.array(count)))
