"""Grounding without a model: do an answer's words stand in the passages that it was given? Knows no truth, only words.

Each sentence of the answer is held against the passages' sentence that shares most of its content words (Snowball stems,
function words left out). A sentence with a number or a name that stands in no passage has no support at all. A paraphrase
in other words counts as unsupported, and a sentence that turns its passage's words into their opposite as supported: how
far such a measure agrees with people is measured, in `AGREEMENT`, and not assumed.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from openbook.core.ids import digest
from openbook.core.types import Answer, Example
from openbook.score.each import PerAnswer
from openbook.score.stats import Agreement
from openbook.score.wording import words

THRESHOLD = 0.8
"""Least support of an answer that counts as grounded: the best on one half of BEGIN (`benchmarks/grounding`)."""

AGREEMENT = Agreement(kappa=0.678, low=0.578, high=0.778, level=0.95, n=207, groups=137, observed=0.841, chance=0.505)
"""With people's labels on the other half; `benchmarks/grounding` measures it anew, and a test compares."""

LABELS = "labels that people gave to replies about Wikipedia (BEGIN)"

TRUSTED = 0.4
"""A measure whose kappa may lie below this is shown as unvalidated: "moderate" begins above it (Landis and Koch 1977)."""

FIXED_SHARE = 0.5
FIXED_FROM = 10
FIXED_LOOK = 500
_BREAK = re.compile(r"(?<=[.!?…])[\"'”’)]*\s+(?=[^\sa-z])|\n+")
_CITATION = re.compile(r"\[[^\[\]\n]{1,200}\](?!\()")
_NAME = re.compile(r"(?<=\s)[^\W\d_][\w’'-]+")
_FUNCTION_WORDS = frozenset(
    """
    a about after all also am an and any are as at be because been before being both but by can could did do does done
    for from had has have he her here his how i if in into is it its just may me might more most much must my no not of
    on one only or other our out over she should so some such than that the their them then there these they this those
    through to too under up us very was we were what when where which while who whom whose why will with would yes you
    your
    """.split()  # noqa: SIM905 (a hundred quoted words would be harder to read)
)


def support(text: str, passages: Sequence[str], *, fixed: frozenset[str] = frozenset()) -> float:
    """Share of a text's content words that its sentences share with their nearest sentence of a passage, in [0, 1].

    1 for a text without content words: it claims nothing.

    Args:
        fixed: Stems that claim nothing, such as those of a greeting.
    """
    sources = [stems for passage in passages for stems in _sentences(passage)]
    known = frozenset[str]().union(*sources)
    supported = total = 0
    for sentence in _cut(_CITATION.sub(" ", text)):
        content = [stem for stem in _content(sentence) if stem not in fixed]
        total += len(content)
        if not (_strict(sentence) - fixed) - known:
            supported += max((sum(stem in source for stem in content) for source in sources), default=0)
    return supported / total if total else 1.0


def fixed_words(references: Sequence[str]) -> frozenset[str]:
    """Stems that stand in at least half of the references: a house's greeting, not a claim. None of few references."""
    texts = references[:: max(1, len(references) // FIXED_LOOK)]
    if len(texts) < FIXED_FROM:
        return frozenset()
    counts = Counter(stem for text in texts for stem in set(_content(_CITATION.sub(" ", text))))
    return frozenset(stem for stem, count in counts.items() if count >= FIXED_SHARE * len(texts))


class Grounded(PerAnswer):
    """1 where the passages that an answer was given support it, else 0; 1 where it abstains, for it claims nothing.

    Read it beside the abstentions. Arms that are given no passages are not marked.

    Args:
        fixed: Stems that claim nothing, as `fixed_words` finds them.
    """

    name = "grounding"
    binary = True
    reads_passages = True

    def __init__(self, fixed: frozenset[str] = frozenset()) -> None:
        self._fixed = fixed
        words_left_out = f"{len(fixed)}:{digest(sorted(fixed))}" if fixed else "none"
        self.signature = (
            f"grounding|nearest sentence, numbers and names|stem:snowball|words:v1|fixed:{words_left_out}"
            f"|at least:{THRESHOLD:g}|v:1"
        )

    def mark(self, example: Example, answer: Answer) -> float:
        if answer.abstained:
            return 1.0
        passages = [hit.chunk.searchable for hit in answer.hits]
        return float(support(answer.text, passages, fixed=self._fixed) >= THRESHOLD)

    def remarks(self) -> tuple[str, ...]:
        """How far it agrees with people."""
        return (agreement_sentence(AGREEMENT, LABELS),)


def agreement_sentence(found: Agreement, labels: str) -> str:
    """`Unvalidated: …` where kappa may lie below `TRUSTED`."""
    figures = (
        f"Cohen's kappa {found.kappa:.2f} [{found.low:.2f}, {found.high:.2f}] with {labels}, n = {found.n}"
        f" in {found.groups} groups"
    )
    if found.low < TRUSTED:
        return f"Unvalidated: {figures}; it could lie below {TRUSTED:g}."
    return f"Validated elsewhere, not on your documents: {figures}."


def _cut(text: str) -> Iterator[str]:
    return (piece for piece in _BREAK.split(text) if piece.strip())


@lru_cache(maxsize=8192)
def _sentences(passage: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(_content(sentence)) for sentence in _cut(passage))


def _content(sentence: str) -> list[str]:
    return _stemmed(word for word in words(sentence) if word not in _FUNCTION_WORDS)


def _strict(sentence: str) -> frozenset[str]:
    """The stems that must stand in a passage: of words with a digit, and of names (capitals after the first word)."""
    numbers = [word for word in words(sentence) if any(char.isdigit() for char in word)]
    names = [w for found in _NAME.findall(sentence.strip()) if found[0].isupper() for w in words(found)]
    return frozenset(_stemmed(word for word in (*numbers, *names) if word not in _FUNCTION_WORDS))


def _stemmed(found: Iterable[str]) -> list[str]:
    stemmer = _stemmer()
    return [str(stemmer.stemWord(word)) for word in found]


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english")
