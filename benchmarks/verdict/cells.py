"""The grid: what is claimed, and every cell in which it is put to the test. Knows no command and no file."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations

import numpy as np
import truth
import twin
from truth import Draw, Floats

from openbook.score.stats import needed_groups
from openbook.score.stats.cautious import uneven_df

LEVEL, ALPHA, MARGIN, POWER = 0.95, 0.05, 0.05, 0.8
LAYOUTS = (("1", "none"), ("1-17", "some"), ("1-17", "strong"), ("17", "strong"))
"""Sizes of the groups, and how alike their members are."""
MOST = 500
"""Groups; what would need more is left out."""
_NUMBERS = 4_000_000
"""Scores, or group sums, in one array."""

Hits = Callable[[np.random.Generator, int], Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One claim in one situation.

    Attributes:
        scores: The law, in words.
        hits: Draws studies and says of each whether what is counted happened.
        low: The share of studies in which it happens must be at least this.
        high: And at most this.
        arms: Where whole arms are drawn, by group sums alone: how many.
        apart: Why the claim is not made here; the figure is shown all the same.
    """

    claim: str
    scores: str
    groups: int
    sizes: str
    alike: str
    hits: Hits
    low: float = 0.0
    high: float = 1.0
    arms: int = 0
    apart: str = ""

    @property
    def name(self) -> str:
        return f"{self.claim} | {self.scores} | {self.groups} groups of {self.sizes}, {self.alike}"

    def count(self, studies: int, seed: list[int]) -> int:
        """In how many of the studies it happens, drawn in portions that fit into memory."""
        random = np.random.default_rng(seed)
        lay = truth.layout(self.sizes, self.groups)
        per_study = self.arms * len(lay) if self.arms else int(lay.sum())
        portion = max(1, min(studies, _NUMBERS // per_study))
        parts = [min(portion, studies - start) for start in range(0, studies, portion)]
        return int(sum(self.hits(random, part).sum() for part in parts))


@cache
def grid() -> tuple[Cell, ...]:
    """Every cell, in the order of the table."""
    return (*_means(), *_differences(), *_false_better(), *_false_equivalent(), *_power(), *_corner())


def _coverage_limits(groups: int, share: float) -> tuple[float, float]:
    return (0.93, 0.97) if groups >= 30 and 0.05 <= share <= 0.95 else (0.93, 1.0)


def _covers(draw: Draw, sizes: Floats, mean: float, *, paired: bool) -> Hits:
    def hits(random: np.random.Generator, studies: int) -> Floats:
        batch = draw(random, studies, sizes)
        low, high = (twin.paired_interval if paired else twin.mean_interval)(batch, LEVEL)
        return (low <= mean + 1e-12) & (mean - 1e-12 <= high)

    return hits


def _means() -> Iterator[Cell]:
    shares = (0.02, 0.05, 0.2, 0.5, 0.95)
    for sizes, alike in LAYOUTS:
        laws = [(f"0/1, {p:g}", truth.binary(p, alike), p) for p in shares]
        laws.append(("bounded, .50", truth.bounded(0.5, alike), truth.graded_mean(0.5)))
        laws.append(("skewed, .10", truth.skewed(0.1, alike), 0.1))
        for scores, draw, mean in laws:
            for groups in (8, 15, 30, 100, MOST):
                low, high = _coverage_limits(groups, mean)
                hits = _covers(draw, truth.layout(sizes, groups), mean, paired=False)
                yield Cell(claim="coverage of a mean", scores=scores, groups=groups, sizes=sizes, alike=alike,
                           hits=hits, low=low, high=high)  # fmt: skip


_TAILED = (
    "graded differences with a long tail in few groups: groups are fewer than 121 times the squared skewness of their"
    " sums, so that the first term of Edgeworth's series makes one side of a t interval wrong by a point or more too often"
)


def _too_tailed(draw: Draw, sizes: str, groups: int) -> str:
    """Why a t interval is not trusted here; empty where it is. A law's skewness is its own, and not the study's.

    The one-sided error at 5 % is too large by skewness · (2z² + 1) φ(z) / (6 √G) = .11 skewness / √G (Hall 1992, section 2.6).
    """
    return _TAILED if groups < 121 * _skewness(draw, sizes) ** 2 else ""


def _skewness(draw: Draw, sizes: str) -> float:
    """Of what a group adds to the mean difference."""
    lay = truth.layout(sizes, 600)
    batch = draw(np.random.default_rng(1), 60, lay)
    residuals = batch.sums - lay * (batch.sums.sum() / (len(batch.sums) * lay.sum()))
    return float(np.mean(residuals**3) / np.mean(residuals**2) ** 1.5)


def _differences() -> Iterator[Cell]:
    for sizes, alike in LAYOUTS:
        laws = [
            ("0/1, wins .06 losses .04", truth.binary_pair(0.06, 0.04, alike), 0.02),
            ("0/1, wins .20 losses .20", truth.binary_pair(0.2, 0.2, alike), 0.0),
            ("0/1, wins .40 losses .10", truth.binary_pair(0.4, 0.1, alike), 0.3),
            ("bounded, difference .06", truth.bounded_pair(0.6, 0.4, alike), 0.06),
            ("skewed, difference .06", truth.skewed_pair(0.2, 0.1, alike), 0.06),
        ]
        for scores, draw, mean in laws:
            for groups in (8, 15, 30, 100, MOST):
                # Few discordant pairs are what a success rate near 0 is to a single mean.
                low, high = _coverage_limits(groups, 0.01 if "wins .06" in scores and groups < 100 else 0.5)
                hits = _covers(draw, truth.layout(sizes, groups), mean, paired=True)
                apart = "" if scores.startswith("0/1") else _too_tailed(draw, sizes, groups)
                yield Cell(claim="coverage of a difference", scores=scores, groups=groups, sizes=sizes, alike=alike,
                           hits=hits, low=low, high=high, apart=apart)  # fmt: skip


def _claims(law: str, means: tuple[float, ...], alike: str, sizes: Floats) -> Hits:
    """Whether a family of all pairs, adjusted by Holm, holds a significant difference between two equal arms."""
    pairs = list(combinations(range(len(means)), 2))
    equal = np.array([means[a] == means[b] for a, b in pairs])

    def hits(random: np.random.Generator, studies: int) -> Floats:
        sums = np.stack(truth.arms(law, means, alike, random, studies, sizes))
        # Holm rejects nothing where no p is at alpha / pairs: only the other studies are counted to alpha.
        first = _p_values(sums, pairs, cap=ALPHA / len(pairs))
        open_ = np.flatnonzero((first <= ALPHA / len(pairs)).any(axis=1))
        claimed = np.zeros(studies, dtype=bool)
        adjusted = twin.holm(_p_values(sums[:, open_], pairs, cap=ALPHA))
        claimed[open_] = ((adjusted <= ALPHA) & equal).any(axis=1)
        return claimed

    return hits


def _p_values(sums: Floats, pairs: Sequence[tuple[int, int]], *, cap: float) -> Floats:
    return np.stack([twin.sign_flip(sums[a] - sums[b], cap=cap) for a, b in pairs], axis=1)


def _false_better() -> Iterator[Cell]:
    families = (("2 arms", 2, 0), ("5 arms", 5, 0), ("5 arms, 1 ahead", 4, 1))
    for law, mean, ahead in (("0/1", 0.5, 0.9), ("bounded", 0.5, 0.9), ("skewed", 0.1, 0.5)):
        for sizes, alike in LAYOUTS:
            for groups in (8, 12, 20, 30, 100, MOST):
                for family, tied, leaders in families:
                    means = (mean,) * tied + (ahead,) * leaders
                    hits = _claims(law, means, alike, truth.layout(sizes, groups))
                    yield Cell(claim="false better", scores=f"{law}, {family}", groups=groups, sizes=sizes,
                               alike=alike, hits=hits, high=0.055, arms=5)  # fmt: skip


def _equivalent(draw: Draw, sizes: Floats, margin: float) -> Hits:
    return lambda random, studies: twin.equivalent(draw(random, studies, sizes), margin, ALPHA)


def _false_equivalent() -> Iterator[Cell]:
    for sizes, alike in LAYOUTS:
        laws = [
            ("0/1, wins .06 losses .01", truth.binary_pair(0.06, 0.01, alike), 0.05),
            ("0/1, wins .30 losses .10", truth.binary_pair(0.3, 0.1, alike), 0.2),
            ("bounded", truth.bounded_pair(0.75, 0.25, alike), 0.15),
            ("skewed", truth.skewed_pair(0.3, 0.05, alike), 0.15),
        ]
        for scores, draw, margin in laws:
            for groups in (8, 12, 20, 30, 100, MOST):
                hits = _equivalent(draw, truth.layout(sizes, groups), margin)
                apart = "" if scores.startswith("0/1") else _too_tailed(draw, sizes, groups)
                yield Cell(claim="false equivalent", scores=f"{scores}, margin {margin:g}", groups=groups, sizes=sizes,
                           alike=alike, hits=hits, high=0.055, apart=apart)  # fmt: skip


def _power() -> Iterator[Cell]:
    """At as many groups as `needed_groups` plans: a difference as large as the margin, and no difference at all."""
    for sizes, alike in LAYOUTS:
        for margin in (0.05, 0.1, 0.15):
            gap = margin / 0.6
            apart = [
                ("0/1", truth.binary_pair(0.15 + margin / 2, 0.15 - margin / 2, alike)),
                ("bounded", truth.bounded_pair(0.5 + gap, 0.5 - gap, alike)),
                ("skewed", truth.skewed_pair(0.1 + gap, 0.1, alike)),
            ]
            same = [
                ("0/1", truth.binary_pair(0.15, 0.15, alike)),
                ("bounded", truth.bounded_pair(0.5, 0.5, alike)),
                ("skewed", truth.skewed_pair(0.1, 0.1, alike)),
            ]
            for scores, draw in apart:
                for family in (1, 10):
                    yield from _planned(scores, draw, sizes, alike, margin, family)
            for scores, draw in same:
                yield from _planned(scores, draw, sizes, alike, margin, 0)


def _planned(scores: str, draw: Draw, sizes: str, alike: str, margin: float, family: int) -> Iterator[Cell]:
    """The cell of a difference (in a family of so many), or of equivalence (0)."""
    sd = _sd(draw, sizes)
    alpha = ALPHA / max(family, 1)
    question = "difference" if family else "equivalence"
    even = truth.layout(sizes, 60)
    groups = needed_groups(sd, margin, alpha=alpha, power=POWER, question=question,  # type: ignore[arg-type]
                           evenness=uneven_df(even) / (len(even) - 1))  # fmt: skip
    if groups > MOST:
        return
    lay = truth.layout(sizes, groups)

    def found(random: np.random.Generator, studies: int) -> Floats:
        return twin.sign_flip(draw(random, studies, lay).sums, cap=alpha) <= alpha

    hits = found if family else _equivalent(draw, lay, margin)
    what = f"difference in a family of {family}" if family else "equivalence"
    yield Cell(claim="power", scores=f"{scores}, {what}, margin {margin:g}", groups=groups, sizes=sizes, alike=alike,
               hits=hits, low=POWER - 0.04, high=POWER + 0.04)  # fmt: skip


def _sd(draw: Draw, sizes: str) -> float:
    """Standard deviation of a group's contribution to the mean difference: what `needed` estimates from dev."""
    lay = truth.layout(sizes, 600)
    _, error = twin.spread(draw(np.random.default_rng(1), 60, lay))
    return float(np.sqrt(np.mean(error**2)) * np.sqrt(len(lay)))


def _corner() -> Iterator[Cell]:
    why = "differences with mean zero that are far from symmetric: no sign-flip or t procedure holds with few groups"
    for sizes in ("1", "17"):
        for groups in (8, 12, 20, 30, 100, MOST):
            draw, lay = truth.lopsided_pair(), truth.layout(sizes, groups)

            def false(random: np.random.Generator, studies: int, draw: Draw = draw, lay: Floats = lay) -> Floats:
                return twin.sign_flip(draw(random, studies, lay).sums, cap=ALPHA) <= ALPHA

            covers = _covers(draw, lay, 0.0, paired=True)
            shared = {"scores": "lopsided", "groups": groups, "sizes": sizes, "alike": "strong", "apart": why}
            yield Cell(claim="false better", hits=false, high=0.055, **shared)  # type: ignore[arg-type]
            yield Cell(claim="coverage of a difference", hits=covers, low=0.93, **shared)  # type: ignore[arg-type]
