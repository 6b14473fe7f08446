"""Accuracy and macro-averaged F1 of a classifier: which label does an answer give? Knows no label of its own.

The label set is that of the references. An answer gives a label where all of it, its first line, or what follows a first
`Label:` is one, or where it is JSON with one such value; apart from case, quotes, full stops and how words are joined
(`card_arrival`, `card arrival`). A label somewhere in a sentence is not given: nothing downstream could act on it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from openbook.core.ids import digest
from openbook.core.types import Answer, Example, Failure, Score
from openbook.score.checks import first_json
from openbook.score.each import PerAnswer, column_sums
from openbook.score.parts import Part

ABSTAINED = "(abstains)"
"""The class of questions without an answer, and of answers that say so."""

NEGLIGIBLE = 1e-9
_JOINED = re.compile(r"[\s_\-/]+")
_EDGES = " \t\n.,;:!?\"'`*“”‘’«»()[]<>"
_PREFIX = re.compile(r"\A[^\W\d_]+(?: [^\W\d_]+)?\s*[:=]\s*(?=\S)")


def normalised(text: str) -> str:
    """Case folded, quotes and full stops around it dropped, words joined by single spaces."""
    return _JOINED.sub(" ", text.casefold()).strip(_EDGES)


def label_set(examples: Iterable[Example]) -> tuple[str, ...]:
    """The normalised labels of the references of answerable examples, sorted."""
    return tuple(sorted({normalised(r) for e in examples if e.answerable for r in e.references} - {""}))


def spellings(examples: Iterable[Example]) -> tuple[str, ...]:
    """The labels of `label_set` in the same order, each as the references write it most often."""
    written: dict[str, Counter[str]] = {}
    for reference in (r.strip() for e in examples if e.answerable for r in e.references):
        written.setdefault(normalised(reference), Counter())[reference] += 1
    return tuple(min(found, key=lambda one: (-found[one], one)) for label, found in sorted(written.items()) if label)


def given_label(text: str, labels: frozenset[str]) -> str | None:
    """The label that a text gives, normalised; None where it gives none."""
    first_line = next((line for line in text.splitlines() if line.strip()), "")
    candidates = [text, first_line, _PREFIX.sub("", first_line.strip(), count=1)]
    found = next((n for candidate in candidates if (n := normalised(candidate)) in labels), None)
    return found if found is not None else _in_json(text, labels)


def _in_json(text: str, labels: frozenset[str]) -> str | None:
    if "{" not in text and "[" not in text:
        return None
    (value,) = first_json(text) or (None,)
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    found = {n for item in inside if isinstance(item, str) and (n := normalised(item)) in labels}
    return found.pop() if len(found) == 1 else None


class _Labelled:
    """What both metrics know: the label set, and the class that an example wants and an answer gives."""

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = tuple(sorted({normalised(label) for label in labels} - {""}))
        self._set = frozenset(self.labels)

    def wanted(self, example: Example, given: str | None) -> str | None:
        """The class that is right: the given one where it is accepted, else the first reference's."""
        if not example.answerable:
            return ABSTAINED
        accepted = [n for reference in example.references if (n := normalised(reference))]
        if not accepted or (self.labels and accepted[0] not in self._set):
            return None
        return given if given in accepted else accepted[0]

    def given(self, example: Example, answer: Answer) -> str | None:
        if answer.abstained:
            return ABSTAINED
        known = self._set or frozenset(normalised(reference) for reference in example.references)
        return given_label(answer.text, known)


class Accuracy(PerAnswer):
    """1 where the answer gives an accepted label, else 0; for unanswerable examples, 1 where it abstains.

    None without references.

    Args:
        labels: Of all references; without them an answer is held against its own example's labels alone.
    """

    name = "accuracy"
    binary = True

    def __init__(self, labels: Sequence[str] = ()) -> None:
        self._labelled = _Labelled(labels)
        self.signature = f"accuracy|label:whole, line, prefixed or json|set:{_named(self._labelled)}|v:1"

    def mark(self, example: Example, answer: Answer) -> float | None:
        given = self._labelled.given(example, answer)
        wanted = self._labelled.wanted(example, given)
        return None if wanted is None else float(given == wanted)


class MacroF1:
    """Mean over the classes of each class's F1, in [0, 1]: rare labels count as much as frequent ones.

    Classes that no marked example has and no answer gives are left out; one that is only given counts 0, as in
    scikit-learn. An answer that gives no label is a miss of its class. A Score's values are, for each class, 1 where it is
    rightly given, where it is given, where it is wanted.

    Args:
        labels: Of all references. None is marked without them.
    """

    name = "macro_f1"
    higher_is_better = True
    binary = False
    additive = True

    def __init__(self, labels: Sequence[str] = ()) -> None:
        self._labelled = _Labelled(labels)
        self._classes = {label: place for place, label in enumerate((*self._labelled.labels, ABSTAINED))}
        self.signature = (
            f"macro_f1|label:whole, line, prefixed or json|set:{_named(self._labelled)}|classes:wanted or given|v:1"
        )

    def score(self, examples: Sequence[Example], answers: Sequence[Answer]) -> list[Score | Failure | None]:
        return [self._counts(example, answer) for example, answer in zip(examples, answers, strict=True)]

    def _counts(self, example: Example, answer: Answer) -> Score | None:
        given = self._labelled.given(example, answer)
        wanted = self._labelled.wanted(example, given)
        if wanted is None or not self._labelled.labels:
            return None
        values = [0.0] * (3 * len(self._classes))
        values[3 * self._classes[wanted] + 2] = 1.0
        if given is not None:
            values[3 * self._classes[given] + 1] = 1.0
            values[3 * self._classes[given]] = float(given == wanted)
        return Score(values=tuple(values))

    def reduce(self, matrix: Sequence[Sequence[float]]) -> float:
        """Macro F1 of an (n, 3 · classes) matrix; ValueError without rows."""
        sums = column_sums(matrix)
        figures = [
            2 * right / (given + wanted)
            for right, given, wanted in zip(sums[::3], sums[1::3], sums[2::3], strict=True)
            if given + wanted > NEGLIGIBLE
        ]
        return sum(figures) / len(figures) if figures else 0.0

    def parts(self, examples: Sequence[Example], answers: Sequence[Answer]) -> list[Part]:
        """Each class with precision, recall and F1, and how often an answer gave no label at all."""
        scores = [
            (s.values, a) for s, a in zip(self.score(examples, answers), answers, strict=True) if isinstance(s, Score)
        ]
        if not scores:
            return []
        sums = column_sums([values for values, _ in scores])
        counted = {name: sums[3 * place : 3 * place + 3] for name, place in self._classes.items()}
        found = [_class_part(name, *three) for name, three in counted.items() if three[1] + three[2]]
        missing = sum(not any(values[1::3]) for values, _ in scores)
        return [*found, Part(name="(no label)", n=len(scores), figures={"share": missing / len(scores)})]


def _class_part(name: str, right: float, given: float, wanted: float) -> Part:
    figures: Mapping[str, Any] = {
        "precision": right / given if given else None,
        "recall": right / wanted if wanted else None,
        "f1": 2 * right / (given + wanted),
    }
    return Part(name=name, n=round(wanted), figures=figures)


def _named(labelled: _Labelled) -> str:
    return (
        f"{len(labelled.labels)} of references:{digest(list(labelled.labels))}" if labelled.labels else "each example's"
    )
