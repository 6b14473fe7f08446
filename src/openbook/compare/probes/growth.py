"""What the learning curve shows: a figure for each number of training rows, and whether more examples would help.

Only the paired difference from half of the rows to all of them can say that more help; else it cannot be told. Knows
answers that are there, not how they came about.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from openbook.compare.marking.marks import Marks
from openbook.compare.material import Material
from openbook.compare.probes import curve
from openbook.compare.seats import Seat, first_seats
from openbook.core.types import Score
from openbook.project import Project
from openbook.score.stats import Contrast, Verdict, classify, contrast

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Point:
    """An arm trained on so many rows, with its own marks."""

    rows: int
    marks: Marks

    @property
    def name(self) -> str:
        return self.marks.arms[0]


def curve_row(project: Project, material: Material, marks: Marks, *, alpha: float) -> Json | None:
    """The report's `probes.curve`; None where no point below an arm itself was asked.

    Args:
        marks: Of the whole comparison: its questions and its primary metric.
        alpha: Of the tests from half of the rows to all, shared by the arms.
    """
    drawn = _drawn(project, material, marks)
    if not drawn:
        return None
    margin = project.config.compare.margin
    steps = {name: _step(*ends[-2:], margin=margin, alpha=alpha) for name, ends in drawn.items() if len(ends) > 1}
    tested = {name: made for name, made in steps.items() if made is not None}
    verdicts = dict(zip(tested, classify(list(tested.values()), alpha=alpha), strict=True))
    return {
        "arms": {name: [_point_row(one) for one in ends] for name, ends in drawn.items()},
        "more": {name: _more_row(drawn[name], steps[name], verdicts.get(name)) for name in steps},
    }


def _drawn(project: Project, material: Material, marks: Marks) -> dict[str, list[_Point]]:
    """Arm → its points that were asked, fewest rows first."""
    full = {one.name: one for one in first_seats(material.seats)}
    found: dict[str, list[_Point]] = {}
    for name in dict.fromkeys(one.name for one in material.curve):
        if name in full:
            rows = curve.whole(project, full[name].plan)
            seats = [(one.plan.tune.rows, one) for one in material.curve if one.name == name]
            asked = [_point(marks, count, one) for count, one in (*seats, (rows, full[name])) if _answered(marks, one)]
            found |= {name: asked} if len(asked) > 1 else {}
    return found


def _answered(marks: Marks, one: Seat) -> bool:
    return any(question.key in one.log.records for question in marks.paper.questions)


def _point(marks: Marks, rows: int, one: Seat) -> _Point:
    return _Point(rows=rows, marks=Marks(marks.paper, [marks.primary], [one], level=marks.level))


def _point_row(one: _Point) -> Json:
    cell = one.marks.cell(one.name, one.marks.primary, "all")
    if cell is None:
        return {"rows": one.rows, "mean": None, "low": None, "high": None, "n": 0, "failures": 0}
    mean, low, high = (round(value, 6) for value in (cell.mean, cell.low, cell.high))
    return {"rows": one.rows, "mean": mean, "low": low, "high": high, "n": cell.n, "failures": cell.failures}


def _step(half: _Point, full: _Point, *, margin: float, alpha: float) -> Contrast | None:
    """All rows against half of them, question by question; None where the metric has no one number for an answer."""
    marks = full.marks
    first, second = (one.marks.of(one.name, marks.primary.name) for one in (full, half))
    asked = [q for q in marks.paper.questions if first.get(q.id) is not None and second.get(q.id) is not None]
    values = [[_value(side[q.id]) for q in asked] for side in (first, second)]
    if not any(None not in pair for pair in zip(*values, strict=True)):
        return None
    return contrast(
        values[0],
        values[1],
        [marks.paper.group[q.id] for q in asked],
        margin=margin,
        level=marks.level,
        alpha=alpha,
        higher_is_better=marks.primary.higher_is_better,
    )


def _value(mark: object) -> float | None:
    return mark.values[0] if isinstance(mark, Score) and len(mark.values) == 1 else None


def _more_row(ends: Sequence[_Point], made: Contrast | None, verdict: Verdict | None) -> Json:
    half, full = ends[-2:]
    rows = {"from": half.rows, "to": full.rows}
    if made is None or verdict is None:
        told = f"{full.name}: cannot tell whether more examples would help."
        return {**rows, "verdict": "undecided", "told": told}
    figures = (made.difference, made.low, made.high, made.p, verdict.p_adjusted)
    named = zip(("difference", "low", "high", "p", "p_adjusted"), (round(value, 6) for value in figures), strict=True)
    return {**rows, **dict(named), "verdict": verdict.kind, "told": _told(half, full, made, verdict)}


def _told(half: _Point, full: _Point, made: Contrast, verdict: Verdict) -> str:
    """One sentence; the sign is that of the metric's better side."""
    interval = f"{made.difference:+.2f} [{made.low:+.2f}, {made.high:+.2f}]"
    step = f"{full.marks.primary.name} from {half.rows} to {full.rows} training rows: {interval}"
    if verdict.kind == "better":
        return f"{full.name}: more examples would probably help ({step})."
    if verdict.kind == "worse":
        return f"{full.name}: more examples like these made it worse; look at the labels first ({step})."
    if verdict.kind == "equivalent":
        return f"{full.name}: twice the examples made no difference that matters ({step}, margin {made.margin:g})."
    return f"{full.name}: cannot tell whether more examples would help ({step})."
