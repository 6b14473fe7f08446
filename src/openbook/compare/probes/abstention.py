"""Abstention: how often each arm answers, how often it is wrong when it does, and whether it can tell beforehand.

An answer that says the right thing is an answer, whatever it says beside it. Of arms trained with several seeds the
first one's answers are looked at. Works from records and marks; asks nobody.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from openbook.compare.marking.marks import Mark, Marks
from openbook.compare.material import Material
from openbook.compare.seats import Seat, first_seats
from openbook.core.types import Answer, Example, Failure, Score
from openbook.score.facts import has_stale
from openbook.score.stats import mean_interval, risk_coverage

Json = dict[str, Any]
Kind = Literal["right", "wrong", "abstained", "made_up", "failed"]

POINTS = 30
"""Of a curve, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One question that an arm was asked and that the primary metric judges."""

    question: Example
    group: str
    kind: Kind
    result: Answer | Failure

    @property
    def answered(self) -> bool:
        return self.kind in ("right", "wrong", "made_up")

    @property
    def risk(self) -> bool:
        """Whether whoever believed the answer was misled."""
        return self.kind in ("wrong", "made_up")


def row(material: Material, marks: Marks, *, below: float) -> Json:
    """The report's `probes.abstention`.

    Args:
        below: An answer counts as wrong when its primary mark, turned so that 1 is best, is below this.
    """
    found = {seat.name: _cases(material, marks, seat, below) for seat in first_seats(material.seats)}
    arms = {
        seat.name: _arm(seat, found[seat.name], marks.level)
        for seat in first_seats(material.seats)
        if any(case.kind != "failed" for case in found[seat.name])
    }
    return {"below": below, "arms": arms}


def kind_of(question: Example, result: Answer | Failure, given: Mark, *, below: float, higher: bool) -> Kind | None:
    """What became of a question; None where the metric does not judge it."""
    if isinstance(result, Failure) or isinstance(given, Failure):
        return "failed"
    if given is None:
        return None
    if not question.answerable:
        return "abstained" if result.abstained and not has_stale(question, result.text) else "made_up"
    value = given.values[0] if higher else 1 - given.values[0]
    if value >= below:
        return "right"
    return "abstained" if result.abstained else "wrong"


def _cases(material: Material, marks: Marks, seat: Seat, below: float) -> list[Case]:
    by_seed, higher = marks.by_seed(seat.name, marks.primary.name), marks.primary.higher_is_better
    found: Mapping[str, Mark] = by_seed[0] if by_seed else {}
    cases = []
    for question in material.paper.questions:
        record, given = seat.log.records.get(question.key), found.get(question.id)
        if record is None or (isinstance(given, Score) and len(given.values) > 1):
            continue
        kind = kind_of(question, record.result, given, below=below, higher=higher)
        if kind is not None:
            group = material.paper.group[question.id]
            cases.append(Case(question=question, group=group, kind=kind, result=record.result))
    return cases


def _arm(seat: Seat, cases: Sequence[Case], level: float) -> Json:
    answerable = [case for case in cases if case.question.answerable]
    unanswerable = [case for case in cases if not case.question.answerable]
    risky = [case for case in cases if case.answered or case.kind == "failed"]
    return {
        "answerable": _counts(answerable, ("right", "wrong", "abstained")),
        "unanswerable": _counts(unanswerable, ("abstained", "made_up")),
        "answered": _share(cases, [case.answered for case in cases], level),
        "risk": _share(risky, [case.risk for case in risky], level),
        "abstains_wrongly": _share(answerable, [case.kind == "abstained" for case in answerable], level),
        "makes_up": _share(unanswerable, [case.kind == "made_up" for case in unanswerable], level),
        "orders": _orders(seat, cases, level),
    }


def _counts(cases: Sequence[Case], kinds: Sequence[Kind]) -> Json:
    counts = Counter(case.kind for case in cases)
    return {"n": len(cases), **{kind: counts[kind] for kind in kinds}, "failures": counts["failed"]}


def _share(cases: Sequence[Case], values: Sequence[bool], level: float) -> Json | None:
    """A share with its interval over groups, failures at both ends; None without a case that did not fail."""
    scores = [None if case.kind == "failed" else float(value) for case, value in zip(cases, values, strict=True)]
    if not any(score is not None for score in scores):
        return None
    found = mean_interval(scores, [case.group for case in cases], level)
    return _rounded({"mean": found.mean, "low": found.low, "high": found.high}) | {"n": found.n}


def _orders(seat: Seat, cases: Sequence[Case], level: float) -> Json:
    """What answers can be ordered by: the model's own probabilities, and for arms that look up the first hit's score."""
    given = [(case, case.result) for case in cases if case.answered and isinstance(case.result, Answer)]
    if not given:
        return {}
    answered, results = [case for case, _ in given], [result for _, result in given]
    told = [result.log_probability for result in results if result.log_probability is not None]
    found: Json = {}
    if len(told) == len(results):
        found["log_probability"] = _order(answered, told, len(cases), level)
    else:
        missing = f"{len(results) - len(told)} of {len(results)} answers" if told else "answers"
        found["log_probability"] = {"not_applicable": f"{missing} came without the model's probabilities"}
    if seat.plan.retrieves:
        scores = [result.hits[0].score if result.hits else float("-inf") for result in results]
        found["retrieval"] = _order(answered, scores, len(cases), level)
    return found


def _order(answered: Sequence[Case], sureness: Sequence[float], asked: int, level: float) -> Json:
    found = risk_coverage([case.risk for case in answered], sureness, [case.group for case in answered], level)
    n = len(answered)
    places = sorted({round((step + 1) * n / POINTS) for step in range(POINTS)} - {0}) if n > POINTS else range(1, n + 1)
    figures = _rounded({"area": found.area, "low": found.low, "high": found.high, "best": found.best})
    curve = [[round(place / asked, 4), round(found.risks[place - 1], 4)] for place in places]
    return {**figures, "n": n, "curve": curve}


def _rounded(figures: Mapping[str, float]) -> Json:
    return {name: round(value, 6) for name, value in figures.items()}
