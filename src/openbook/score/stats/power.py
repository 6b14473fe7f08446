"""How much data would decide, and what the data at hand could have shown. Never from the observed effect."""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

from numpy.typing import ArrayLike

from openbook.score.stats.cautious import cautious_error, uneven_df
from openbook.score.stats.clusters import design_effect, group_correlation, group_sums, spread
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
        sd: Standard deviation of a group's contribution to the mean difference.
        correlation: Between the differences of one group's examples.
        effect: The design effect.
    """

    groups: tuple[int, int]
    examples: tuple[int, int]
    sd: float
    correlation: float
    effect: float


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
    low, high = FEWEST_GROUPS, FEWEST_GROUPS
    while not _enough(high, sd_between, margin, alpha, power, question, evenness):
        low, high = high, 2 * high
        if high > LARGEST:
            return LARGEST
    while low < high:
        middle = (low + high) // 2
        if _enough(middle, sd_between, margin, alpha, power, question, evenness):
            high = middle
        else:
            low = middle + 1
    return high


def _enough(
    groups: int, sd: float, margin: float, alpha: float, power: float, question: Question, evenness: float
) -> bool:
    tails = (1 - alpha / 2, power) if question == "difference" else (1 - alpha, (1 + power) / 2)
    # The sign-flip test of a difference counts no degrees of freedom; the interval of an equivalence does.
    df = groups - 1 if question == "difference" else max(1.0, evenness * (groups - 1))
    reach = sum(t_quantile(tail, df) for tail in tails) * sd / math.sqrt(groups)
    return reach <= margin and (question == "equivalence" or 2.0 ** (1 - groups) <= alpha)


def smallest_effect(sd_between: float, groups: int, *, alpha: float = 0.05, power: float = 0.8) -> float | None:
    """Smallest true difference that so many groups find with the given power; None where they can decide nothing.

    Args:
        sd_between: Standard deviation of the groups' mean differences; 0 where none was seen to differ: then the smallest
            share of groups that differ wholly, and all to one side, such that enough of them come up for a sign-flip test.
    """
    if groups < FEWEST_GROUPS or 2.0 ** (1 - groups) > alpha:
        return None
    if sd_between == 0:
        return share_reaching(math.ceil(1 - math.log2(alpha)), groups, power)
    return (t_quantile(1 - alpha / 2, groups - 1) + t_quantile(power, groups - 1)) * sd_between / math.sqrt(groups)


def needed(
    differences: ArrayLike,
    groups: Sequence[Hashable],
    margin: float,
    *,
    alpha: float = 0.05,
    family: int = 1,
    power: float = 0.8,
    level: float = 0.8,
    size: float | None = None,
) -> Needed:
    """What would decide either way, from the spread of paired differences around their mean; the mean plays no part.

    Args:
        differences: Of dev examples, so that the test plays no part in planning it; where there are none, of the test's.
        alpha: Of the whole family; a difference must pass at alpha / family, equivalence at alpha.
        level: Of the interval, by the chi-squared interval of the spread.
        size: Examples a group among those still to be labelled; as in `differences` if None.

    Raises:
        ValueError: Fewer than two groups.
    """
    found = spread(differences, groups)
    if found.groups < 2:
        raise ValueError("one group has no spread")
    # A spread of zero is what few groups may show by chance: a half of the smallest step is put in its place.
    sums, sizes = group_sums(differences, groups)
    sd = (cautious_error(sums, sizes) if found.error else 0.0) * math.sqrt(found.groups) or 0.5 / found.n
    evenness = uneven_df(sizes) / found.df
    tail = (1 - level) / 2
    factors = [math.sqrt(found.df / chi2_quantile(probability, found.df)) for probability in (1 - tail, tail)]
    low, high = (_either(sd * factor, margin, alpha, family, power, evenness) for factor in factors)
    if found.error == 0:
        # Differences that are all the same have the rule of three for an interval: it must fit into the margin.
        least = math.ceil(math.log(alpha) / math.log1p(-min(margin, 0.999)))
        low, high = max(low, least), max(high, least)
    size = found.n / found.groups if size is None else size
    return Needed(
        groups=(low, high),
        examples=(math.ceil(low * size), math.ceil(high * size)),
        sd=sd,
        correlation=group_correlation(differences, groups),
        effect=design_effect(differences, groups),
    )


def _either(sd: float, margin: float, alpha: float, family: int, power: float, evenness: float) -> int:
    return max(
        needed_groups(sd, margin, alpha=alpha / family, power=power, question="difference"),
        needed_groups(sd, margin, alpha=alpha, power=power, question="equivalence", evenness=evenness),
    )
