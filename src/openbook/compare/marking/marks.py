"""Marks: every metric on every answer, and the figures they add up to, with intervals over groups.

Failures never become a number: they stand beside the n.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from openbook.arms import CONTROLS
from openbook.compare.paper import Paper
from openbook.compare.seats import Seat
from openbook.core.protocols import Metric
from openbook.core.types import Answer, Example, Failure, Record, Score
from openbook.score.stats import mean_interval, pseudo_values

Mark = Score | Failure | None

ROUNDING = 1e-9
"""Pseudo-values nearer to each other than this are the same, but for floating point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One figure of the table.

    Attributes:
        low: With failures at their worst; of a figure that is no mean, as if it were one.
        high: With failures at their best; the same.
        n: Answers that were marked.
        groups: Groups they come from: the unit of inference.
        failures: Answers or marks that failed; not in the mean.
    """

    mean: float
    low: float
    high: float
    level: float
    n: int
    groups: int
    failures: int


class Marks:
    """All marks of a comparison.

    Args:
        metrics: The primary one first.
        seats: Arms (with seeds) and their records.
        dev: Dev questions; some arms may have answered some of them.
    """

    def __init__(
        self,
        paper: Paper,
        metrics: Sequence[Metric],
        seats: Sequence[Seat],
        *,
        level: float,
        dev: Sequence[Example] = (),
    ) -> None:
        self.paper = paper
        self.metrics = list(metrics)
        self.level = level
        self.arms = list(dict.fromkeys(seat.name for seat in seats))
        self._seats = seats
        self._dev = dev

    @property
    def controls(self) -> set[str]:
        """Names of the arms that are there to explain the others."""
        return {seat.name for seat in self._seats if seat.plan.kind in CONTROLS}

    @property
    def primary(self) -> Metric:
        return self.metrics[0]

    @cached_property
    def _by_seed(self) -> dict[tuple[str, str], list[dict[str, Mark]]]:
        seats = {arm: [seat for seat in self._seats if seat.name == arm] for arm in self.arms}
        return {
            (arm, metric.name): [
                mark(metric, self.paper.questions, seat.log.records) for seat in seats[arm] if _judges(metric, seat)
            ]
            for arm in self.arms
            for metric in self.metrics
        }

    @cached_property
    def _marks(self) -> dict[tuple[str, str], dict[str, Mark]]:
        return {
            key: {
                question.id: _average([seed[question.id] for seed in by_seed if question.id in seed])
                for question in self.paper.questions
                if any(question.id in seed for seed in by_seed)
            }
            for key, by_seed in self._by_seed.items()
        }

    def by_seed(self, arm: str, metric: str) -> Sequence[Mapping[str, Mark]]:
        """The same as `of` for each training seed, in order."""
        return self._by_seed[arm, metric]

    @cached_property
    def on_dev(self) -> dict[str, dict[str, Mark]]:
        """Arm → example id → primary mark of the dev questions that its first seed has answered."""
        first = {seat.name: seat for seat in reversed(self._seats)}
        return {arm: mark(self.primary, self._dev, first[arm].log.records) for arm in self.arms}

    def of(self, arm: str, metric: str) -> Mapping[str, Mark]:
        """Example id → mark, for the questions that were asked."""
        return self._marks[arm, metric]

    def cell(self, arm: str, metric: Metric, stratum: str) -> Cell | None:
        """The figure of an arm in a stratum; None where nothing was marked."""
        marks = self.of(arm, metric.name)
        asked = [q for q in self.paper.of(stratum) if q.id in marks]
        scored = [(q, m) for q in asked if isinstance(m := marks[q.id], Score)]
        failed = [q for q in asked if isinstance(marks[q.id], Failure)]
        if not scored:
            return None
        matrix = [list(m.values) for _, m in scored]
        groups = [self.paper.group[q.id] for q, _ in scored]
        if len(matrix[0]) == 1:
            values = [row[0] for row in matrix]
            interval = mean_interval(
                [*values, *(None for _ in failed)], [*groups, *(self.paper.group[q.id] for q in failed)], self.level
            )
            mean, low, high = interval.mean, interval.low, interval.high
        else:
            mean, low, high = _figure_interval(metric, matrix, groups, self.level, failures=len(failed))
        return Cell(
            mean=mean,
            low=low,
            high=high,
            level=self.level,
            n=len(scored),
            groups=len(set(groups)),
            failures=len(failed),
        )


def _figure_interval(
    metric: Metric, matrix: Sequence[Sequence[float]], groups: Sequence[str], level: float, *, failures: int
) -> tuple[float, float, float]:
    """A figure that is no mean: its interval from jackknife pseudo-values over groups, within what it can be."""
    top = 100.0 if metric.name == "bleu" else 1.0
    # Rounding takes a perfect BLEU a hair above 100.
    figure = min(top, max(0.0, metric.reduce(matrix)))
    if len(set(groups)) < 2:
        return figure, 0.0, top
    additive = getattr(metric, "additive", False)
    values, names = pseudo_values(metric.reduce, matrix, groups, additive=additive)
    if np.ptp(values) < ROUNDING * top:
        # Groups that all agree have no spread; like other constants they get the rule of three.
        same = mean_interval([figure] * len(names), names, level, bounds=(0.0, top))
        low, high = same.low, same.high
    else:
        interval = mean_interval(list(values), names, level, bounds=(-math.inf, math.inf))
        half = (interval.high - interval.low) / 2
        low, high = max(0.0, figure - half), min(top, figure + half)
    failed = failures / (failures + len(matrix))
    return figure, low * (1 - failed), high * (1 - failed) + top * failed


def _judges(metric: Metric, seat: Seat) -> bool:
    """Whether a metric has anything to say of an arm: one that reads the passages has not where none are given."""
    return seat.plan.retrieves or not getattr(metric, "reads_passages", False)


def mark(metric: Metric, questions: Sequence[Example], records: Mapping[str, Record]) -> dict[str, Mark]:
    """Mark one arm's answers: example id → mark; unasked questions are left out.

    A failed answer is a failed mark, but where the example lacks what the metric needs there was nothing to fail.
    """
    asked = [question for question in questions if question.key in records]
    answered = [(question, result) for question in asked if isinstance(result := records[question.key].result, Answer)]
    scores = metric.score([question for question, _ in answered], [answer for _, answer in answered])
    marks: dict[str, Mark] = {question.id: score for (question, _), score in zip(answered, scores, strict=True)}
    failed = [(question, result) for question in asked if isinstance(result := records[question.key].result, Failure)]
    needs = metric.score([question for question, _ in failed], [Answer(text="")] * len(failed)) if failed else []
    for (question, failure), need in zip(failed, needs, strict=True):
        marks[question.id] = None if need is None else failure
    return marks


def _average(marks: Sequence[Mark]) -> Mark:
    """One example's mark over training seeds: their mean, or a failure where one of them failed."""
    failure = next((mark for mark in marks if isinstance(mark, Failure)), None)
    scores = [mark.values for mark in marks if isinstance(mark, Score)]
    if failure is not None or not scores:
        return failure
    return Score(values=tuple(float(value) for value in np.mean(np.array(scores), axis=0)))
