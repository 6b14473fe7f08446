"""Comparison of every arm with the best of the others, by a procedure that knows the best was picked from the data.

After Hsu (1984, Annals of Statistics 12:1136–1144): only "the best against each other" has to hold, so K arms cost K − 1
comparisons and not K(K − 1)/2. With probability 1 − alpha or more all that is said here of all arms holds together.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from openbook.score.stats.clusters import Floats
from openbook.score.stats.intervals import Bounds, end_level
from openbook.score.stats.jointflip import any_above
from openbook.score.stats.paired import paired_interval
from openbook.score.stats.signflip import FEWEST_GROUPS, named_sums


@dataclass(frozen=True, slots=True, kw_only=True)
class AgainstBest:
    """One arm minus the best of the others; positive is better, also where lower scores are.

    Attributes:
        low: At most 0. Where it is above −margin, no other arm is better by the margin.
        high: At least 0.
        possible: Whether this arm may be the best one.
        p: Of the hypothesis that no other arm is better.
    """

    low: float
    high: float
    possible: bool
    p: float


def against_best(
    scores: Mapping[str, Sequence[float | None]],
    groups: Sequence[Hashable],
    *,
    alpha: float = 0.05,
    higher_is_better: bool = True,
    bounds: Bounds = (0.0, 1.0),
    seed: int = 0,
    draws: int = 20_000,
) -> dict[str, AgainstBest]:
    """Hold every arm against the best of the others.

    An arm is out where some other is better by a one-sided sign-flip test of the largest difference, groups flipped
    jointly, and by the paired interval at alpha / (K − 1). A failure is put where it harms the claim.

    Args:
        scores: Arm → one score an example, None for a failure; the same examples for all arms.
        alpha: Of everything that is said, together.
        bounds: Least and greatest score there can be.
    """
    worst, best = _filled(scores, bounds, higher_is_better)
    each = alpha / max(1, len(scores) - 1)
    reach = bounds[1] - bounds[0]

    def interval(first: Floats, second: Floats) -> tuple[float, float]:
        found = paired_interval(first - second, groups, end_level(each), bounds=(-reach, reach))
        return found.low, found.high

    highs = {a: {b: interval(best[a], worst[b])[1] for b in scores if b != a} for a in scores}
    ps = {
        a: any_above(
            [named_sums(worst[b] - best[a], groups) for b in scores if b != a],
            seed=seed,
            draws=draws,
        )
        for a in scores
    }
    few = len(set(groups)) < FEWEST_GROUPS
    possible = {a for a in scores if few or ps[a] > alpha or min(highs[a].values(), default=0.0) >= 0}
    lows = {a: min((interval(worst[a], best[b])[0] for b in possible if b != a), default=0.0) for a in scores}
    return {
        a: AgainstBest(
            low=min(0.0, lows[a]),
            high=max(0.0, min(highs[a].values(), default=0.0)) if a in possible else 0.0,
            possible=a in possible,
            p=ps[a],
        )
        for a in scores
    }


def _filled(
    scores: Mapping[str, Sequence[float | None]], bounds: Bounds, higher_is_better: bool
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Scores that are better where higher, with every failure at its worst, and at its best."""
    least, most = bounds if higher_is_better else bounds[::-1]
    sign = 1.0 if higher_is_better else -1.0
    return tuple(  # type: ignore[return-value]
        {name: sign * np.array([end if value is None else value for value in row]) for name, row in scores.items()}
        for end in (least, most)
    )
