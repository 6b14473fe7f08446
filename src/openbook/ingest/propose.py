"""First guesses for a new project: which column is what, and which documents an example is about.

Every guess comes with its reason, for a human to confirm. Knows nothing of how documents are searched.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from openbook.core.errors import UsageError
from openbook.core.types import Example
from openbook.ingest.names import Names

SAMPLE = 500
"""Rows looked at."""

COLUMN_NAMES = {
    "id": ("id", "uuid", "key", "number", "ticket", "case"),
    "documents": (
        "documents",
        "document",
        "doc",
        "docs",
        "source",
        "sources",
        "file",
        "page",
        "path",
        "url",
        "article",
    ),
    "input": ("input", "question", "query", "prompt", "instruction", "utterance", "request", "message", "text", "body"),
    "reference": (
        *("reference", "answer", "response", "reply", "output", "completion", "target", "label", "intent", "category"),
        *("summary", "solution", "expected", "gold"),
    ),
}
"""Names that columns of labelled data commonly have, the likeliest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """Our key, the column it is probably in, and why."""

    key: str
    column: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    name: str
    filled: float
    distinct: float
    words: float
    questions: float
    resolved: float


def guess_columns(rows: Sequence[Mapping[str, object]], *, documents: Collection[str] = ()) -> tuple[Guess, ...]:
    """Guess which columns are `id`, `documents`, `input` and `reference`, by their names and by what is in them.

    Args:
        rows: Rows as read, by column; the first 500 are looked at.
        documents: Names of the documents there are: a column whose values name them is recognised whatever it is called.

    Returns:
        At most one guess for each key; a key for which nothing fits has none.
    """
    sample = rows[:SAMPLE]
    names = Names(documents)
    columns = [_column(name, sample, names) for name in dict.fromkeys(name for row in sample for name in row)]
    guesses: list[Guess] = []
    for key in ("documents", "id", "input", "reference"):
        left = [column for column in columns if column.name not in {guess.column for guess in guesses}]
        scored = [(score, column, reason) for column in left for score, reason in [_fits(key, column)] if score > 0]
        if scored:
            _, column, reason = max(scored, key=lambda item: item[0])
            guesses.append(Guess(key=key, column=column.name, reason=reason))
    return tuple(guesses)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Documents proposed for an example that names none, and why."""

    example: str
    documents: tuple[str, ...]
    reason: str


def propose_documents(
    examples: Iterable[Example], *, search: Callable[[Sequence[str]], Sequence[Sequence[str]]]
) -> tuple[Proposal, ...]:
    """Propose the relevant document of each answerable example that names none.

    A document is proposed where two searches agree: it is the best for the reference, and among the best three for the
    input. Examples on which they do not agree get no proposal.

    Args:
        search: Queries → for each the names of the documents found, best first, each name once.
    """
    asked = [example for example in examples if example.answerable and not example.documents and example.references]
    by_input = search([example.input for example in asked])
    by_reference = search([example.reference for example in asked])
    proposals = []
    for example, likely, holding in zip(asked, by_input, by_reference, strict=True):
        if holding and holding[0] in likely[:3]:
            rank = list(likely[:3]).index(holding[0]) + 1
            reason = f"best match for the reference, number {rank} for the input"
            proposals.append(Proposal(example=example.id, documents=(holding[0],), reason=reason))
    return tuple(proposals)


def _column(name: str, rows: Sequence[Mapping[str, object]], names: Names) -> _Column:
    values = [str(row[name]).strip() for row in rows if row.get(name) not in (None, "")]
    count = max(len(values), 1)
    return _Column(
        name=name,
        filled=len(values) / max(len(rows), 1),
        distinct=len(set(values)) / count,
        words=sum(len(value.split()) for value in values) / count,
        questions=sum(value.endswith("?") for value in values) / count,
        resolved=sum(_resolves(value, names) for value in values) / count,
    )


def _resolves(value: str, names: Names) -> bool:
    try:
        names.resolve(value)
    except UsageError:
        return False
    return True


def _fits(key: str, column: _Column) -> tuple[float, str]:
    """How well a column fits a key (0: not at all), and the reason in words."""
    named = _name_fit(key, column.name)
    filled = f"filled in {column.filled:.0%} of the rows"
    if key == "documents":
        if column.resolved >= 0.5:
            return 2 + column.resolved, f"{column.resolved:.0%} of its values name one of the documents"
        return 0.0, ""
    if key == "id":
        fits = named > 0 and column.filled == 1 and column.distinct == 1 and column.words <= 2
        return (named, "named like an id, and all its values are different") if fits else (0.0, "")
    if column.filled < 0.5 or (not named and column.words < 3):
        return 0.0, ""
    why = [f"its name {column.name!r}"] if named else []
    score = named + column.filled / 4
    if key == "input":
        score += column.questions + column.distinct / 2
        why += [f"{column.questions:.0%} of its values are questions"] if column.questions >= 0.2 else []
        why += [f"{column.distinct:.0%} of its values are different"]
    else:
        score += min(column.words, 40) / 80 - column.questions
        why += [f"{column.words:.0f} words on average"]
    return score, ", ".join([*why, filled])


def _name_fit(key: str, name: str) -> float:
    """1 for the likeliest name down to a half for the last, 0 where no part of the column's name is among them."""
    parts = "".join(letter if letter.isalnum() else " " for letter in name.casefold()).split()
    known = COLUMN_NAMES[key]
    ranks = [known.index(part) for part in parts if part in known]
    return 1 - min(ranks) / (2 * len(known)) if ranks else 0.0
