"""How much data would decide a pair, and the smallest difference that the data at hand could have shown.

From the spread of the pair's differences: on dev where both arms have answered enough of it, else on the test itself. The
mean difference plays no part, so what was seen does not plan what is asked next.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from openbook.compare.marking.marks import Marks
from openbook.core.types import Score
from openbook.score.stats import FEWEST_GROUPS, Contrast, all_whole, needed, smallest_effect

Side = Literal["dev", "test"]
Scored = tuple[list[float], list[Hashable]]
"""Differences of a pair, and the group of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enough:
    """What it takes to decide one pair whatever its true difference is, at its share of alpha.

    Attributes:
        examples: (low, high) test examples in all that decide, as an 80 % interval; more than were asked where the pair is
            undecided.
        groups: (low, high) groups in all.
        detectable: Smallest true difference that the groups at hand would have shown; None where they can show none.
        spread: Which answers the spread is from.
    """

    examples: tuple[int, int]
    groups: tuple[int, int]
    detectable: float | None
    spread: Side


def enough(
    test: Scored, dev: Scored | None, made: Contrast, *, alpha: float, family: int, undecided: bool
) -> Enough | None:
    """None with fewer than two groups.

    Dev's spread is believed until the test refutes it: where so many as it asks for were there and decided nothing, the
    test's own spread counts.

    Args:
        test: Of the questions that both arms have a score for.
        dev: The same of dev, where there is enough of it.
        made: The pair as it was tested.
        family: Pairs that share alpha; the equivalence test has it whole.
    """
    count = len(set(test[1]))
    if count < 2:
        return None
    size = made.n / made.groups
    side: Side = "dev" if dev else "test"
    plan = partial(needed, margin=made.margin, alpha=alpha, family=family, size=size)
    found = plan(*(dev or test))
    if undecided and found.groups[1] <= made.groups:
        side, found = "test", plan(*test)
    low, high = found.groups
    if undecided:
        # These groups did not decide, whatever failures or the last digits of a p-value had to do with it.
        low, high = max(low, made.groups + 1), max(high, made.groups + 1)
    effect = smallest_effect(found.sd, count, alpha=alpha / family, whole=all_whole(test[0]))
    return Enough(
        examples=(math.ceil(low * size), math.ceil(high * size)),
        groups=(low, high),
        detectable=None if effect is None else min(1.0, effect),
        spread=side,
    )


def needed_examples(found: Enough | None, made: Contrast) -> int:
    """Examples in all that decide an undecided pair: the greater end, or what makes the fewest groups that can decide."""
    if found:
        return found.examples[1]
    return math.ceil(max(FEWEST_GROUPS, made.groups + 1) * made.n / made.groups)


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
