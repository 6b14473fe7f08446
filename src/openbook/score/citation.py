"""Does an answer cite the documents that hold it? Knows labels only, not what the cited passages say.

A citation is a label in square brackets, `[returns-uk]`, several in one pair of brackets separated by commas or
semicolons, or a passage's number, `[1]`, counted from 1 in the order in which the passages stood in the prompt.
"""

import re
from collections.abc import Sequence

from openbook.core.types import Answer, Example, Failure, Hit, Score, document_label
from openbook.score.each import column_sums

_BRACKETS = re.compile(r"\[([^\[\]\n]{1,200})\](?!\()")
NOTHING = "none"
"""`[none]` says that nothing is cited."""


def cited(text: str, *, known: Sequence[str], hits: Sequence[Hit]) -> frozenset[str]:
    """The labels that a text cites, case folded; a number without a passage stays itself and so is a wrong label.

    Args:
        known: Labels that are taken whole, even if they hold a comma or are a number.
        hits: What numbers refer to.
    """
    names = {label.casefold() for label in (*known, *(hit.chunk.label for hit in hits))}
    found: set[str] = set()
    for inside in _BRACKETS.findall(text):
        whole = inside.strip().casefold()
        parts = [whole] if whole in names else [part.strip() for part in re.split("[,;]", whole)]
        found.update(_label(part, names, hits) for part in parts if part)
    return frozenset(found - {NOTHING})


def _label(part: str, names: set[str], hits: Sequence[Hit]) -> str:
    if part in names:
        return part
    if part.isascii() and part.isdecimal() and 1 <= int(part) <= len(hits):
        return hits[int(part) - 1].chunk.label.casefold()
    return document_label(part)


class CitesRight:
    """Micro-averaged F1 of cited against wanted labels, in [0, 1].

    A Score's three values are the labels cited rightly, all labels cited, all labels wanted; None where the example
    names no documents.
    """

    name = "citation"
    signature = "citation|labels:set|average:micro|measure:f1|v:1"
    higher_is_better = True
    binary = False
    additive = True

    def score(self, examples: Sequence[Example], answers: Sequence[Answer]) -> list[Score | Failure | None]:
        return [_counts(example, answer) for example, answer in zip(examples, answers, strict=True)]

    def reduce(self, matrix: Sequence[Sequence[float]]) -> float:
        """F1 of an (n, 3) matrix: 2 × right / (cited + wanted); ValueError without rows."""
        right, given, wanted = column_sums(matrix)
        return 2 * right / (given + wanted)

    def precision(self, matrix: Sequence[Sequence[float]]) -> float | None:
        """Share of the cited labels that are right; None where nothing was cited at all."""
        right, given, _ = column_sums(matrix)
        return right / given if given else None

    def recall(self, matrix: Sequence[Sequence[float]]) -> float:
        """Share of the wanted labels that are cited."""
        right, _, wanted = column_sums(matrix)
        return right / wanted


def _counts(example: Example, answer: Answer) -> Score | None:
    if not example.documents:
        return None
    labels = [document_label(name) for name in example.documents]
    wanted = frozenset(label.casefold() for label in labels)
    given = cited(answer.text, known=labels, hits=answer.hits)
    return Score(values=(float(len(given & wanted)), float(len(given)), float(len(wanted))))
