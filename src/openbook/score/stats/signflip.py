"""The sign-flip test of a mean paired difference: if neither arm is better, each group's sum could as well be negative.

Enumerated where that is few enough, it is exact; with groups of one and 0/1 scores it is McNemar's exact test.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from openbook.score.stats.clusters import Floats, group_sums

FEWEST_GROUPS = 8
"""Below this many groups the smallest possible p (2 / 2^7 = .016) leaves no room for a family of tests."""

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SignFlip:
    """Result of the test.

    Attributes:
        p: Two-sided.
        smallest: The smallest p that this many groups, or draws, could have given.
        enumerated: Whether all sign patterns were counted, so that p is exact.
        informative: Groups whose sum is not zero; the others say nothing for either side.
    """

    p: float
    smallest: float
    enumerated: bool
    groups: int
    informative: int

    @property
    def decidable(self) -> bool:
        """Whether there are groups enough to decide anything."""
        return self.groups >= FEWEST_GROUPS


def sign_flip(differences: ArrayLike, groups: Sequence[Hashable], *, seed: int = 0, draws: int = 20_000) -> SignFlip:
    """Two-sided sign-flip test over group sums.

    The studentised statistic |Σ S| / √(Σ (S − mean)²) rises with |Σ S|, because Σ S² is the same under every flip; so
    counting |Σ S| gives the studentised test's p. Groups with a sum of zero stay in the test.

    Args:
        differences: One paired difference an example.
        seed: Of the draws, where the patterns of the telling groups are more than `draws`; then
            p = (1 + c) / (1 + draws).
    """
    sums, _ = group_sums(differences, groups)
    count = len(sums)
    # Ties with the observed sum count; the tolerance is far above rounding and far below any real difference.
    threshold = abs(float(sums.sum())) - 1e-9 * float(np.abs(sums).sum())
    # A sum of zero is the same in every pattern: leaving it out of the count of patterns leaves p as it is.
    telling = sums[np.abs(sums) > 1e-12]
    enumerated = 2 ** len(telling) <= draws
    if enumerated:
        p = float(np.mean(np.abs(_all_flips(telling)) >= threshold))
    else:
        p = (1 + _count_extreme(telling, threshold, seed=seed, draws=draws)) / (1 + draws)
    smallest = 2.0 ** (1 - count) if 2**count <= draws else 1 / (1 + draws)
    return SignFlip(p=p, smallest=smallest, enumerated=enumerated, groups=count, informative=len(telling))


def named_sums(differences: ArrayLike, groups: Sequence[Hashable]) -> dict[str, float]:
    """Group → sum of its differences."""
    sums, _ = group_sums(differences, groups)
    return dict(zip(sorted({str(group) for group in groups}), sums.tolist(), strict=True))


def _all_flips(sums: Floats) -> Floats:
    """Totals of all 2^(n−1) patterns in which the first sum keeps its sign: the others mirror them."""
    totals = sums[:1] if len(sums) else np.zeros(1)
    for value in sums[1:]:
        totals = np.concatenate([totals + value, totals - value])
    return totals


def _count_extreme(sums: Floats, threshold: float, *, seed: int, draws: int) -> int:
    random = np.random.default_rng(seed)
    block = max(1, _BLOCK // len(sums))
    extreme = 0
    for start in range(0, draws, block):
        signs = random.integers(0, 2, size=(min(block, draws - start), len(sums)), dtype=np.int8) * 2 - 1
        extreme += int(np.count_nonzero(np.abs(signs @ sums) >= threshold))
    return extreme
