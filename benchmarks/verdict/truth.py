"""Studies whose truth is known: scores in groups, drawn from laws with an exact mean. Knows no test and no interval.

A batch holds many studies of one layout. What the statistics need of a study is kept: the sum and size of each group,
and of 0/1 scores the number of wins and losses.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int, Floats], "Batch"]

_MIXED = (2, 1, 4, 1, 17, 1, 3, 1, 9, 2, 1, 6)
"""Sizes as labelled sets have them: most groups small, few large."""

SPREAD = {"none": 0.0, "some": 0.2, "strong": 0.5}
"""How alike the members of a group are: intra-group correlation of the 0/1 laws, and of the qualities of the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Scores, or paired differences, of many studies.

    Attributes:
        sums: (studies, groups).
        sizes: (groups,), the same in every study.
        whole: (studies,) whether all scores of a study are −1, 0 or 1.
        wins: (studies,) scores of 1.
        losses: (studies,) scores of −1.
    """

    sums: Floats
    sizes: Floats
    whole: NDArray[np.bool_]
    wins: Floats
    losses: Floats


def layout(name: str, groups: int) -> Floats:
    """Sizes of the groups: `1`, `17`, or `1-17` (uneven)."""
    if name == "1-17":
        return np.resize(np.array(_MIXED, dtype=np.float64), groups)
    return np.full(groups, float(name))


def quality(random: np.random.Generator, mean: float, alike: str, shape: tuple[int, ...]) -> Floats:
    """Each group's own share or quality: Beta with this mean, so that two members correlate by `SPREAD[alike]`."""
    correlation = SPREAD[alike]
    if correlation == 0:
        return np.full(shape, mean)
    strength = (1 - correlation) / correlation
    return random.beta(mean * strength, (1 - mean) * strength, shape)


def binary(mean: float, alike: str) -> Draw:
    """0/1 scores of one arm, beta-binomial in each group."""

    def draw(random: np.random.Generator, studies: int, sizes: Floats) -> Batch:
        share = quality(random, mean, alike, (studies, len(sizes)))
        sums = random.binomial(sizes.astype(int), share).astype(np.float64)
        return _counts(sums, np.zeros_like(sums), sizes)

    return draw


def binary_pair(better: float, worse: float, alike: str) -> Draw:
    """Differences of two arms' 0/1 scores: a win with probability `better`, a loss with `worse`, else a tie.

    Each group has chances of its own, Dirichlet around these.
    """

    def draw(random: np.random.Generator, studies: int, sizes: Floats) -> Batch:
        shape, counts = (studies, len(sizes)), sizes.astype(int)
        correlation = SPREAD[alike]
        if correlation == 0:
            win, lose = np.full(shape, better), np.full(shape, worse)
        else:
            strength = (1 - correlation) / correlation
            win = random.beta(better * strength, (1 - better) * strength, shape)
            rest = random.beta(worse * strength, (1 - better - worse) * strength, shape)
            lose = (1 - win) * rest
        wins = random.binomial(counts, win)
        losses = random.binomial(counts - wins, np.clip(lose / np.maximum(1 - win, 1e-12), 0, 1))
        return _counts(wins.astype(np.float64), losses.astype(np.float64), sizes)

    return draw


def bounded(mean: float, alike: str) -> Draw:
    """Scores like token F1: a quarter each of clear hits and misses by the group's quality, the rest between."""

    def draw(random: np.random.Generator, studies: int, sizes: Floats) -> Batch:
        return _examples(_graded(random, mean, alike, studies, sizes), sizes)

    return draw


def bounded_pair(first: float, second: float, alike: str, ties: float = 0.4) -> Draw:
    """Differences of two such arms, each with qualities of its own; `ties` of the answers are the same."""
    return _pair(_graded, first, second, alike, ties)


def skewed(mean: float, alike: str) -> Draw:
    """Scores near 0 with a long tail, as ROUGE and BLEU of free text have them."""

    def draw(random: np.random.Generator, studies: int, sizes: Floats) -> Batch:
        return _examples(_tailed(random, mean, alike, studies, sizes), sizes)

    return draw


def skewed_pair(first: float, second: float, alike: str, ties: float = 0.4) -> Draw:
    """Differences of two such arms; `ties` of the answers are the same."""
    return _pair(_tailed, first, second, alike, ties)


def lopsided_pair(share: float = 0.1, height: float = 0.8) -> Draw:
    """The known bad corner: a few whole groups gain much, the others lose a little, and the true mean is zero."""

    def draw(random: np.random.Generator, studies: int, sizes: Floats) -> Batch:
        gains = random.random((studies, len(sizes))) < share
        sums = np.where(gains, height, -height * share / (1 - share)) * sizes
        none = np.zeros(studies)
        return Batch(sums=sums, sizes=sizes, whole=none.astype(bool), wins=none, losses=none)

    return draw


def graded_mean(mean: float) -> float:
    """True mean of `bounded`: half the scores are hits or misses by the quality, the others average one half."""
    return 0.5 * mean + 0.25


def _graded(random: np.random.Generator, mean: float, alike: str, studies: int, sizes: Floats) -> Floats:
    share = np.repeat(quality(random, mean, alike, (studies, len(sizes))), sizes.astype(int), axis=1)
    drawn = random.random(share.shape)
    # The mean of two uniform draws: a triangle around one half.
    between = (random.random(share.shape) + random.random(share.shape)) / 2
    return np.where(drawn < 0.5, drawn < 0.5 * share, between).astype(np.float64)


def _tailed(random: np.random.Generator, mean: float, alike: str, studies: int, sizes: Floats) -> Floats:
    share = np.repeat(quality(random, mean, alike, (studies, len(sizes))), sizes.astype(int), axis=1)
    # u^k has mean 1 / (k + 1): the exponent gives each example its group's mean.
    share = np.clip(share, 1e-9, 1 - 1e-9)
    return random.random(share.shape) ** (1 / share - 1)


def _pair(
    law: Callable[[np.random.Generator, float, str, int, Floats], Floats],
    first: float,
    second: float,
    alike: str,
    ties: float,
) -> Draw:
    def draw(random: np.random.Generator, studies: int, sizes: Floats) -> Batch:
        difference = law(random, first, alike, studies, sizes) - law(random, second, alike, studies, sizes)
        difference[random.random(difference.shape) < ties] = 0.0
        return _examples(difference, sizes)

    return draw


def arms(
    law: str,
    means: tuple[float, ...],
    alike: str,
    random: np.random.Generator,
    studies: int,
    sizes: Floats,
    ties: float = 0.4,
) -> list[Floats]:
    """Group sums of several arms on the same examples, each with group qualities of its own.

    `ties` of the examples get the same answer from every arm; they add nothing to any difference and are left out.

    Args:
        law: `0/1`; `bounded`: half hits or misses, the rest 1/4, 1/2 or 3/4; `skewed`: few hits, most of them worth 1/4.
        means: Of each arm's qualities: equal ones are equal arms.
    """
    counts = sizes.astype(int)
    telling = counts - random.binomial(counts, ties, (studies, len(sizes)))
    return [_sums(random, law, telling, quality(random, mean, alike, telling.shape)) for mean in means]


def _sums(random: np.random.Generator, law: str, telling: NDArray[np.int64], share: Floats) -> Floats:
    if law == "bounded":
        clear = random.binomial(telling, 0.5)
        between = telling - clear
        return random.binomial(clear, share) + (between + random.binomial(2 * between, 0.5)) / 4
    hits = random.binomial(telling, share).astype(np.float64)
    return hits if law == "0/1" else 0.25 * hits + 0.75 * random.binomial(hits.astype(int), 0.2)


def _grouped(values: Floats, sizes: Floats) -> Floats:
    starts = np.concatenate([[0], np.cumsum(sizes.astype(int))[:-1]])
    return np.add.reduceat(values, starts, axis=1)


def _examples(values: Floats, sizes: Floats) -> Batch:
    return Batch(
        sums=_grouped(values, sizes),
        sizes=sizes,
        whole=np.isin(values, (-1.0, 0.0, 1.0)).all(axis=1),
        wins=(values == 1).sum(axis=1).astype(np.float64),
        losses=(values == -1).sum(axis=1).astype(np.float64),
    )


def _counts(wins: Floats, losses: Floats, sizes: Floats) -> Batch:
    return Batch(
        sums=wins - losses,
        sizes=sizes,
        whole=np.ones(len(wins), dtype=bool),
        wins=wins.sum(axis=1),
        losses=losses.sum(axis=1),
    )
