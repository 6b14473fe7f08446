"""The classes of a wrong answer, in their order of precedence, and the cheapest thing to try for each. Words only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from openbook.arms import RETRIEVES, TUNES

Cause = Literal[
    "failed",
    "cut",
    "doubtful_reference",
    "stale",
    "answered_unanswerable",
    "wrong_form",
    "not_in_documents",
    "not_retrieved",
    "wrongly_abstained",
    "unused",
    "not_known",
    "unplaced",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """A class in words.

    Attributes:
        title: As a row's head.
        plain: What such answers are, for somebody who does not run the system.
        meaning: What puts an answer there.
        fix: The cheapest thing to try.
        looks_up: The same for arms that look up, where it is another thing.
        tunes: The same for arms with an adapter; comes before `looks_up`.
    """

    title: str
    plain: str
    meaning: str
    fix: str
    looks_up: str = ""
    tunes: str = ""


NAMES: Mapping[Cause, Naming] = {
    "failed": Naming(
        title="failed",
        plain="answers that failed for technical reasons",
        meaning="There is no answer.",
        fix="Mend what the message names, then run `openbook compare --retry-failures`.",
    ),
    "cut": Naming(
        title="cut at the limit",
        plain="answers cut off at the length limit",
        meaning="The answer ended at the length limit.",
        fix="Raise `[generate] max_tokens`, or ask for shorter answers in `[prompt] instructions`.",
    ),
    "doubtful_reference": Naming(
        title="reference doubtful",
        plain="questions whose model answer is itself doubtful",
        meaning="Another example asks the same and is labelled otherwise; or an arm that looked up and one that did not"
        " agree on another answer, which the passages support.",
        fix="Read these examples before changing an arm: correct the label, or remove one of two that contradict.",
    ),
    "stale": Naming(
        title="stale fact given",
        plain="answers that were true once",
        meaning="The answer says what the example lists as no longer true.",
        fix="Look such facts up: what a model knows by heart goes out of date.",
        looks_up="Take the outdated text out of the documents and run `openbook ingest`.",
        tunes="Train again on what is true now, and take the outdated text out of the documents.",
    ),
    "answered_unanswerable": Naming(
        title="answered the unanswerable",
        plain="answers made up where there is none",
        meaning="The documents hold no answer, and it gave one.",
        fix="Show how to abstain: say when in `[prompt] instructions`, and `[prompt] shots` of 3 or more include a worked"
        " example that does.",
        tunes="Label more examples with `answerable = false` to train on.",
    ),
    "wrong_form": Naming(
        title="right fact, wrong form",
        plain="right answers in the wrong form",
        meaning="The right words are there, not in the wording or the form that the metric asks for.",
        fix="Show the form in `[prompt] instructions` and worked examples; then tune for behaviour. If the wording is as"
        " good, accept it in the example's `facts`.",
        tunes="Accept the wording in the example's `facts` if it is as good; else train on more examples in the wanted form.",
    ),
    "not_in_documents": Naming(
        title="not in the documents",
        plain="answers that the documents do not hold",
        meaning="It looks things up, and the documents do not hold the answer.",
        fix="Write it down: add it to the documents, or label the example `answerable = false`.",
    ),
    "not_retrieved": Naming(
        title="in the documents but not retrieved",
        plain="answers that are in the documents and were not found",
        meaning="The documents hold the answer, the passages it was shown do not.",
        fix="Raise `[retrieve] passages`; then try another `[retrieve] mode` and other `[chunks] tokens`.",
    ),
    "wrongly_abstained": Naming(
        title="wrongly abstained",
        plain="“I don’t know” where there is an answer",
        meaning="There is an answer, and it said that it does not know; of arms that look up: with the answer before it.",
        fix="Look it up: it says itself that it does not know.",
        looks_up="It had the answer before it: say in `[prompt] instructions` that a passage may be enough, or tune over"
        " retrieval.",
        tunes="Train on fewer rows that abstain: raise `[tune] oracle`, or label more answerable examples.",
    ),
    "unused": Naming(
        title="retrieved but unused",
        plain="answers that were found and not used",
        meaning="The passages it was shown hold the answer, and it gave another one.",
        fix="Tune over retrieval (hybrid), or use a larger model.",
        tunes="Use a larger model, or train on more rows over retrieval.",
    ),
    "not_known": Naming(
        title="not known",
        plain="answers that it never learnt",
        meaning="It does not look up, and it gave a wrong answer.",
        fix="Look it up (rag).",
        tunes="Look it up (rag, hybrid): facts that are not among the training rows cannot be learnt from them.",
    ),
    "unplaced": Naming(
        title="cannot be told",
        plain="answers whose cause cannot be told",
        meaning="The example has neither facts nor documents to tell where the answer stands, if it stands anywhere.",
        fix="Read the worst answers side by side: worked examples and tuning teach a task, and a larger model does more of it.",
        looks_up="Give the examples `facts` or `documents`: without them a miss of the search looks like a misreading.",
    ),
}
"""In order: an answer is in the first class that holds."""


def fix(cause: Cause, *, kind: str) -> str:
    """The cheapest thing to try for the answers of one class of one arm.

    Args:
        kind: The arm's kind.
    """
    naming = NAMES[cause]
    if TUNES.get(kind, False) and naming.tunes:
        return naming.tunes
    return naming.looks_up if RETRIEVES.get(kind, False) and naming.looks_up else naming.fix
