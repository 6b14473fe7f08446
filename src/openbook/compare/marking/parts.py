"""What the figures are made of: classes, fields and single checks, arm by arm. Knows no formula and no model."""

from collections.abc import Sequence
from typing import Any

from openbook.compare.marking.marks import Marks
from openbook.compare.seats import Seat
from openbook.core.protocols import Metric
from openbook.core.types import Answer, Example
from openbook.score.parts import Part, Parted, Remarked

Json = dict[str, Any]


def parts_row(marks: Marks, seats: Sequence[Seat]) -> Json:
    """Metric → arm → its parts. All seeds' answers count; failed ones have no parts."""
    questions = marks.paper.questions
    found: Json = {}
    for metric in marks.metrics:
        if isinstance(metric, Parted):
            arms = {arm: metric.parts(*_answered(questions, seats, arm)) for arm in marks.arms}
            found[metric.name] = {arm: [_row(part) for part in parts] for arm, parts in arms.items() if parts}
    return {name: arms for name, arms in found.items() if arms}


def remarks(metric: Metric) -> list[str]:
    """What a metric says of how far its figures can be trusted."""
    return list(metric.remarks()) if isinstance(metric, Remarked) else []


def _answered(questions: Sequence[Example], seats: Sequence[Seat], arm: str) -> tuple[list[Example], list[Answer]]:
    pairs = [
        (question, record.result)
        for seat in seats
        if seat.name == arm
        for question in questions
        if (record := seat.log.records.get(question.key)) is not None and isinstance(record.result, Answer)
    ]
    return [question for question, _ in pairs], [answer for _, answer in pairs]


def _row(part: Part) -> Json:
    figures = {name: None if value is None else round(value, 6) for name, value in part.figures.items()}
    return {"part": part.name, "n": part.n, "figures": figures}
