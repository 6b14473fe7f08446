"""SQuAD-format files as articles, paragraphs and questions, and paragraphs as short chunks with headings and labels."""

import json
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

from openbook.core.types import Chunk

SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[A-Z0-9\"'(])")
WORD = re.compile(r"[A-Za-z][A-Za-z'-]+")
STOP = """
the a an of in on at to for from by with and or but as is are was were be been being it its this that these those he she
they his her their them which who whom whose what when where why how not no nor so than then there here has have had do
does did can could may might must shall should will would also more most other some such only own same into over after
before about between through during under again further once both each few all any if because while until against up down
out off first one two many new used often however although since within among around several later early
"""
UNTELLING = frozenset(STOP.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    id: str
    text: str
    answers: tuple[str, ...]
    starts: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    text: str
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    title: str
    paragraphs: tuple[Paragraph, ...]

    @property
    def slug(self) -> str:
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")


def read_articles(path: Path) -> list[Article]:
    """All articles of a SQuAD 1.1 file, in its order."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    return [
        Article(
            title=unquote(article["title"]).replace("_", " "),
            paragraphs=tuple(_paragraph(paragraph) for paragraph in article["paragraphs"]),
        )
        for article in raw["data"]
    ]


def _paragraph(raw: dict) -> Paragraph:
    questions = tuple(
        Question(
            id=str(item["id"]),
            text=" ".join(item["question"].split()),
            answers=tuple(answer["text"] for answer in item["answers"]),
            starts=tuple(answer["answer_start"] for answer in item["answers"]),
        )
        for item in raw["qas"]
    )
    return Paragraph(text=raw["context"], questions=questions)


def sentences(text: str) -> list[tuple[int, int]]:
    """Start and end of each sentence, by punctuation before a capital."""
    spans, start = [], 0
    for match in SENTENCE_END.finditer(text):
        spans.append((start, match.start()))
        start = match.end()
    end = len(text.rstrip())
    return [*spans, (start, end)] if start < end else spans


def sentence_at(text: str, position: int) -> str:
    """The sentence that holds a position."""
    for start, end in sentences(text):
        if start <= position < end:
            return " ".join(text[start:end].split())
    return " ".join(text.split())


def chunks(article: Article, number: int, *, words: int, distinct: bool) -> list[Chunk]:
    """A paragraph cut between sentences into pieces of at most about `words` words.

    Args:
        number: The paragraph's place in its article.
        distinct: Whether each paragraph counts as a document of its own (its label names its topic), as against the
            whole article being one document.
    """
    text = article.paragraphs[number].text
    topic = topics(article)[number]
    label = f"{article.slug}-{re.sub(r'[^a-z0-9]+', '-', topic.lower()).strip('-')}" if distinct else article.slug
    made = []
    for start, end in _pack(text, sentences(text), words):
        made.append(
            Chunk(
                document=f"{label}.md",
                text=text[start:end],
                start=start,
                end=end,
                headings=(article.title, topic.capitalize()),
                metadata={"paragraph": number},
            )
        )
    return made


def _pack(text: str, spans: Sequence[tuple[int, int]], words: int) -> list[tuple[int, int]]:
    packed: list[tuple[int, int]] = []
    for start, end in spans:
        if packed and len(text[packed[-1][0] : end].split()) <= words:
            packed[-1] = (packed[-1][0], end)
        else:
            packed.append((start, end))
    return packed


@cache
def topics(article: Article) -> list[str]:
    """A plausible section name for each paragraph: its most telling word or pair of words within the article."""
    title = {word.lower() for word in WORD.findall(article.title)}
    bags = [Counter(_terms(paragraph.text, title)) for paragraph in article.paragraphs]
    spread = Counter(term for bag in bags for term in bag)
    names, used = [], set()
    for bag in bags:
        ranked = sorted(
            bag, key=lambda term: (-bag[term] * math.log(1 + len(bags) / spread[term]) * (1 + term.count(" ")), term)
        )
        name = next((term for term in ranked if term not in used), "overview")
        used.add(name)
        names.append(name)
    return names


def _terms(text: str, title: set[str]) -> list[str]:
    words = [word.lower() for word in WORD.findall(text)]
    kept = [word if word not in UNTELLING and word not in title and len(word) > 3 else "" for word in words]
    pairs = [f"{left} {right}" for left, right in pairwise(kept) if left and right]
    return [word for word in kept if word] + pairs
