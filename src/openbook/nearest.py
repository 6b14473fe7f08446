"""Worked examples that are most like the question, from training rows alone, and none that gives its answer away.

A training row on the question's own subject (same fact, group or document, or nearly its words) is never shown: for a
`seen` question it would state the very answer, which is what the arms that learn are tested for. Knows no
configuration; it is handed a measure of likeness.

Liu et al. 2022, "What Makes Good In-Context Examples for GPT-3?": neighbours by sentence embedding, the nearest last.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property

from openbook.arms import ShotsByQuestion
from openbook.core.ids import digest
from openbook.core.protocols import Embedder
from openbook.core.types import Example, Failure
from openbook.ingest.groups import asked
from openbook.ingest.near import NEAR, Shingles, trigrams
from openbook.prompt import Shot

VERSION = 1

Likeness = Callable[[Sequence[str]], Sequence[Sequence[float] | Failure]]
"""Questions → for each a number for each of the texts it was made over; higher is more like it."""

Measure = Callable[[Sequence[str]], Likeness]
"""Texts → their likeness to questions. What it must work out about the texts it works out once."""


def nearest_shots(
    train: Sequence[Example], groups: Mapping[str, str], *, count: int, measure: Measure, measured_by: str
) -> ShotsByQuestion:
    """Shots by question.

    Args:
        groups: Example id → its group.
        count: Shots for each question; fewer where fewer rows are on other subjects.
        measured_by: What `measure` is, for the fingerprint.
    """
    rows = sorted(train, key=lambda row: digest(row.id))
    told = [
        [row.id, row.input, row.context, row.reference, row.fact, groups.get(row.id), *row.documents] for row in rows
    ]
    chooser = _Neighbours(rows, groups, count=count, measure=measure)
    settings = {"by": "nearest", "count": count, "measure": measured_by, "rows": digest(told), "version": VERSION}
    return ShotsByQuestion(choose=chooser.choose, settings=settings)


def by_words(texts: Sequence[str]) -> Likeness:
    """Likeness by shared words: BM25."""
    from openbook.retrieve.lexical import Lexical

    index = Lexical(texts)

    def likeness(questions: Sequence[str]) -> list[list[float]]:
        found = [dict(places) for places in index.search(questions, k=len(texts))]
        return [[scores.get(place, 0.0) for place in range(len(texts))] for scores in found]

    return likeness


def by_meaning(embedder: Embedder) -> Measure:
    """Likeness by an embedder: the cosine of question and question."""

    def measure(texts: Sequence[str]) -> Likeness:
        import numpy as np

        nothing = np.zeros(embedder.dimension, dtype=np.float32)
        vectors = embedder.embed(texts, kind="query")
        matrix = np.array([nothing if isinstance(vector, Failure) else vector for vector in vectors])

        def likeness(questions: Sequence[str]) -> list[Sequence[float] | Failure]:
            # Rounded, so that another order of summing on another machine changes no choice.
            return [
                found if isinstance(found, Failure) else np.round(matrix @ np.array(found), 5).tolist()
                for found in embedder.embed(questions, kind="query")
            ]

        return likeness

    return measure


class _Neighbours:
    """The training rows and what is known of them."""

    def __init__(self, rows: Sequence[Example], groups: Mapping[str, str], *, count: int, measure: Measure) -> None:
        self._rows, self._groups = rows, groups
        self._count, self._measure = count, measure

    @cached_property
    def _likeness(self) -> Likeness:
        return self._measure([asked(row) for row in self._rows])

    @cached_property
    def _shingles(self) -> list[Shingles]:
        return [trigrams(asked(row)) for row in self._rows]

    def choose(self, examples: Sequence[Example]) -> list[tuple[Shot, ...] | Failure]:
        """The shots of each example, the nearest last; from three on, the first abstains where such a row exists."""
        if not self._rows or not examples:
            return [()] * len(examples)
        scores = self._likeness([asked(example) for example in examples])
        return [
            row if isinstance(row, Failure) else self._shots(example, row)
            for example, row in zip(examples, scores, strict=True)
        ]

    def _shots(self, example: Example, scores: Sequence[float]) -> tuple[Shot, ...]:
        order = list(self._allowed(example, scores))
        abstaining = [row for row in order if not row.answerable][:1] if self._count >= 3 else []
        answering = [row for row in order if row.answerable][: self._count - len(abstaining)]
        shown = [*abstaining, *reversed(answering)]
        return tuple(Shot(input=row.input, reference=row.reference, context=row.context) for row in shown)

    def _allowed(self, example: Example, scores: Sequence[float]) -> Iterator[Example]:
        """Rows on other subjects, the most like first."""
        shingles = trigrams(asked(example))
        for place in sorted(range(len(self._rows)), key=lambda place: -scores[place]):
            if not self._same_subject(example, shingles, place):
                yield self._rows[place]

    def _same_subject(self, example: Example, shingles: Shingles, place: int) -> bool:
        row = self._rows[place]
        group = self._groups.get(example.id, example.group)
        return (
            row.id == example.id
            or (example.fact is not None and row.fact == example.fact)
            or (group is not None and group == self._groups.get(row.id, row.group))
            or bool({*row.documents} & {*example.documents})
            or _similar(shingles, self._shingles[place])
        )


def _similar(one: Shingles, other: Shingles) -> bool:
    shared = len(one & other)
    return shared > NEAR * (len(one) + len(other) - shared)
