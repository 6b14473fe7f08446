"""How much data would decide a pair, and the smallest difference that the data at hand could have shown.

From the spread of the pair's differences: on dev where both arms have answered enough of it, else on the test itself. The
mean difference plays no part, so what was seen does not plan what is asked next.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

from openbook.compare.marking.marks import Marks
from openbook.core.types import Score
from openbook.score.stats import FEWEST_GROUPS, needed, smallest_effect, spread

Side = Literal["dev", "test"]
Scored = tuple[list[float], list[Hashable]]
"""Differences of a pair, and the group of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enough:
    """What it takes to decide one pair, at its share of alpha and 80 % power.

    Attributes:
        examples: (low, high) test examples in all that would decide, as an 80 % interval.
        groups: (low, high) groups in all.
        detectable: Smallest true difference that the groups at hand would have shown; None where they can show none.
        spread: Which answers the spread is from.
    """

    examples: tuple[int, int]
    groups: tuple[int, int]
    detectable: float | None
    spread: Side


def enough(test: Scored, dev: Scored | None, *, margin: float, alpha: float, family: int) -> Enough | None:
    """None with fewer than two groups.

    Args:
        test: Of the questions that both arms have a score for.
        dev: The same of dev, where there is enough of it.
        family: Pairs that share alpha; the equivalence test has it whole.
    """
    count = len(set(test[1]))
    if count < 2:
        return None
    differences, groups = dev or test
    found = needed(differences, groups, margin, alpha=alpha, family=family, size=len(test[0]) / count)
    # `needed` puts a least spread where none was seen; what could have been shown is told without it.
    sd = found.sd if spread(differences, groups).error else 0.0
    effect = smallest_effect(sd, count, alpha=alpha / family)
    return Enough(
        examples=found.examples,
        groups=found.groups,
        detectable=None if effect is None else min(1.0, effect),
        spread="dev" if dev else "test",
    )


def dev_spread(marks: Marks, a: str, b: str) -> Scored | None:
    """Primary differences of a pair on dev; None where fewer than the least deciding number of groups were answered."""
    first, second = marks.on_dev[a], marks.on_dev[b]
    found = [
        (x.values[0] - y.values[0], marks.paper.group.get(name, name))
        for name in sorted(first.keys() & second.keys())
        if isinstance(x := first[name], Score) and isinstance(y := second[name], Score) and len(x.values) == 1
    ]
    if len({group for _, group in found}) < FEWEST_GROUPS:
        return None
    return [difference for difference, _ in found], [group for _, group in found]


def scored(a: Sequence[float | None], b: Sequence[float | None], groups: Sequence[Hashable]) -> Scored:
    """The differences of the examples that both arms have a score for."""
    both = [(x - y, g) for x, y, g in zip(a, b, groups, strict=True) if x is not None and y is not None]
    return [difference for difference, _ in both], [group for _, group in both]
