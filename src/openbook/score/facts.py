"""Facts right, facts stale: the primary metric of an answering task. Knows nothing of style or of where a fact stands."""

from typing import Literal

from openbook.core.types import Answer, Example
from openbook.score.each import PerAnswer
from openbook.score.wording import holds, words

Freshness = Literal["fresh", "stale", "both", "neither", "abstained"]


def has_facts(example: Example, text: str) -> bool:
    """Whether every group of the example's facts has one of its wordings in the text (true without facts)."""
    cut = words(text)
    return all(any(holds(cut, words(wording)) for wording in group) for group in example.facts)


def has_stale(example: Example, text: str) -> bool:
    """Whether one of the example's stale wordings stands in the text."""
    cut = words(text)
    return any(holds(cut, words(wording)) for wording in example.stale)


def freshness_class(example: Example, answer: Answer) -> Freshness:
    """What an answer says of a fact that changed.

    What stands in the answer comes before the abstention: "I don't know, it used to be 30 days" is `stale`. For a
    deleted fact (unanswerable, no facts) `abstained` is the right class.
    """
    fresh = bool(example.facts) and has_facts(example, answer.text)
    stale = has_stale(example, answer.text)
    if fresh:
        return "both" if stale else "fresh"
    if stale:
        return "stale"
    return "abstained" if answer.abstained else "neither"


class FactsRight(PerAnswer):
    """1 where all facts are in the answer and no stale wording is; for unanswerable examples, 1 where it abstains.

    None where the example has neither facts nor `answerable = false`.
    """

    name = "facts"
    signature = "facts|all groups, none stale; unanswerable: abstained|words:v1"
    binary = True

    def mark(self, example: Example, answer: Answer) -> float | None:
        if not example.answerable:
            return float(answer.abstained and not has_stale(example, answer.text))
        if not example.facts:
            return None
        return float(has_facts(example, answer.text) and not has_stale(example, answer.text))


class StaleWording(PerAnswer):
    """1 where a stale wording stands in the answer, else 0; None where the example has no stale wordings."""

    name = "stale"
    signature = "stale|any stale wording|words:v1"
    higher_is_better = False
    binary = True

    def mark(self, example: Example, answer: Answer) -> float | None:
        return float(has_stale(example, answer.text)) if example.stale else None
