"""Training rows of the reader: passages, a question, a short answer, out of SQuAD-format files.

Rendered by `openbook.prompt`, so that the reader learns exactly the text it will be asked with. Everything follows
from the seed; articles are kept apart (train, dev, held-out) before any row is made.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import bm25s
import styles
from squad import Article, Question, chunks, sentence_at

from openbook.core.types import Chunk, Hit, Row
from openbook.prompt import Shot, Template, render

LONGEST_SENTENCE = 32
HELD_OUT = 12
DEV = 4
SHARES = {"style": 0.25, "sentence": 0.15, "abstain": 0.12}
"""Of the rows; the rest are short answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Articles by what they are for."""

    train: tuple[Article, ...]
    dev: tuple[Article, ...]
    held_out: tuple[Article, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A question with its place: which paragraph of which article answers it."""

    article: Article
    number: int
    question: Question

    @property
    def answer(self) -> str:
        """The wording that most annotators chose, the shortest of those."""
        given = self.question.answers
        return min(given, key=lambda text: (-given.count(text), len(text)))

    @property
    def start(self) -> int:
        return self.question.starts[self.question.answers.index(self.answer)]

    @property
    def sentence(self) -> str:
        return sentence_at(self.article.paragraphs[self.number].text, self.start)


def split(articles: Sequence[Article], *, seed: int) -> Parts:
    """Whole articles to held-out, dev and train."""
    order = sorted(articles, key=lambda article: article.title)
    random.Random(f"split/{seed}").shuffle(order)
    return Parts(
        held_out=tuple(order[:HELD_OUT]), dev=tuple(order[HELD_OUT : HELD_OUT + DEV]), train=tuple(order[HELD_OUT + DEV :])
    )


def cases(articles: Sequence[Article]) -> list[Case]:
    return [
        Case(article=article, number=number, question=question)
        for article in articles
        for number, paragraph in enumerate(article.paragraphs)
        for question in paragraph.questions
    ]


class Distractors:
    """Wrong passages that look right: other paragraphs, best BM25 match first.

    Args:
        articles: Where they are taken from.
    """

    def __init__(self, articles: Sequence[Article]) -> None:
        self._places = [(article, number) for article in articles for number in range(len(article.paragraphs))]
        self._index = bm25s.BM25()
        texts = [article.paragraphs[number].text for article, number in self._places]
        self._index.index(bm25s.tokenize(texts, stopwords="en", show_progress=False), show_progress=False)

    def near(self, case: Case, *, count: int) -> list[tuple[Article, int]]:
        """Paragraphs by BM25 with the question, none of which holds a gold answer."""
        query = bm25s.tokenize([case.question.text], stopwords="en", show_progress=False)
        found, _ = self._index.retrieve(query, k=min(30, len(self._places)), show_progress=False)
        places = [self._places[index] for index in found[0]]
        return [place for place in places if not _answers(place, case)][:count]

    def beside(self, case: Case, draw: random.Random) -> list[tuple[Article, int]]:
        """Paragraphs of the same article, in random order, none of which holds a gold answer."""
        places = [(case.article, number) for number in range(len(case.article.paragraphs))]
        draw.shuffle(places)
        return [place for place in places if not _answers(place, case)]


def _answers(place: tuple[Article, int], case: Case) -> bool:
    article, number = place
    text = article.paragraphs[number].text.casefold()
    same = article.title == case.article.title and number == case.number
    return same or any(answer.casefold().strip() in text for answer in case.question.answers)


def make_rows(articles: Sequence[Article], *, count: int, seed: int) -> list[Row]:
    """`count` rows of all kinds in random order; each question at most once, paragraphs evenly."""
    draw = random.Random(f"rows/{seed}")
    pool = cases(articles)
    draw.shuffle(pool)
    distractors = Distractors(articles)
    rows = []
    for position, case in enumerate(_evenly(pool)[:count]):
        own = random.Random(f"{seed}/{position}/{case.question.id}")
        rows.append(_row(case, _kind(own), pool, distractors, own))
    return rows


def _evenly(pool: Sequence[Case]) -> list[Case]:
    """The first question of every paragraph, then the second of every paragraph, and so on."""
    seen: dict[tuple[str, int], int] = {}
    turns = []
    for case in pool:
        place = (case.article.title, case.number)
        turns.append(seen.setdefault(place, 0))
        seen[place] += 1
    return [case for _, _, case in sorted((turn, index, case) for index, (turn, case) in enumerate(zip(turns, pool, strict=True)))]


def _kind(draw: random.Random) -> str:
    point = draw.random()
    for kind, share in SHARES.items():
        if point < share:
            return kind
        point -= share
    return "short"


def _row(case: Case, kind: str, pool: Sequence[Case], distractors: Distractors, draw: random.Random) -> Row:
    if kind in ("sentence", "style") and len(case.sentence.split()) > LONGEST_SENTENCE:
        kind = "short" if kind == "sentence" else kind
    evidence = kind != "abstain" and not (kind == "style" and draw.random() < 0.08)
    hits, label = draw_hits(case, distractors, draw, evidence=evidence)
    unknown = styles.ABSTAIN[0] if draw.random() < 0.55 else draw.choice(styles.ABSTAIN)
    said = unknown != styles.ABSTAIN[0] or draw.random() < 0.3
    shots: tuple[Shot, ...] = ()
    if kind == "style":
        style = _fitting(styles.draw_style(draw), case)
        shots = tuple(_shot(style, pool, draw) for _ in range(2))
        body = (case.sentence if style.sentence else case.answer) if evidence else unknown
        target = style.write(body, label)
        instructions = draw.choice(styles.FOLLOW)
    else:
        target = f"{case.sentence} [{label}]" if kind == "sentence" else case.answer
        target = target if evidence else unknown
        wordings = styles.SENTENCE if kind == "sentence" or (kind == "abstain" and draw.random() < 0.2) else styles.SHORT
        default = wordings is styles.SHORT and draw.random() < 0.4
        instructions = styles.DEFAULT if default else draw.choice(wordings)
    if said:
        instructions = f"{instructions} {draw.choice(styles.IF_UNKNOWN).format(unknown)}"
    template = Template(instructions=instructions, shots=shots)
    return Row(messages=render(template, case.question.text, hits=hits), completion=target, example=case.question.id)


def _fitting(style: styles.Style, case: Case) -> styles.Style:
    """A long sentence is no short answer: such a case is answered in a few words instead."""
    long = len(case.sentence.split()) > LONGEST_SENTENCE
    return styles.Style(False, style.write) if style.sentence and long else style


def _shot(style: styles.Style, pool: Sequence[Case], draw: random.Random) -> Shot:
    while True:
        case = draw.choice(pool)
        if len(case.sentence.split()) <= LONGEST_SENTENCE:
            break
    body = case.sentence if style.sentence else case.answer
    distinct = draw.random() < 0.5
    label = chunks(case.article, case.number, words=10_000, distinct=distinct)[0].label
    return Shot(input=case.question.text, reference=style.write(body, label))


def draw_hits(case: Case, distractors: Distractors, draw: random.Random, *, evidence: bool) -> tuple[list[Hit], str]:
    """One to three passages in random order, and the label of the one that answers ("none" without evidence)."""
    words = draw.choice((45, 60, 80, 110))
    distinct = draw.random() < 0.6
    count = draw.choices((1, 2, 3), weights=(15, 60, 25))[0]
    if not evidence and draw.random() < 0.08:
        return [], "none"
    wanted = count - 1 if evidence else count
    chosen = [_any_chunk(place, words, distinct, draw) for place in _mixed(case, distractors, draw)[:wanted]]
    label = "none"
    if evidence:
        gold = gold_chunk(case, words=words, distinct=distinct)
        chosen.append(gold)
        label = gold.label
    draw.shuffle(chosen)
    return [Hit(chunk=chunk, score=1.0) for chunk in chosen], label


def gold_chunk(case: Case, *, words: int, distinct: bool) -> Chunk:
    """The piece of the paragraph in which the answer stands."""
    pieces = chunks(case.article, case.number, words=words, distinct=distinct)
    return next((piece for piece in pieces if piece.start <= case.start < piece.end), pieces[0])


def _any_chunk(place: tuple[Article, int], words: int, distinct: bool, draw: random.Random) -> Chunk:
    return draw.choice(chunks(*place, words=words, distinct=distinct))


def _mixed(case: Case, distractors: Distractors, draw: random.Random) -> list[tuple[Article, int]]:
    """Hard ones (BM25) and neighbours (same article), taken in turn, each once."""
    near, beside = distractors.near(case, count=4), distractors.beside(case, draw)[:4]
    draw.shuffle(near)
    places = [place for pair in zip(near, beside, strict=False) for place in (pair if draw.random() < 0.6 else pair[::-1])]
    seen: set[tuple[str, int]] = set()
    kept = []
    for article, number in places:
        if (article.title, number) not in seen:
            seen.add((article.title, number))
            kept.append((article, number))
    return kept
