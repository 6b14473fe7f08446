"""What holds for a recipe and not only for these adapters: training seeds crossed with groups, for arms and pairs.

Only on the primary metric over all strata, and only where an arm was trained with two seeds or more.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from openbook.compare.marking.marks import Mark, Marks
from openbook.core.types import Score
from openbook.score.stats import Interval, crossed_interval, mean_interval, paired_interval

Row = Sequence[float | None]
"""One seed's scores, None for a failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Bounds for another training of the same recipe, with failures at their worst and at their best."""

    low: float
    high: float
    level: float
    seeds: int


def arm_recipe(marks: Marks, arm: str) -> Recipe | None:
    """Bounds of an arm's figure; None with one seed, or where the metric has no one number for an answer."""
    found = _rows(marks, [arm])
    if found is None or len(found[0][0]) < 2:
        return None
    (rows,), groups = found
    ends = [_filled(rows, end) for end in (0.0, 1.0)]
    low, high = (
        crossed_interval(end, groups, mean_interval(end.mean(axis=0).tolist(), groups, marks.level)) for end in ends
    )
    return _recipe(low, high, len(rows))


def pair_recipe(marks: Marks, a: str, b: str) -> Recipe | None:
    """Bounds of a − b, positive better; None where neither arm has two seeds.

    Seeds of two trained arms are paired by their place, since one seed draws the same training rows for both; an arm that
    is not trained answers the same whatever the seed.
    """
    found = _rows(marks, [a, b])
    if found is None or max(len(rows) for rows in found[0]) < 2:
        return None
    (first, second), groups = found
    if 1 < len(first) != len(second) > 1:
        return None
    seeds = max(len(first), len(second))
    sign = 1.0 if marks.primary.higher_is_better else -1.0
    least, most = (0.0, 1.0) if sign > 0 else (1.0, 0.0)
    ends = [
        sign * (_filled(first, mine, seeds) - _filled(second, theirs, seeds))
        for mine, theirs in ((least, most), (most, least))
    ]
    bounds = (-1.0, 1.0)
    low, high = (
        crossed_interval(end, groups, paired_interval(end.mean(axis=0), groups, marks.level), bounds=bounds)
        for end in ends
    )
    return _recipe(low, high, seeds)


def _recipe(low: Interval, high: Interval, seeds: int) -> Recipe:
    return Recipe(low=low.low, high=high.high, level=low.level, seeds=seeds)


def _rows(marks: Marks, arms: Sequence[str]) -> tuple[list[list[Row]], list[Hashable]] | None:
    """Of each arm, one row of scores a seed, over the questions that all of them were asked; and the groups."""
    logs = [marks.by_seed(arm, marks.primary.name) for arm in arms]
    every = [log for arm in logs for log in arm]
    asked = [q for q in marks.paper.questions if all(q.id in log for log in every)]
    asked = [q for q in asked if any(log[q.id] is not None for log in every)]
    scores = [log[q.id] for log in every for q in asked]
    if any(isinstance(mark, Score) and len(mark.values) > 1 for mark in scores):
        return None
    if not any(isinstance(mark, Score) for mark in scores):
        return None
    rows: list[list[Row]] = [[[_value(log[q.id]) for q in asked] for log in arm] for arm in logs]
    return rows, [marks.paper.group[q.id] for q in asked]


def _value(mark: Mark) -> float | None:
    return mark.values[0] if isinstance(mark, Score) else None


def _filled(rows: Sequence[Row], end: float, seeds: int = 0) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """(seeds, n) scores; a question that failed with one seed has failed, as in the figure itself."""
    failed = [any(row[place] is None for row in rows) for place in range(len(rows[0]))]
    array = np.array([[end if lost else value for value, lost in zip(row, failed, strict=True)] for row in rows])
    full = np.broadcast_to(array.astype(np.float64), (max(seeds, len(rows)), len(failed)))
    return np.array(full)
