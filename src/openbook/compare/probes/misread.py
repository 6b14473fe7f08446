"""What the reading probe found: each tuned arm's model over the right passages, with its adapter against without.

`worse` is lost reading that is shown, `equivalent` is a loss of the margin or more ruled out, `floor` is a base that gets
next to nothing right from the right passages and so has no reading to lose. All paired tests of the probe are one family,
adjusted by Holm. Knows records, not how they came about.
"""

from pathlib import Path
from typing import Any

from openbook.compare.marking.marks import Marks
from openbook.compare.probes import withstood
from openbook.compare.probes.forgotten import FLOOR
from openbook.compare.probes.reading import Reading
from openbook.compare.probes.robustness import Trial
from openbook.score.stats import Verdict, classify

Json = dict[str, Any]


def row(probe: Reading | None, marks: Marks, *, margin: float, alpha: float) -> Json | None:
    """The report's `probes.reading`; None where the probe is left out or nothing was asked yet.

    Args:
        margin: Smallest difference of the primary metric that matters.
    """
    if probe is None:
        return None
    # Two arms with one adapter were asked once, and are tested once.
    outcomes = {_key(trial): withstood.outcome(trial, probe.questions, marks, margin, alpha) for trial in probe.trials}
    tested = {key: one.contrast for key, one in outcomes.items() if one.contrast is not None}
    verdicts = dict(zip(tested, classify(list(tested.values()), alpha=alpha), strict=True))
    arms: Json = {}
    for trial in probe.trials:
        one = outcomes[_key(trial)]
        if one.asked or one.left_out:
            arms[trial.desk.name] = _figures(one, verdicts.get(_key(trial)), marks)
    return {"questions": len(probe.questions), "margin": margin, "arms": arms} if arms else None


def _key(trial: Trial) -> tuple[Path, Path]:
    return trial.ordinary.log.folder, trial.desk.log.folder


def _figures(one: withstood.Outcome, verdict: Verdict | None, marks: Marks) -> Json:
    """As the robustness probe has it, by other names: without the adapter and with it."""
    named = {"ordinary": "base", "altered": "tuned"}
    found = {named.get(name, name): value for name, value in withstood.figures(one, verdict, marks).items()}
    if one.contrast is not None:
        # A question counts where both answered it.
        found |= {"n": one.contrast.n - one.contrast.failures, "failures": one.contrast.failures}
    if verdict is None or found["verdict"] == "better" or _share(found["base"], marks) >= FLOOR:
        return found
    return found | {"verdict": "floor", "reason": "without the adapter next to nothing was right: no reading to lose"}


def _share(mean: float, marks: Marks) -> float:
    """Turned so that 1 is best."""
    return mean if marks.primary.higher_is_better else 1 - mean
