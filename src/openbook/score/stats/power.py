"""How much data would decide, and what the data at hand could have shown. Never from the observed effect.

`needed_groups` plans before there is anything: with so many groups a clear truth is found four times of five. `needed` says
when a comparison that decided nothing could not help deciding: once the largest difference that the test does not call
is, by the interval in use, inside the margin. So it is more than what was asked, as long as the spread stays what it was.
"""

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from openbook.score.stats.cautious import alike_n, cautious_error, uneven_df
from openbook.score.stats.clusters import design_effect, group_correlation, group_sums, spread
from openbook.score.stats.intervals import SPENT, end_level, unseen_share
from openbook.score.stats.paired import ADDED, all_whole, clustered_tango, tango
from openbook.score.stats.signflip import FEWEST_GROUPS
from openbook.score.stats.tails import chi2_quantile, share_reaching, t_quantile

Question = Literal["difference", "equivalence"]
LARGEST = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """What would decide, as intervals: the spread between groups is itself only estimated.

    Attributes:
        groups: (low, high) number of groups, those at hand included.
        examples: (low, high) number of examples, at the present number of examples a group.
        sd: Standard deviation of a group's contribution to the mean difference; 0 where all differences are the same.
        correlation: Between the differences of one group's examples.
        effect: The design effect.
    """

    groups: tuple[int, int]
    examples: tuple[int, int]
    sd: float
    correlation: float
    effect: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Alike:
    """What further groups are taken to be like.

    Attributes:
        sd: Of a group's contribution to the mean difference.
        differing: Share of examples that differ, where they differ by 1; None where differences are graded.
        size: Examples a group.
        least: Examples that a group is worth where all its members are the same; below 1 where sizes are uneven.
        evenness: Degrees of freedom as a share of groups − 1.
    """

    sd: float
    differing: float | None
    size: float
    least: float
    evenness: float

    def times(self, factor: float) -> "_Alike":
        """With a variance larger by this factor."""
        share = None if self.differing is None else min(1.0, self.differing * factor)
        return replace(self, sd=self.sd * math.sqrt(factor), differing=share)

    def df(self, groups: int) -> float:
        return max(1.0, self.evenness * (groups - 1))


def needed_groups(
    sd_between: float,
    margin: float,
    *,
    alpha: float = 0.05,
    power: float = 0.8,
    question: Question = "equivalence",
    evenness: float = 1.0,
) -> int:
    """Groups that answer a question with the given power.

    `difference`: a true difference as large as the margin is found by a two-sided test at alpha. `equivalence`: a
    true difference of zero is shown to lie inside ±margin by two one-sided tests at alpha. t quantiles, so a little more
    than the normal formula gives; at least as many as a sign-flip test needs to decide.

    Args:
        sd_between: Standard deviation of the groups' mean differences.
        evenness: Degrees of freedom as a share of groups − 1: below 1 where sizes are uneven (`uneven_df`).
    """
    return _least(lambda groups: _powerful(groups, sd_between, margin, alpha, power, question, evenness))


def _least(enough: Callable[[int], bool]) -> int:
    """The smallest number of groups that is enough, from the fewest that decide anything up to `LARGEST`."""
    low, high = FEWEST_GROUPS, FEWEST_GROUPS
    while not enough(high):
        low, high = high, 2 * high
        if high > LARGEST:
            return LARGEST
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return high


def _powerful(
    groups: int, sd: float, margin: float, alpha: float, power: float, question: Question, evenness: float
) -> bool:
    tails = (1 - alpha / 2, power) if question == "difference" else (1 - SPENT * alpha, (1 + power) / 2)
    # The sign-flip test of a difference counts no degrees of freedom; the interval of an equivalence does.
    df = groups - 1 if question == "difference" else max(1.0, evenness * (groups - 1))
    reach = sum(t_quantile(tail, df) for tail in tails) * sd / math.sqrt(groups)
    return reach <= margin and (question == "equivalence" or 2.0 ** (1 - groups) <= alpha)


def smallest_effect(
    sd_between: float, groups: int, *, alpha: float = 0.05, power: float = 0.8, whole: bool = False
) -> float | None:
    """Smallest true difference that so many groups find with the given power; None where they can decide nothing.

    Args:
        sd_between: Standard deviation of the groups' mean differences; 0 where none was seen to differ.
        whole: Whether scores are 0 or 1. Then, and where no group was seen to differ, it is at least the smallest share of
            groups that differ wholly, and all to one side, such that enough of them come up for a sign-flip test.
    """
    if groups < FEWEST_GROUPS or 2.0 ** (1 - groups) > alpha:
        return None
    reach = (t_quantile(1 - alpha / 2, groups - 1) + t_quantile(power, groups - 1)) * sd_between / math.sqrt(groups)
    return max(reach, share_reaching(_fewest_telling(alpha), groups, power)) if whole or sd_between == 0 else reach


def _fewest_telling(alpha: float) -> int:
    """Groups that must differ, all to one side, before a two-sided sign-flip test is at alpha: 2^(1−k) ≤ alpha."""
    return math.ceil(1 - math.log2(alpha))


def needed(
    differences: ArrayLike,
    groups: Sequence[Hashable],
    margin: float,
    *,
    alpha: float = 0.05,
    family: int = 1,
    level: float = 0.8,
    size: float | None = None,
) -> Needed:
    """What decides whatever the true difference is, from the spread of paired differences; their mean plays no part.

    With so many groups a difference is either large enough for the test or small enough for equivalence: nothing lies
    between. Where truth is zero, or the margin, fewer would do four times of five (`needed_groups`).

    Args:
        differences: Of dev examples, so that the test plays no part in planning it; where there are none, of the test's.
        alpha: Of the whole family; a difference must pass at alpha / family, equivalence at alpha.
        level: Of the interval, which is that of the spread.
        size: Examples a group among those still to be labelled; as in `differences` if None.

    Raises:
        ValueError: Fewer than two groups.
    """
    found = spread(differences, groups)
    if found.groups < 2:
        raise ValueError("one group has no spread")
    sums, sizes = group_sums(differences, groups)
    size = found.n / found.groups if size is None else size
    sd = cautious_error(sums, sizes) * math.sqrt(found.groups) if found.error else 0.0
    differing, _ = group_sums(np.abs(np.asarray(differences)), groups)
    whole = all_whole(differences) or not found.error
    seen = _Alike(
        sd=sd,
        differing=float(differing.sum()) / found.n if whole else None,
        size=size,
        least=alike_n(sizes) / found.groups,
        evenness=uneven_df(sizes) / found.df,
    )
    low, high = (
        _least(partial(_nothing_between, like=like, margin=margin, alpha=alpha, family=family))
        for like in _ends(seen, int(np.count_nonzero(differing)), found.groups, (1 - level) / 2)
    )
    return Needed(
        groups=(low, high),
        examples=(math.ceil(low * size), math.ceil(high * size)),
        sd=sd,
        correlation=group_correlation(differences, groups),
        effect=design_effect(differences, groups),
    )


def _ends(seen: _Alike, telling: int, groups: int, tail: float) -> list[_Alike]:
    """The least and the greatest spread that may be behind the one seen.

    Args:
        telling: Groups with an example that differs. Where differences are whole, their share is no better known than so
            many of so many groups tell (Clopper and Pearson 1934).
    """
    low, high = ((groups - 1) / chi2_quantile(end, groups - 1) for end in (1 - tail, tail))
    if seen.differing is not None:
        most = share_reaching(telling + 1, groups, 1 - tail) if telling < groups else 1.0
        if not telling:
            return [seen, replace(seen, sd=math.sqrt(most), differing=most)]
        share = telling / groups
        low, high = min(low, share_reaching(telling, groups, tail) / share), max(high, most / share)
    return [seen.times(low), seen.times(high)]


def _nothing_between(groups: int, *, like: _Alike, margin: float, alpha: float, family: int) -> bool:
    """Whether the largest difference that the test leaves uncalled is shown to be inside the margin."""
    if 2.0 ** (1 - groups) > alpha / family:
        return False
    return _upper(groups, _uncalled(groups, like, alpha / family), like, alpha) <= margin


def _uncalled(groups: int, like: _Alike, alpha: float) -> float:
    """The largest mean difference that a sign-flip test at alpha does not call."""
    reach = t_quantile(1 - alpha / 2, groups - 1) * like.sd / math.sqrt(groups)
    if like.differing is None:
        return reach
    return min(like.differing, max(reach, _fewest_telling(alpha) / groups))


def _upper(groups: int, mean: float, like: _Alike, alpha: float) -> float:
    """Upper end of the interval that equivalence is judged by, of `paired_interval`, around this mean."""
    tail = SPENT * alpha
    if like.differing is None:
        return mean + t_quantile(1 - tail, like.df(groups)) * like.sd / math.sqrt(groups)
    if like.differing == 0:
        return unseen_share(groups, 1 - alpha)
    n = groups * like.size
    wins, losses = n * (like.differing + mean) / 2, n * (like.differing - mean) / 2
    if like.size == 1:
        return tango(wins, losses, n, end_level(alpha))[1]
    # Two groups of `ADDED` mean sizes, one at each end, as the interval's own standard error has them.
    error = math.sqrt(like.sd**2 / groups + 2 * (ADDED / groups) ** 2)
    z = t_quantile(1 - tail, like.df(groups))
    return clustered_tango(wins, losses, n, error=error, least=groups * like.least, z=z)[1]
