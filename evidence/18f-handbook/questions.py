"""The handbook's own questions and answers as examples. Knows nothing of the second edition."""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handbook import page_name

LONGEST = 60
"""Words of a reference: so much of the answer's beginning as whole paragraphs, list items and sentences fill."""

NO_ANSWER = ("Do you have an upcoming trip?",)
"""A heading that asks the reader: what stands below it answers nothing."""

DO_I = re.compile(r"^how do i\W*$", re.I)
QUESTION_WORD = re.compile(
    r"(what|when|where|which|who|whose|why|how|is|are|am|do|does|can|could|should|will|i)\b", re.I
)
SENTENCE_END = re.compile(r"(?<=[.!?])\)?\s+(?=[A-Z0-9\"“(])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What was made of the questions.

    Attributes:
        shortened: Questions whose reference is not the whole answer.
        left_out: Questions that have no answer.
    """

    examples: tuple[Mapping[str, Any], ...]
    shortened: int
    left_out: int


def take(rows: Sequence[Mapping[str, Any]], titles: Mapping[str, str]) -> Taken:
    """The examples, in the data's order.

    Args:
        rows: The pairs of the first edition.
        titles: Name of a page → its title.

    Raises:
        ValueError: A pair names a page that is not there.
    """
    kept = [row for row in rows if row["question"] not in NO_ANSWER]
    return Taken(
        examples=tuple(_example(row, titles) for row in kept),
        shortened=sum(opening(row["answer"]) != " ".join(_whole(row["answer"]).split()) for row in kept),
        left_out=len(rows) - len(kept),
    )


def asked(question: str, title: str, trail: Sequence[str] = ()) -> str:
    """A heading as somebody would ask it who does not see the page: the page's title, and a whole question."""
    completed = question
    if trail and DO_I.match(trail[-1]) and not QUESTION_WORD.match(question):
        completed = f"How do I {question[0].lower()}{question[1:]}"
    return f"{title}: {completed}"


def opening(answer: str, *, longest: int = LONGEST) -> str:
    """The beginning of an answer, never cut within a sentence; its first sentence at least."""
    taken: list[str] = []
    for sentence in _sentences(_whole(answer)):
        if taken and len(" ".join([*taken, sentence]).split()) > longest:
            break
        taken.append(sentence)
    return " ".join(" ".join(taken).split())


def _example(row: Mapping[str, Any], titles: Mapping[str, str]) -> dict[str, Any]:
    page = page_name(row["doc_path"])
    if page not in titles:
        raise ValueError(f"no page {page!r} for the question {row['question']!r}")
    return {
        "id": row["id"].removeprefix("18f_handbook-"),
        "input": asked(row["question"], titles[page], row["section_trail"]),
        "reference": opening(row["answer"]),
        "documents": [page],
    }


def _whole(answer: str) -> str:
    """The answer without a heading of its own, and without what follows a rule or a heading, which is another part."""
    body = re.sub(r"\A\s*#{1,6} .*\n", "", html.unescape(answer))
    text = re.split(r"^(?:---+|#{1,6} .*)$", body, maxsplit=1, flags=re.M)[0].strip()
    return re.sub(r"^(?:[-*>]|\d+\.) +", "", re.sub(r"^A: +", "", text), flags=re.M)


def _sentences(text: str) -> list[str]:
    """Sentences and list items in order."""
    parts = [part.strip() for part in re.split(r"\n\s*\n|\n(?=\s*(?:[-*]|\d+\.)\s)|\n", text) if part.strip()]
    return [sentence for part in parts for sentence in SENTENCE_END.split(part)]
