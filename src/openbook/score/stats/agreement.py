"""Cohen's kappa: how far two raters agree beyond what their habits alone would bring about, with an interval.

Definition: Cohen 1960. Standard error of independent items: Fleiss, Cohen and Everitt 1969; of items in groups: the
jackknife over groups, t(G − 1). Knows nothing of who the raters are.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openbook.score.stats.clusters import spread
from openbook.score.stats.intervals import unseen_share
from openbook.score.stats.jackknife import pseudo_values
from openbook.score.stats.tails import normal_quantile, t_quantile

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far two raters agree.

    Attributes:
        kappa: 1: always; 0: as often as by chance.
        observed: Share of items on which they agree.
        chance: Share on which they would agree by chance, from how often each gives each label.
        groups: Groups of the items; the number of items where they are independent.
    """

    kappa: float
    low: float
    high: float
    level: float
    n: int
    groups: int
    observed: float
    chance: float


def kappa(
    first: Sequence[Hashable],
    second: Sequence[Hashable],
    groups: Sequence[Hashable] | None = None,
    level: float = 0.95,
) -> Agreement:
    """Cohen's kappa of two raters' labels of the same items.

    Args:
        groups: Each item's group, where items are not independent.

    Raises:
        ValueError: No items, a single group, or only one label on both sides, of which nothing can be learnt.
    """
    table = _tables(first, second)
    shares = table.sum(axis=0) / len(table)
    chance = float(shares.sum(axis=1) @ shares.sum(axis=0))
    if chance > 1 - 1e-12:
        raise ValueError("both raters give every item the same label: agreement beyond chance cannot be told")
    value = _kappa(shares)
    labels = list(range(len(first))) if groups is None else list(groups)
    low, high = _ends(table, shares, None if groups is None else labels, level)
    return Agreement(
        kappa=value,
        low=max(-1.0, low),
        high=min(1.0, high),
        level=level,
        n=len(table),
        groups=len(set(labels)),
        observed=float(np.trace(shares)),
        chance=chance,
    )


def _tables(first: Sequence[Hashable], second: Sequence[Hashable]) -> Floats:
    """(n, k, k): for each item a 1 where its two labels meet."""
    if not first or len(first) != len(second):
        raise ValueError(f"{len(first)} and {len(second)} labels are not labels of the same items")
    names = {name: place for place, name in enumerate(sorted({*first, *second}, key=str))}
    table = np.zeros((len(first), len(names), len(names)))
    table[np.arange(len(first)), [names[a] for a in first], [names[b] for b in second]] = 1
    return table


def _kappa(shares: Floats) -> float:
    chance = float(shares.sum(axis=1) @ shares.sum(axis=0))
    return 0.0 if chance > 1 - 1e-12 else (float(np.trace(shares)) - chance) / (1 - chance)


def _ends(table: Floats, shares: Floats, groups: Sequence[Hashable] | None, level: float) -> tuple[float, float]:
    value, width = _kappa(shares), len(shares)
    n = len(table) if groups is None else len(set(groups))
    if np.trace(shares) > 1 - 1e-12:
        # No disagreement was met; as many as the rule of three allows may still be out there.
        chance = float(shares.sum(axis=1) @ shares.sum(axis=0))
        return 1 - unseen_share(n, level) / (1 - chance), 1.0
    if groups is None:
        half = normal_quantile(0.5 + level / 2) * _error(shares, n)
    else:
        values, names = pseudo_values(
            lambda rows: _kappa(np.reshape(rows, (-1, width, width)).sum(axis=0) / np.sum(rows)),
            table.reshape(len(table), -1),
            groups,
            additive=True,
        )
        half = t_quantile(0.5 + level / 2, n - 1) * spread(values, names).error
    return value - half, value + half


def _error(shares: Floats, n: int) -> float:
    """Fleiss, Cohen and Everitt 1969, equation 13: the standard error where kappa is not 0."""
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    observed, chance = float(np.trace(shares)), float(rows @ columns)
    agreed = np.diag(shares) * ((1 - chance) - (rows + columns) * (1 - observed)) ** 2
    weights = (columns[:, None] + rows[None, :]) ** 2
    apart = (1 - observed) ** 2 * float((shares * weights).sum() - (np.diag(shares) * np.diag(weights)).sum())
    rest = (observed * chance - 2 * chance + observed) ** 2
    return math.sqrt(max(0.0, float(agreed.sum()) + apart - rest) / n) / (1 - chance) ** 2
