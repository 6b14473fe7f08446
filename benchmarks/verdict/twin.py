"""The functions of `openbook.score.stats` that decide a verdict, for thousands of studies at once.

A second spelling, kept only because one study at a time would take hours; `tests/parity/test_verdict_twin.py` holds it
to the first one, figure by figure, on hundreds of drawn studies.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import special
from truth import Batch, Floats

from openbook.score.stats import FEWEST_GROUPS

ADDED_TO_MEANS, ADDED_TO_DIFFERENCES = 1.0, 0.5
"""Size of the two groups that a standard error reckons with, in mean group sizes."""
SPENT = 0.875
"""Share of alpha that one end of an interval uses up by itself."""

DRAWS = 20_000
_BLOCK = 1 << 20
_PORTION = 1_000
"""Draws counted before the studies that can no longer be at the cap or below are left out."""
_STUDIES = 1_000
_STEPS = 40
Bounds = tuple[float, float]
Bools = NDArray[np.bool_]
Signs = NDArray[np.float32]


def spread(batch: Batch) -> tuple[Floats, Floats]:
    """Mean and cluster-robust standard error of every study."""
    sums, sizes = batch.sums, batch.sizes
    groups, n = len(sizes), sizes.sum()
    mean = sums.sum(axis=1) / n
    residuals = sums - sizes * mean[:, None]
    residuals[np.abs(residuals) < 1e-12 * np.maximum(1.0, np.abs(sums).max(axis=1))[:, None]] = 0.0
    return mean, np.sqrt(groups / (groups - 1) * np.square(residuals).sum(axis=1)) / n


def mean_interval(batch: Batch, level: float) -> tuple[Floats, Floats]:
    """(low, high) of every study's mean of scores in [0, 1]."""
    mean, error = spread(batch)
    groups, n = len(batch.sizes), batch.sizes.sum()
    t = special.stdtrit(_df(batch.sizes), 0.5 + level / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        effective = mean * (1 - mean) / _cautious(batch, (0.0, 1.0), ADDED_TO_MEANS) ** 2
        effective = np.maximum(effective, n**2 / np.square(batch.sizes).sum())
        effective = np.where(batch.whole, n if groups == n else np.minimum(n, effective), effective)
        low, high = _wilson(mean, effective, t)
    flat = (error == 0) | (mean <= 0) | (mean >= 1)
    bottom, top = _constant(mean, groups, level, (0.0, 1.0))
    return np.where(flat, bottom, low), np.where(flat, top, high)


def paired_interval(batch: Batch, level: float) -> tuple[Floats, Floats]:
    """(low, high) of every study's mean difference, of differences in [−1, 1]."""
    mean, error = spread(batch)
    half = special.stdtrit(_df(batch.sizes), 0.5 + level / 2) * _cautious(batch, (-1.0, 1.0), 0.0)
    flat = (error == 0) | (np.abs(mean) >= 1)
    bottom, top = _constant(mean, len(batch.sizes), level, (-1.0, 1.0))
    low = np.where(flat, bottom, np.maximum(-1.0, mean - half))
    high = np.where(flat, top, np.minimum(1.0, mean + half))
    use = batch.whole & (batch.wins + batch.losses > 0)
    if use.any():
        low[use], high[use] = (end[use] for end in _tango_ends(batch, level))
    return low, high


def _cautious(batch: Batch, bounds: Bounds, added: float) -> Floats:
    """Standard error as if two more groups had been met, one at each end."""
    extra = added * batch.sizes.mean()
    # Groups of size zero add nothing.
    ends = np.tile([extra * bounds[0], extra * bounds[1]], (len(batch.sums), 1))
    sums, sizes = np.concatenate([batch.sums, ends], axis=1), np.concatenate([batch.sizes, [extra, extra]])
    residuals = sums - sizes * (sums.sum(axis=1) / sizes.sum())[:, None]
    trace = np.trace(_covariance(sizes))
    return np.sqrt(np.square(residuals).sum(axis=1) / trace) / sizes.sum()


def _df(sizes: Floats) -> float:
    covariance = _covariance(sizes)
    return float(np.trace(covariance) ** 2 / np.square(covariance).sum())


def _covariance(sizes: Floats) -> Floats:
    """Of the residuals of groups whose members are half alike."""
    variances = sizes * (1 + 0.5 * (sizes - 1))
    keep = np.eye(len(sizes)) - np.outer(sizes / sizes.sum(), np.ones(len(sizes)))
    return keep @ np.diag(variances / variances.sum()) @ keep.T


def _wilson(share: Floats, n: Floats, z: float) -> tuple[Floats, Floats]:
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return np.maximum(0.0, centre - half), np.minimum(1.0, centre + half)


def _constant(mean: Floats, groups: int, level: float, bounds: Bounds) -> tuple[Floats, Floats]:
    rest = -np.expm1(np.log1p(-level) / groups)
    return mean + rest * (bounds[0] - mean), mean + rest * (bounds[1] - mean)


def _tango_ends(batch: Batch, level: float) -> tuple[Floats, Floats]:
    mean, _ = spread(batch)
    groups, n = len(batch.sizes), batch.sizes.sum()
    if groups == n:
        return _tango(batch.wins, batch.losses, np.full(len(mean), n), special.ndtri(0.5 + level / 2))
    independent = (batch.wins + batch.losses - n * mean**2) / n**2
    error = _cautious(batch, (-1.0, 1.0), ADDED_TO_DIFFERENCES)
    with np.errstate(divide="ignore", invalid="ignore"):
        effect = np.where(independent > 0, np.maximum(1.0, error**2 / independent), np.inf)
    effect = np.minimum(effect, np.square(batch.sizes).sum() / n)
    z = special.stdtrit(_df(batch.sizes), 0.5 + level / 2)
    return _tango(batch.wins / effect, batch.losses / effect, n / effect, z)


def _tango(wins: Floats, losses: Floats, n: Floats, z: float) -> tuple[Floats, Floats]:
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (wins - losses) / n
    ones = np.ones_like(mean)
    low = _root(lambda delta: _tango_score(wins, losses, n, delta) - z, -ones, mean)
    high = _root(lambda delta: _tango_score(wins, losses, n, delta) + z, mean, ones)
    return low, high


def _tango_score(wins: Floats, losses: Floats, n: Floats, delta: Floats) -> Floats:
    linear = (2 * n - wins + losses) * delta - wins - losses
    constant = -losses * delta * (1 - delta)
    cell = (np.sqrt(np.maximum(0.0, linear * linear - 8 * n * constant)) - linear) / (4 * n)
    variance = n * (2 * cell + delta * (1 - delta))
    distance = wins - losses - n * delta
    with np.errstate(divide="ignore", invalid="ignore"):
        far = np.where(distance == 0, 0.0, np.copysign(np.inf, distance))
        return np.where(variance > 1e-15, distance / np.sqrt(np.maximum(variance, 1e-300)), far)


def _root(falling: Callable[[Floats], Floats], low: Floats, high: Floats) -> Floats:
    for _ in range(_STEPS):
        middle = (low + high) / 2
        right = falling(middle) > 0
        low, high = np.where(right, middle, low), np.where(right, high, middle)
    return (low + high) / 2


def equivalent(batch: Batch, margin: float, alpha: float = 0.05) -> Bools:
    """Whether two one-sided tests show every study's difference to lie inside ±margin."""
    low, high = paired_interval(batch, 1 - 2 * SPENT * alpha)
    mean, error = spread(batch)
    # The rule of three: either end has the whole of alpha.
    flat = ((error == 0) | (np.abs(mean) >= 1)) & ~(batch.whole & (batch.wins + batch.losses > 0))
    if flat.any():
        low[flat], high[flat] = (end[flat] for end in paired_interval(batch, 1 - alpha))
    return (-margin < low) & (high < margin)


def sign_flip(sums: Floats, *, cap: float = 1.0, draws: int = DRAWS) -> Floats:
    """Two-sided p of every study.

    The real test draws signs for the groups whose sum is not zero; here all studies share one matrix of signs for all
    groups, in which a sum of zero does nothing. So p is the same number where every sum tells or where all patterns are
    counted, and elsewhere another draw of it.

    Args:
        cap: Above it a p may be given as something smaller than it is, but above the cap: what no test can claim need
            not be counted to the end.
    """
    telling = np.abs(sums) > 1e-12
    counts = telling.sum(axis=1)
    threshold = np.abs(sums.sum(axis=1)) - 1e-9 * np.abs(sums).sum(axis=1)
    p = np.ones(len(sums))
    few = 2.0**counts <= draws
    for count in np.unique(counts[few & (counts > 0)]):
        rows = np.flatnonzero(counts == count)
        order = np.argsort(~telling[rows], axis=1, kind="stable")[:, :count]
        patterns = _patterns(int(count))
        p[rows] = _extreme(patterns, np.take_along_axis(sums[rows], order, axis=1), threshold[rows]) / len(patterns)
    many = np.flatnonzero(~few)
    for start in range(0, len(many), _STUDIES):
        rows = many[start : start + _STUDIES]
        p[rows] = _drawn(_signs(sums.shape[1], draws), sums[rows], threshold[rows], cap)
    return p


def _drawn(signs: Signs, sums: Floats, threshold: Floats, cap: float) -> Floats:
    """(1 + c) / (1 + draws), counted in portions, each only for the studies that may still be at the cap or below."""
    draws = len(signs)
    counts = np.zeros(len(sums))
    left = np.arange(len(sums))
    for start in range(0, draws, _PORTION):
        counts[left] += _extreme(signs[start : start + _PORTION], sums[left], threshold[left])
        left = left[(1 + counts[left]) / (1 + draws) <= cap]
    return (1 + counts) / (1 + draws)


def _extreme(signs: Signs, sums: Floats, threshold: Floats) -> NDArray[np.int64]:
    """How many patterns of each study have a total as far from zero as the observed one."""
    # Quarters add up without error in single precision, which is twice as fast.
    kind = np.float32 if np.array_equal(4 * sums, np.round(4 * sums)) else np.float64
    totals = signs.astype(kind, copy=False) @ sums.T.astype(kind)
    np.abs(totals, out=totals)
    return np.count_nonzero(totals >= threshold.astype(kind), axis=0)


def _patterns(count: int) -> Signs:
    """All sign patterns in which the first sum keeps its sign."""
    numbers = np.arange(2 ** (count - 1))[:, None]
    rest = (numbers >> np.arange(count - 1)) & 1
    return np.concatenate([np.ones((len(numbers), 1)), 1.0 - 2.0 * rest], axis=1).astype(np.float32)


@lru_cache(maxsize=1)
def _signs(count: int, draws: int) -> Signs:
    """The very patterns that `sign_flip` draws for so many telling groups."""
    random = np.random.default_rng(0)
    block = max(1, _BLOCK // count)
    parts = [
        random.integers(0, 2, size=(min(block, draws - start), count), dtype=np.int8) * 2 - 1
        for start in range(0, draws, block)
    ]
    return np.concatenate(parts).astype(np.float32)


def holm(p: Floats) -> Floats:
    """Holm's adjusted p-values of every study's family: (studies, tests)."""
    order = np.argsort(p, axis=1, kind="stable")
    ranked = np.take_along_axis(p, order, axis=1) * (p.shape[1] - np.arange(p.shape[1]))
    running = np.maximum.accumulate(np.minimum(1.0, ranked), axis=1)
    adjusted = np.empty_like(p)
    np.put_along_axis(adjusted, order, running, axis=1)
    return adjusted


def decidable(groups: int) -> bool:
    return groups >= FEWEST_GROUPS
