"""The freshness probe: the changed facts asked before and after the documents changed.

Every answer is `fresh` (the new wording), `stale` (the old one), `both`, `neither` or `abstained`. Knows nothing of how
answers come about: it is handed records.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from openbook.core.ids import digest
from openbook.core.types import Answer, Example, Record
from openbook.score.facts import freshness_class
from openbook.score.stats import proportion_interval

CLASSES = ("fresh", "stale", "both", "neither", "abstained")


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """`count` of `n` answers, with its interval: Wilson's, and the rule of three at 0 and n."""

    count: int
    n: int
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How one arm answered the changed facts.

    Attributes:
        shares: Class → share of the answers.
        right: Share that says what the documents say now: the new wording alone, or an abstention where the fact is gone.
        failures: Questions that got no answer.
    """

    shares: Mapping[str, Share]
    right: Share
    failures: int


def questions(updates: Sequence[Example], asked_before: Sequence[Example], limit: int) -> list[Example]:
    """The freshness questions: wordings used nowhere else first, then the others; at most `limit` (0: all).

    Of either kind every fact comes once before any comes twice.
    """
    known = {example.input for example in asked_before}
    unused = _by_turns([example for example in updates if example.input not in known])
    order = unused + _by_turns([example for example in updates if example.input in known])
    return order[:limit] if limit else order


def tally(examples: Sequence[Example], records: Mapping[str, Record], *, level: float) -> Freshness:
    """Classify one arm's answers to the freshness questions."""
    answered = [(example, records[example.key].result) for example in examples if example.key in records]
    classes = [
        (example, freshness_class(example, result)) for example, result in answered if isinstance(result, Answer)
    ]
    counts: Counter[str] = Counter(kind for _, kind in classes)
    right = sum(kind == ("abstained" if _is_gone(example) else "fresh") for example, kind in classes)
    n = len(classes)
    return Freshness(
        shares={kind: share(counts[kind], n, level) for kind in CLASSES},
        right=share(right, n, level),
        failures=len(answered) - n,
    )


def share(count: int, n: int, level: float) -> Share:
    low, high = proportion_interval(count, n, level) if n else (0.0, 1.0)
    return Share(count=count, n=n, low=low, high=high)


def _is_gone(example: Example) -> bool:
    """Whether the documents say nothing of it any more, so that abstaining is right."""
    return not example.answerable or (example.change == "delete" and not example.facts)


def _by_turns(examples: Sequence[Example]) -> list[Example]:
    """The last wording of every fact, then the one before it, and so on; facts in an order fixed by their names."""
    wordings: dict[str, list[Example]] = defaultdict(list)
    for example in reversed(examples):
        wordings[example.fact or example.id].append(example)
    turns = zip_longest(*(wordings[fact] for fact in sorted(wordings, key=digest)))
    return [example for turn in turns for example in turn if example is not None]
