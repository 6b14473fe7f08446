"""Where the reference itself is doubtful: another label contradicts it, or arms that cannot have it from each other
agree on something else that the passages support. Knows neither metrics nor pages.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from openbook.core.types import Answer, Example
from openbook.ingest.groups import asked
from openbook.ingest.near import NEAR, trigrams
from openbook.score.facts import has_facts
from openbook.score.text import normalised, token_f1
from openbook.score.wording import words

SHORT = 4
"""Words up to which two references must be the same to agree: labels, dates, amounts."""
ALIKE = 0.5
"""Token F1 from which on two longer references are one answer in two wordings."""
AGREE = 0.8
"""Token F1 from which on two arms give one answer; also the share of its words that a passage must hold."""

_BRACKET = re.compile(r"\[[^\[\]\n]*\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """A wrong answer, and whether the arm that gave it was shown passages."""

    answer: Answer
    looks_up: bool


def contradicted(examples: Iterable[Example], twins: Mapping[str, str]) -> dict[str, str]:
    """Id of every example that another one contradicts → that one's id.

    Args:
        twins: Example id → the earliest example with nearly the same input, for those that have one.
    """
    clusters: defaultdict[str, list[Example]] = defaultdict(list)
    for example in examples:
        if example.id in twins:
            clusters[twins[example.id]].append(example)
    found: dict[str, str] = {}
    for cluster in clusters.values():
        for example in cluster:
            other = next(
                (o for o in cluster if o is not example and _same_question(example, o) and _at_odds(example, o)), None
            )
            if other is not None:
                found[example.id] = other.id
    return found


def disputed(example: Example, answers: Sequence[Other]) -> bool:
    """Whether an arm with passages and one without give the same other answer, and one of the passages supports it.

    Two arms that read the same passage agree easily; one that never saw it does not. The passage must not hold the
    reference's facts.
    """
    reading = [other.answer for other in answers if other.looks_up]
    knowing = [_claim(other.answer.text) for other in answers if not other.looks_up]
    for answer in reading:
        claim = _claim(answer.text)
        if any(_agree(claim, known) for known in knowing) and any(
            _supports(hit.chunk.searchable, claim) and not (example.facts and has_facts(example, hit.chunk.searchable))
            for hit in answer.hits
        ):
            return True
    return False


def _same_question(one: Example, other: Example) -> bool:
    """Not only linked by a chain of like questions, and about the same numbers."""
    a, b = trigrams(asked(one)), trigrams(asked(other))
    return _numbers(asked(one)) == _numbers(asked(other)) and len(a & b) > NEAR * len(a | b)


def _at_odds(one: Example, other: Example) -> bool:
    if one.answerable is not other.answerable:
        return True
    if not one.answerable or not one.references or not other.references:
        return False
    if one.facts and other.facts:
        return not any(has_facts(a, text) for a, b in ((one, other), (other, one)) for text in b.references)
    pairs = [(normalised(a), normalised(b)) for a in one.references for b in other.references]
    if all(max(len(a.split()), len(b.split())) <= SHORT for a, b in pairs):
        return all(a != b for a, b in pairs)
    return max(token_f1(a, b) for a, b in pairs) < ALIKE


def _claim(text: str) -> str:
    """What an answer says, without its citations."""
    return _BRACKET.sub(" ", text)


def _agree(one: str, other: str) -> bool:
    return token_f1(one, other) >= AGREE and _numbers(one) == _numbers(other)


def _supports(passage: str, claim: str) -> bool:
    """Whether a passage holds all numbers of a claim and most of its longer words; a claim of one word has no support."""
    telling = {word for word in words(claim) if len(word) > 3 or word[:1].isdigit()}
    there = telling & set(words(passage))
    return len(telling) > 1 and _numbers(claim) <= there and len(there) >= AGREE * len(telling)


def _numbers(text: str) -> set[str]:
    return {word for word in words(text) if any(letter.isdigit() for letter in word)}
