"""What would make a comparison look better than it is: duplicates across the split, contradictions, giveaways.

Reports, and changes nothing. Knows nothing of how the split was made.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from openbook.core.types import Document, Example
from openbook.ingest.groups import asked
from openbook.ingest.near import Shingles, near_duplicates, trigrams, words
from openbook.ingest.sections import headings

Kind = Literal["duplicate", "near_duplicate", "contradiction", "heading"]
LONG_REFERENCE = 8
"""Words from which on a reference that stands as a heading is no coincidence (a label or a date may well stand there)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """One kind of leak that was found.

    Attributes:
        message: A sentence with the number, the first case, and what to do.
        examples: Ids of the examples concerned; of duplicates across the split, the held-out ones.
    """

    kind: Kind
    message: str
    examples: tuple[str, ...]


def audit(
    *, train: Sequence[Example], held_out: Sequence[Example], documents: Iterable[Document] = ()
) -> tuple[Leak, ...]:
    """Look for leaks between training and held-out (dev and test) examples, and between these and the documents."""
    found = [
        *_duplicates(train, held_out),
        _contradictions([*train, *held_out]),
        _headings(held_out, documents),
    ]
    return tuple(leak for leak in found if leak)


def _duplicates(train: Sequence[Example], held_out: Sequence[Example]) -> list[Leak | None]:
    trained = {_plain(asked(example)): example.id for example in reversed(train)}
    exact = [(example.id, trained[_plain(asked(example))]) for example in held_out if _plain(asked(example)) in trained]
    same = {name for name, _ in exact}
    near = [pair for pair in _near(train, held_out) if pair[0] not in same]
    return [
        _leak("duplicate", exact, "{n} held-out {questions} word for word among the training questions", "Remove one."),
        _leak(
            "near_duplicate", near, "{n} held-out {questions} almost word for word among the training questions",
            "Reword or remove one.",
        ),
    ]  # fmt: skip


def _near(train: Sequence[Example], held_out: Sequence[Example]) -> list[tuple[str, str]]:
    """(held-out id, training id) for each held-out example with a near-duplicate among the training examples."""
    taught = {trigrams(asked(example)): example.id for example in reversed(train)}
    held: defaultdict[Shingles, list[str]] = defaultdict(list)
    for example in held_out:
        held[trigrams(asked(example))].append(example.id)
    texts = {trigrams(asked(example)): asked(example) for example in (*train, *held_out)}
    kinds = list(texts)
    found: dict[str, str] = {}
    near = [(kinds[one], kinds[other]) for one, other in near_duplicates(list(texts.values()))]
    for one, other in [*((kind, kind) for kind in kinds), *near, *(pair[::-1] for pair in near)]:
        for name in held.get(one, ()) if other in taught else ():
            found.setdefault(name, taught[other])
    return [(example.id, found[example.id]) for example in held_out if example.id in found]


def _contradictions(examples: Sequence[Example]) -> Leak | None:
    """Examples with the input of an earlier one and no reference in common with it."""
    by_input: defaultdict[str, dict[frozenset[str], str]] = defaultdict(dict)
    pairs: list[tuple[str, str]] = []
    for example in examples:
        answers = frozenset(_plain(reference) for reference in example.references)
        earlier = by_input[_plain(asked(example))]
        other = next((name for known, name in earlier.items() if not known & answers), None)
        if other is not None:
            pairs.append((example.id, other))
        earlier.setdefault(answers, example.id)
    wording = "{n} {examples} the same input as another but a different reference"
    return _leak("contradiction", pairs, wording, "No model can get both right: correct one.")


def _headings(held_out: Sequence[Example], documents: Iterable[Document]) -> Leak | None:
    places: dict[str, str] = {}
    for document in documents:
        for heading in headings(document.text, media=document.media):
            places.setdefault(_plain(heading.text), document.name)
    pairs = []
    for example in held_out:
        long = [reference for reference in example.references if len(words(reference)) >= LONG_REFERENCE]
        place = next((places[_plain(text)] for text in (example.input, *long) if _plain(text) in places), None)
        if place:
            pairs.append((example.id, place))
    wording = "{n} held-out {questions} word for word as a heading in the documents"
    return _leak("heading", pairs, wording, "Retrieval is easier than in real use: ask in a user's words.")


def _leak(kind: Kind, pairs: Sequence[tuple[str, str]], wording: str, advice: str) -> Leak | None:
    if not pairs:
        return None
    one = len(pairs) == 1
    counted = wording.format(
        n=len(pairs),
        questions="question stands" if one else "questions stand",
        examples="example has" if one else "examples have",
    )
    message = f"{counted} (first: {pairs[0][0]!r} and {pairs[0][1]!r}). {advice}"
    return Leak(kind=kind, message=message, examples=tuple(name for name, _ in pairs))


def _plain(text: str) -> str:
    return " ".join(words(text))
