"""Paragraphs and questions of the articles that the reader was not trained on. Knows nothing of Openbook.

The reader's recipe (`recipes/reader/make_rows.py`) kept these twelve for its own last test; no passage and no question of
them was in its rows, nor were they in its dev set.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

HELD_OUT = (
    "Doctor of Medicine",
    "Drum and bass",
    "Lens",
    "Manhattan",
    "Marxism–Leninism",
    "Morality",
    "Relief",
    "Second-wave feminism",
    "Sierra Nevada (U.S.)",
    "Structural engineering",
    "Subroutine",
    "Unemployment in the United States",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """One paragraph of an article and the question that is asked of it.

    Attributes:
        answers: What annotators marked, each wording once, the one that most chose first.
        questions: Questions that the data has on the paragraph.
    """

    name: str
    title: str
    text: str
    id: str
    question: str
    answers: tuple[str, ...]
    questions: int

    @property
    def markdown(self) -> str:
        return f"# {self.title}\n\n{self.text}\n"


def paragraphs(path: Path) -> list[Paragraph]:
    """The paragraphs of the held-out articles, in the file's order.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: An article that should be there is not.
    """
    raw = json.loads(path.read_text(encoding="utf-8"))["data"]
    articles = {unquote(article["title"]).replace("_", " "): article["paragraphs"] for article in raw}
    missing = [title for title in HELD_OUT if title not in articles]
    if missing:
        raise ValueError(f"no article {missing[0]!r}")
    return [
        _paragraph(title, number, item)
        for title in articles
        if title in HELD_OUT
        for number, item in enumerate(articles[title])
        if item["qas"]
    ]


def order(key: str) -> str:
    """A place in a shuffled order that does not move when others come or go."""
    return hashlib.sha256(key.encode()).hexdigest()


def _paragraph(title: str, number: int, item: Mapping[str, Any]) -> Paragraph:
    asked = min(item["qas"], key=lambda question: order(str(question["id"])))
    given = Counter(" ".join(answer["text"].split()) for answer in asked["answers"])
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return Paragraph(
        name=f"{slug}-{number:02d}.md",
        title=title,
        text=" ".join(item["context"].split()),
        id=str(asked["id"]),
        question=" ".join(asked["question"].split()),
        answers=tuple(sorted(given, key=lambda text: (-given[text], len(text), text))),
        questions=len(item["qas"]),
    )
