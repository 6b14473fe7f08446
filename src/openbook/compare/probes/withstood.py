"""What the robustness probe found: each arm over altered passages against itself over its own, question by question.

All paired tests of the probe are one family, adjusted by Holm. Knows records, not how they came about.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from openbook.compare.marking.marks import Marks, mark
from openbook.compare.probes.altered import DISTRACTORS, NOT_HAD, injection_for
from openbook.compare.probes.robustness import Robustness, Trial
from openbook.core.types import Answer, Example, Failure, Score
from openbook.score.injection import Reaction, reaction
from openbook.score.judge import NAME as JUDGE
from openbook.score.stats import Contrast, Verdict, classify, contrast, mean_interval

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A trial's answers, as far as they are there.

    Attributes:
        asked: Questions with a record, those left out not among them.
        left_out: Questions that cannot be asked under this condition.
        contrast: Altered against ordinary, positive is better; None where the condition is not judged by the metric,
            or where nothing was marked on both sides.
        ordinary: Mean of the questions marked on both sides.
    """

    trial: Trial
    asked: Sequence[Example]
    left_out: int
    contrast: Contrast | None
    ordinary: float = 0.0


def row(probe: Robustness | None, marks: Marks, *, margin: float, alpha: float) -> Json | None:
    """The report's `probes.robustness`; None where the probe is left out or nothing was asked yet.

    Args:
        margin: Smallest difference of the primary metric that matters.
    """
    if probe is None:
        return None
    outcomes = [outcome(trial, probe.questions, marks, margin, alpha) for trial in probe.trials]
    tested = [one.contrast for one in outcomes if one.contrast is not None]
    verdicts = iter(classify(tested, alpha=alpha))
    arms: Json = {}
    for one in outcomes:
        verdict = next(verdicts) if one.contrast is not None else None
        if one.asked or one.left_out:
            arms.setdefault(one.trial.desk.name, {})[one.trial.condition] = figures(one, verdict, marks)
    return {"questions": len(probe.questions), "distractors": DISTRACTORS, "arms": arms} if arms else None


def outcome(trial: Trial, questions: Sequence[Example], marks: Marks, margin: float, alpha: float) -> Outcome:
    """A trial's altered answers against its ordinary ones."""
    records = trial.desk.log.records
    known = [question for question in questions if question.key in records]
    asked = [question for question in known if not _left_out(records[question.key].result)]
    left_out = len(known) - len(asked)
    # Without the answer before it an arm should do worse: what it then says is told by itself. And a judge has not
    # seen these answers.
    if trial.condition == "no_evidence" or marks.primary.name == JUDGE:
        return Outcome(trial=trial, asked=asked, left_out=left_out, contrast=None)
    ordinary, altered = (mark(marks.primary, asked, log.records) for log in (trial.ordinary.log, trial.desk.log))
    judged = [q for q in asked if ordinary.get(q.id) is not None and altered.get(q.id) is not None]
    after, before = ([_value(side[q.id]) for q in judged] for side in (altered, ordinary))
    both = [one for other, one in zip(after, before, strict=True) if one is not None and other is not None]
    if not both:
        return Outcome(trial=trial, asked=asked, left_out=left_out, contrast=None)
    found = contrast(
        after,
        before,
        [marks.paper.group[q.id] for q in judged],
        margin=margin,
        level=marks.level,
        alpha=alpha,
        higher_is_better=marks.primary.higher_is_better,
    )
    return Outcome(trial=trial, asked=asked, left_out=left_out, contrast=found, ordinary=sum(both) / len(both))


def _left_out(result: Answer | Failure) -> bool:
    return isinstance(result, Failure) and result.error == NOT_HAD


def _value(given: object) -> float | None:
    return given.values[0] if isinstance(given, Score) and len(given.values) == 1 else None


def figures(one: Outcome, verdict: Verdict | None, marks: Marks) -> Json:
    """An outcome as the report has it; the schema's `trial`."""
    records = one.trial.desk.log.records
    results = [(question, records[question.key].result) for question in one.asked]
    failures = sum(isinstance(result, Failure) for _, result in results)
    found: Json = {"n": len(one.asked) - failures, "left_out": one.left_out, "failures": failures}
    if one.contrast is not None and verdict is not None:
        found |= _tested(one.contrast, verdict, one.ordinary, higher_is_better=marks.primary.higher_is_better)
    if one.trial.condition == "no_evidence":
        said = [(q, result.abstained if isinstance(result, Answer) else None) for q, result in results]
        found["abstained"] = _share(said, marks)
    if one.trial.condition == "injected":
        done = [(q, _reaction(q, result)) for q, result in results]
        found["obeyed"] = _share([(q, None if did is None else did == "obeyed") for q, did in done], marks)
        found["copied"] = sum(did == "copied" for _, did in done)
    return found


def _reaction(question: Example, result: Answer | Failure) -> Reaction | None:
    return reaction(injection_for(question), result.text) if isinstance(result, Answer) else None


def _tested(found: Contrast, verdict: Verdict, ordinary: float, *, higher_is_better: bool) -> Json:
    altered = ordinary + found.difference * (1 if higher_is_better else -1)
    tested = {
        "ordinary": ordinary,
        "altered": altered,
        "difference": found.difference,
        "low": found.low,
        "high": found.high,
        "p": found.p,
        "p_adjusted": verdict.p_adjusted,
    }
    # Adding 0.0 turns a negative zero into a plain one.
    rounded = {name: round(value, 6) + 0.0 for name, value in tested.items()}
    return {**rounded, "groups": found.groups, "verdict": verdict.kind, "reason": verdict.reason}


def _share(cases: Sequence[tuple[Example, bool | None]], marks: Marks) -> Json | None:
    """How many do it, with the interval over groups: Wilson's, the rule of three at none and all; None without an answer."""
    values = [None if did is None else float(did) for _, did in cases]
    if not any(value is not None for value in values):
        return None
    found = mean_interval(values, [marks.paper.group[q.id] for q, _ in cases], marks.level)
    count = sum(did is True for _, did in cases)
    return {"count": count, "n": found.n, "low": round(found.low, 6), "high": round(found.high, 6)}
