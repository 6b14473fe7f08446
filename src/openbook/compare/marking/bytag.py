"""The primary metric by tag: questions of one kind (two passages, a comparison, a typo) beside the others.

Exploratory: nothing is tested here.
"""

from collections.abc import Sequence
from typing import Any

from openbook.compare.marking.marks import Mark, Marks
from openbook.core.types import Example, Score
from openbook.score.stats import mean_interval

Json = dict[str, Any]

FEWEST_GROUPS = 8
"""Fewer groups of a tag say next to nothing of it."""


def row(marks: Marks) -> Json:
    """The report's `tags`: every tag with enough groups, each arm's figure on it and on the questions without it.

    A tag that only answerable questions have is compared with answerable ones; the same for the unanswerable.
    """
    questions = marks.paper.questions
    found: Json = {}
    for tag in sorted({tag for question in questions for tag in question.tags}):
        tagged = [question for question in questions if tag in question.tags]
        groups = len({marks.paper.group[question.id] for question in tagged})
        if groups < FEWEST_GROUPS:
            continue
        alike = {question.answerable for question in tagged}
        others = [question for question in questions if tag not in question.tags and question.answerable in alike]
        arms = {}
        for arm in marks.arms:
            found_here = cell(marks, arm, tagged)
            if found_here is not None:
                arms[arm] = {**found_here, "others": cell(marks, arm, others)}
        if arms:
            found[tag] = {"n": len(tagged), "groups": groups, "arms": arms}
    return found


def cell(marks: Marks, arm: str, questions: Sequence[Example]) -> Json | None:
    """An arm's primary metric on some of the questions; None where nothing was marked."""
    given = marks.of(arm, marks.primary.name)
    judged = [q for q in questions if given.get(q.id) is not None]
    values = [_value(given[q.id]) for q in judged]
    if not any(value is not None for value in values):
        return None
    interval = mean_interval(values, [marks.paper.group[q.id] for q in judged], marks.level)
    figures = {"mean": interval.mean, "low": interval.low, "high": interval.high}
    return {**{name: round(value, 6) for name, value in figures.items()}, "n": interval.n}


def _value(given: Mark) -> float | None:
    """None where it failed, and where the metric has no one number for an answer."""
    return given.values[0] if isinstance(given, Score) and len(given.values) == 1 else None
