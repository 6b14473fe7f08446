"""How many examples to label so that the margin wanted can be decided. From assumed spreads, since there is no data yet.

With `size` examples a group and correlation r between the differences of one group's examples, a group's mean
difference has the standard deviation sd · sqrt((1 + (size − 1) r) / size); the rest is `openbook.score.stats`.
"""

import math
from dataclasses import dataclass

from openbook.score.stats import needed_groups, smallest_effect

SPREADS = (0.2, 0.3, 0.5)
"""Of one question's difference between two arms. For marks of 0 and 1 it is about the root of the share of questions on
which the arms differ: 4, 9 and 25 %."""
ASKED = 0.45
"""Share of the labelled examples that are asked in the test, with the default division: 30 % in groups of their own, and a
quarter of the 60 % that are trained on."""
ALPHA = 0.05
POWER = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """What is assumed of the labels.

    Attributes:
        margin: Smallest difference that matters.
        spreads: Standard deviations of one question's difference.
        size: Examples a group.
        correlation: Between the differences of one group's examples.
        pairs: Pairs of arms that are tested, which share the error of a false "better".
    """

    margin: float = 0.05
    spreads: tuple[float, ...] = SPREADS
    size: int = 2
    correlation: float = 0.3
    pairs: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What one spread needs.

    Attributes:
        equivalence: Test examples that show two equal arms to be within the margin, 4 times in 5.
        difference: Test examples that find a difference as large as the margin, 4 times in 5.
        groups: Test groups that do both.
        label: Examples to label in all, training and dev included.
        label_groups: Groups to label in all.
    """

    spread: float
    equivalence: int
    difference: int
    groups: int
    label: int
    label_groups: int


def wanted(assumed: Assumed) -> tuple[Wanted, ...]:
    """What each of the assumed spreads needs, smallest first."""
    return tuple(_wanted(assumed, spread) for spread in sorted(assumed.spreads))


def _wanted(assumed: Assumed, spread: float) -> Wanted:
    sd = group_spread(spread, assumed)
    same = needed_groups(sd, assumed.margin, alpha=ALPHA, power=POWER, question="equivalence")
    other = needed_groups(sd, assumed.margin, alpha=ALPHA / assumed.pairs, power=POWER, question="difference")
    groups = max(same, other)
    label = math.ceil(groups * assumed.size / ASKED)
    return Wanted(
        spread=spread,
        equivalence=same * assumed.size,
        difference=other * assumed.size,
        groups=groups,
        label=label,
        label_groups=math.ceil(label / assumed.size),
    )


def group_spread(spread: float, assumed: Assumed) -> float:
    """Standard deviation of a group's mean difference."""
    return spread * math.sqrt((1 + (assumed.size - 1) * assumed.correlation) / assumed.size)


def shown_by(examples: int, assumed: Assumed) -> tuple[float | None, ...]:
    """For each spread, smallest first, the smallest difference that so many labelled examples find 4 times in 5.

    None where their test groups can decide nothing.
    """
    groups = int(examples * ASKED / assumed.size)
    return tuple(
        smallest_effect(group_spread(spread, assumed), groups, alpha=ALPHA / assumed.pairs, power=POWER)
        for spread in sorted(assumed.spreads)
    )
