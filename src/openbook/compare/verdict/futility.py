"""Whether a comparison that is under way can still decide anything: it may save computing, and is never a result.

For each pair of arms, from the answers so far: could the test over all questions still come out, and is it as good as
out already? Both are judged at that end of the difference's present interval which speaks most against stopping, with
the spread seen so far. Nothing of it reaches a report. Knows nothing of arms but names and marks.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from openbook.score.stats import FEWEST_GROUPS, Spread, sign_flip, spread
from openbook.score.stats.tails import normal_cdf, normal_quantile

Pair = tuple[str, str]
State = Literal["open", "hopeless", "sure", "settled"]

CHANCE = 0.05
"""Below it a pair is given up; within it of certainty a pair is as good as decided."""

ENOUGH = 0.5
"""Share of the questions that both arms must have answered before anything is said."""


class Outlook:
    """The pairs of a comparison while answers come in.

    Args:
        pairs: The family that is tested.
        groups: Question id → its group, for every question that is asked.
        margin: Smallest difference that matters.
        alpha: Of the tests.
        higher_is_better: Of the metric, whose marks lie in [0, 1].
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        groups: Mapping[str, str],
        *,
        margin: float,
        alpha: float,
        higher_is_better: bool = True,
    ) -> None:
        self._pairs = list(pairs)
        self._groups = groups
        self._margin, self._alpha = margin, alpha
        self._sign = 1.0 if higher_is_better else -1.0
        self._marks: dict[str, dict[str, float]] = {arm: {} for pair in pairs for arm in pair}
        self._asked: dict[str, set[str]] = {arm: set() for arm in self._marks}

    def answered(self, arm: str, question: str, mark: float | None) -> None:
        """An answer was marked; None: it failed, and the question counts as one whose mark could still be anything."""
        if arm in self._marks and question in self._groups:
            self._asked[arm].add(question)
            if mark is not None:
                self._marks[arm][question] = self._sign * mark

    def advice(self) -> str:
        """Why one may stop, as a sentence; empty while there is something to wait for, and once all is answered."""
        if not self._pairs or all(len(asked) == len(self._groups) for asked in self._asked.values()):
            return ""
        states = {pair: self.state(pair) for pair in self._pairs}
        best = next((arm for arm in self._marks if self._stays_best(arm, states)), "")
        if best:
            return f"You can stop: {best} stays the best, whatever the other answers are."
        hopeless = [f"{a} against {b}" for (a, b), state in states.items() if state == "hopeless"]
        if "open" in states.values() or not hopeless:
            return ""
        others = "" if len(hopeless) == len(states) else ", and the other pairs are as good as decided"
        asked = len(self._groups)
        return f"You can stop: {', '.join(hopeless)} cannot be decided by these {asked} questions (chance under 5 %){others}."

    def state(self, pair: Pair) -> State:
        """Where a pair stands: `settled` whatever comes, `sure` or `hopeless` in all likelihood, else `open`."""
        first, second = (self._marks[arm] for arm in pair)
        differences = {q: first[q] - second[q] for q in first if q in second}
        share = len(differences) / len(self._groups)
        groups = [self._groups[q] for q in differences]
        if share < ENOUGH or len(set(groups)) < FEWEST_GROUPS:
            return "open"
        if self._holds_whatever_comes(differences):
            return "settled"
        found = spread(list(differences.values()), groups)
        if found.error == 0 or share == 1:
            return "open"
        strict = self._alpha / len(self._pairs)
        if outlook(found, share, margin=self._margin, alpha=self._alpha, hopeful=True) < CHANCE:
            return "hopeless"
        sure = outlook(found, share, margin=self._margin, alpha=strict, hopeful=False) > 1 - CHANCE
        return "sure" if sure else "open"

    def _holds_whatever_comes(self, differences: Mapping[str, float]) -> bool:
        """Whether the sign test, shared out over the family, holds with every other answer against it."""
        side = math.copysign(1.0, sum(differences.values()))
        worst = np.array([differences.get(question, -side) for question in self._groups])
        if side * float(worst.mean()) <= 0:
            return False
        return sign_flip(worst, list(self._groups.values())).p <= self._alpha / len(self._pairs)

    def _stays_best(self, arm: str, states: Mapping[Pair, State]) -> bool:
        against = {other: pair for pair in states if arm in pair for other in pair if other != arm}
        return len(against) == len(self._marks) - 1 and all(
            states[pair] == "settled" and self._leads(arm, other) for other, pair in against.items()
        )

    def _leads(self, arm: str, other: str) -> bool:
        first, second = self._marks[arm], self._marks[other]
        return sum(first[q] - second[q] for q in first if q in second) > 0


def outlook(found: Spread, share: float, *, margin: float, alpha: float, hopeful: bool) -> float:
    """Conditional power: the chance that the test over all questions decides, given those answered.

    The mean of all questions is normal around what was seen and what is assumed of the rest (Lan & Wittes 1988, "The
    B-value"). The rest's difference is taken where, within the present 95 % interval, the chance is largest.

    Args:
        found: The differences so far.
        share: Of the questions that are answered, below 1.
        alpha: Two-sided, of the test; half of it for each side of the equivalence.
        hopeful: Take the largest chance to end better, worse or equivalent; else the smallest chance to end on the side
            that leads.
    """
    half = normal_quantile(0.975) * found.error
    final_error = found.error * math.sqrt(share)
    needed = normal_quantile(1 - alpha / 2) * final_error
    inside = max(0.0, margin - normal_quantile(1 - alpha) * final_error)
    assumed = np.linspace(found.mean - half, found.mean + half, 21)
    middle = share * found.mean + (1 - share) * assumed
    scale = found.error * math.sqrt(share * (1 - share))
    above, below = normal_cdf((middle - needed) / scale), normal_cdf((-needed - middle) / scale)
    if not hopeful:
        return float((above if found.mean > 0 else below).min())
    equal = normal_cdf((inside - middle) / scale) - normal_cdf((-inside - middle) / scale)
    return float((above + below + equal).max())
