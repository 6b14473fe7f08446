"""The gate: requirements held against a report. Each is met, broken, or cannot be told from these answers.

A requirement is met when the end of the interval that speaks against it clears the bound, and broken when the other end
does not reach it. Either claim is wrong with probability 1 − level of the project at most. Knows no command line.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from openbook.compare.gates.evidence import Evidence, Exhibits, evidence
from openbook.compare.gates.measures import RECOMMENDATION, measure
from openbook.compare.gates.requirement import Requirement, Sign, spelled
from openbook.compare.marking.metrics import metrics_of
from openbook.compare.material import Material
from openbook.project import Project
from openbook.score.stats import end_level

Json = Mapping[str, Any]
Outcome = Literal["met", "broken", "cannot tell"]

TIE = 1e-9
"""Differences smaller than this are floating point's."""

WORDS: dict[Sign, tuple[str, str]] = {
    ">=": ("at least", "below"),
    "<=": ("at most", "above"),
    ">": ("above", "at most"),
    "<": ("below", "at least"),
}
"""What holds where it is met, and where it is broken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A requirement and what became of it.

    Attributes:
        require: The requirement in its one spelling.
        left: The left side's figure; None where there is none.
        right: The bound: the right side's figure on the same questions, plus the number.
        difference: left − right.
        low: Of its interval; None where these answers give it no lower end.
        high: None where they give it no upper end.
        level: Of the interval, both ends together.
        sentence: The same in words.
    """

    require: str
    outcome: Outcome
    left: float | None = None
    right: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    level: float
    sentence: str


def exhibits(project: Project, material: Material, report: Json) -> Exhibits:
    """What requirements are judged by: a report and the answers that it was made from."""
    return Exhibits(
        material=material,
        report=report,
        metrics=metrics_of(project),
        alpha=round(1 - project.config.compare.level, 10),
    )


def judge(shown: Exhibits, requirements: Sequence[Requirement]) -> list[Gate]:
    """Hold requirements, checked before, against what there is; one gate for each, in order."""
    return [_judge(shown, requirement) for requirement in requirements]


def rows(gates: Sequence[Gate]) -> list[dict[str, Any]]:
    """Gates as they stand in the report's JSON."""
    return [asdict(gate) for gate in gates]


def _judge(shown: Exhibits, requirement: Requirement) -> Gate:
    level = round(end_level(shown.alpha), 10)
    if requirement.left == RECOMMENDATION:
        return _of_recommendation(shown.report, requirement, level)
    arms = [term[0] for term in (requirement.left, requirement.right) if term is not None]
    what = measure(requirement.left, [metric.name for metric in shown.metrics])
    found = evidence(shown, what, arms)
    if found.left is None:
        return Gate(require=str(requirement), outcome="cannot tell", level=level, sentence=found.lack)
    bound = (found.right or 0.0) + requirement.number
    low, high = found.low - requirement.number, found.high - requirement.number
    outcome = _outcome(requirement.sign, low, high)
    return Gate(
        require=str(requirement),
        outcome=outcome,
        left=round(found.left, 6),
        right=round(bound, 6),
        difference=round(found.left - bound, 6),
        low=_finite(low),
        high=_finite(high),
        level=level,
        sentence=_sentence(requirement, found, outcome),
    )


def _outcome(sign: Sign, low: float, high: float) -> Outcome:
    """From the ends of left − right."""
    if sign in ("<=", "<"):
        low, high = -high, -low
    strict = sign in (">", "<")
    if low > TIE or (low >= -TIE and not strict):
        return "met"
    return "broken" if high < -TIE or (high <= TIE and strict) else "cannot tell"


def _of_recommendation(report: Json, requirement: Requirement, level: float) -> Gate:
    wanted = requirement.right[0] if requirement.right else ""
    arm = report["recommendation"]["arm"]
    outcome: Outcome = "cannot tell" if arm is None else "met" if arm == wanted else "broken"
    sentence = report["recommendation"]["verdict"] if arm is None else f"The recommended arm is {arm!r}."
    return Gate(require=str(requirement), outcome=outcome, level=level, sentence=sentence)


def _sentence(requirement: Requirement, found: Evidence, outcome: Outcome) -> str:
    subject = "The difference" if requirement.right else spelled(requirement.left)
    value = (found.left or 0.0) - (found.right or 0.0)
    interval = "" if found.low == found.high else f" [{_text(found.low)}, {_text(found.high)}]"
    basis = f" ({found.basis})" if found.basis else ""
    holds, fails = WORDS[requirement.sign]
    bound = _text(requirement.number)
    if outcome == "cannot tell":
        lack = f" {found.lack}" if found.lack else ""
        return f"{subject} is {_text(value)}{interval}{basis}: it may be {holds} {bound} or not.{lack}"
    return f"{subject} is {_text(value)}{interval}{basis}: it is {holds if outcome == 'met' else fails} {bound}."


def _text(value: float) -> str:
    """Three digits: seconds, shares and dollars are of very different size."""
    if math.isinf(value):
        return "?"
    return "0" if abs(value) < 5e-10 else f"{value:.3g}".replace("-", "−")


def _finite(value: float) -> float | None:
    return round(value, 6) if math.isfinite(value) else None
