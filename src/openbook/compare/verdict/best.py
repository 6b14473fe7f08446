"""The arms of a comparison held against the best of the others; the statistics are in `score.stats.best`."""

from collections.abc import Mapping, Sequence

from openbook.compare.marking.marks import Marks
from openbook.compare.verdict.pairs import values
from openbook.score.stats import AgainstBest, against_best


def against(marks: Marks, arms: Sequence[str], *, alpha: float) -> Mapping[str, AgainstBest]:
    """Every one of `arms` against the best other one of them, over the questions that all were asked.

    Empty where there is no such question, or where the primary metric has no one number for an answer.
    """
    found = values(marks, marks.primary, "all", arms)
    if found is None or not found[1]:
        return {}
    rows, groups = found
    scores = dict(zip(arms, rows, strict=True))
    return against_best(scores, groups, alpha=alpha, higher_is_better=marks.primary.higher_is_better)
