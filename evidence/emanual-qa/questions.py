"""Questions to labelled examples: which page answers, and the reference that answers are marked against.

The rules are written in README.md. Knows no files.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from manual import Page, plain

from openbook.ingest.near import Shingles, trigrams

LONGEST_REFERENCE = 60
"""Words. A longer answer is left out, not cut: what was asked for often stands in its last sentence."""

LEAD_IN = 8
"""A sentence that so many different answers contain answers none of their questions in particular."""

HELD = 0.5
"""Share of a reference's word trigrams below which its own page does not hold the answer, if another page holds more."""

MOVED = 0.25
"""By how much more, at least."""

ONE_ANSWER = "Yes_No"
"""A kind of questions that are all answered with the one word Yes."""

SENTENCE_END = re.compile(r"(?<=[a-zA-Z)'’”\"][.!?])(?:\s+(?=[^a-z\s])|(?=[A-Z][a-z]))|(?<=[.!?]['’”])\s+(?=[^a-z\s])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of the questions.

    Attributes:
        examples: Rows of `examples.jsonl`.
        one_word: Questions left out because everything is answered with Yes.
        too_long: Questions left out because of their answer's length.
        lead_ins: Questions among the examples whose reference lost a lead-in.
        moved: Questions among the examples whose answer stands on another page than their path names.
    """

    examples: list[dict[str, Any]]
    one_word: int
    too_long: int
    lead_ins: int
    moved: int


def take(rows: Sequence[dict[str, Any]], pages: Sequence[Page]) -> Taken:
    """Make examples of the questions.

    Args:
        rows: `id`, `kind`, `question`, `answer` and `section_path`, as the data set has them.
    """
    asked = [row for row in rows if row["kind"] != ONE_ANSWER]
    lead_ins = _lead_ins(row["answer"] for row in asked)
    references = {row["id"]: _reference(row["answer"], lead_ins) for row in asked}
    short = [row for row in asked if len(references[row["id"]].split()) <= LONGEST_REFERENCE]
    named = {row["id"]: find(row["section_path"], pages) for row in short}
    holding = {row["id"]: holder(references[row["id"]], named[row["id"]], pages) for row in short}
    facts: dict[tuple[str, str], str] = {}
    return Taken(
        examples=[_example(row, references[row["id"]], holding[row["id"]], facts) for row in short],
        one_word=len(rows) - len(asked),
        too_long=len(asked) - len(short),
        lead_ins=sum(references[row["id"]] != _spaced(row["answer"]) for row in short),
        moved=sum(holding[row["id"]] != named[row["id"]] for row in short),
    )


def find(path: Sequence[str], pages: Sequence[Page]) -> Page:
    """The page that a question's path of titles leads to: the innermost title that is a page's, in the path's own part.

    The innermost titles of a path are often headings within a page, which are no pages of their own here.

    Raises:
        ValueError: No title of the path is a page's.
    """
    names = [plain(name) for name in path]
    for name in reversed(names):
        same = [page for page in pages if plain(page.title) == name]
        here = [page for page in same if any(_same_part(part, names[0]) for part in (page.part, *page.also))]
        if here or same:
            return (here or same)[0]
    raise ValueError(f"no page for {path!r}")


def holder(reference: str, named: Page, pages: Sequence[Page]) -> Page:
    """The page whose text holds the answer: the named one, unless most of the answer's words stand on another.

    The file's sections were cut out of a PDF, and some tables of the manual ended up below the next heading.
    """
    wanted = trigrams(reference)
    best = max(pages, key=lambda page: (_share(wanted, page), page.part == named.part, page == named))
    here, there = _share(wanted, named), _share(wanted, best)
    return best if here < HELD and there >= here + MOVED else named


def _share(wanted: Shingles, page: Page) -> float:
    return len(wanted & page.shingles) / len(wanted)


def _same_part(part: str, name: str) -> bool:
    """Whether a path begins with this part; some paths say `Smart Feature` for `Smart Features`."""
    return plain(part).removesuffix("s") == name.removesuffix("s")


def _example(row: dict[str, Any], reference: str, page: Page, facts: dict[tuple[str, str], str]) -> dict[str, Any]:
    """A row of `examples.jsonl`; questions with one answer on one page ask for one fact."""
    label = page.name.removesuffix(".md")
    known = sum(name == label for name, _ in facts)
    return {
        "id": row["id"],
        "input": " ".join(row["question"].split()),
        "reference": reference,
        "documents": [page.name],
        "fact": facts.setdefault((label, plain(reference)), f"{label}/{known + 1}"),
        "group": label,
        "tags": [row["kind"].casefold()],
    }


def _lead_ins(answers: Iterable[str]) -> frozenset[str]:
    counts = Counter(sentence for answer in set(answers) for sentence in set(_sentences(answer)))
    return frozenset(s for s, n in counts.items() if n >= LEAD_IN and not _is_menu_path(s))


def _reference(answer: str, lead_ins: frozenset[str]) -> str:
    """The answer without lead-ins (all of it, if it has nothing else)."""
    sentences = _sentences(answer)
    return " ".join([s for s in sentences if s not in lead_ins] or sentences)


def _sentences(answer: str) -> list[str]:
    return SENTENCE_END.split(_spaced(answer))


def _spaced(answer: str) -> str:
    """One space between words and around the `>` of menu paths, so that the marking sees their words apart."""
    return " ".join(re.sub(r"\s*>\s*", " > ", answer).split())


def _is_menu_path(sentence: str) -> bool:
    return ">" in sentence or sentence.startswith("Settings")
