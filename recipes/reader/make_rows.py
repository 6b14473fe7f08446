"""Training rows of the reader: passages, a question, a short answer, out of SQuAD-format files.

Rendered by `openbook.prompt`, so that the reader learns exactly the text it will be asked with. Everything follows
from the seed; articles are kept apart (train, dev, held-out) before any row is made.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import bm25s
import styles
from squad import Article, Question, chunks, sentence_at

from openbook.core.types import Chunk, Hit, Row
from openbook.prompt import Shot, Template, render

LONGEST_SENTENCE = 32
HELD_OUT = 12
DEV = 4
ROWS_PER_SET = 7
SHARES = {"style": 0.3, "sentence": 0.17}
"""Of the sets of rows; the rest are short answers."""

ABSTAIN = 0.12
"""Of the rows: asked what the passages do not say."""


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
    def place(self) -> tuple[str, int]:
        return self.article.title, self.number

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
        held_out=tuple(order[:HELD_OUT]),
        dev=tuple(order[HELD_OUT : HELD_OUT + DEV]),
        train=tuple(order[HELD_OUT + DEV :]),
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

    def beside_questions(
        self,
        lead: Case,
        by_place: Mapping[tuple[str, int], Sequence[Case]],
        passages: Sequence[Chunk],
        draw: random.Random,
    ) -> list[Case]:
        """Questions of the same article whose answer stands in none of the passages, in random order."""
        shown = {(passage.headings[0], passage.metadata["paragraph"]) for passage in passages}
        found = []
        for article, number in self.beside(lead, draw):
            if (article.title, number) not in shown:
                found += [case for case in by_place.get((article.title, number), ()) if _missing(case, passages)]
        draw.shuffle(found)
        return found


def _missing(case: Case, passages: Sequence[Chunk]) -> bool:
    text = " ".join(passage.text for passage in passages).casefold()
    return not any(answer.casefold().strip() in text for answer in case.question.answers)


def _answers(place: tuple[Article, int], case: Case) -> bool:
    article, number = place
    text = article.paragraphs[number].text.casefold()
    same = article.title == case.article.title and number == case.number
    return same or any(answer.casefold().strip() in text for answer in case.question.answers)


def make_rows(articles: Sequence[Article], *, count: int, seed: int) -> list[Row]:
    """About `count` rows of all kinds: sets of passages, each with several questions asked over it.

    Rows of one set begin alike, which lets the trainer read their passages once. Each question is asked once.
    """
    draw = random.Random(f"rows/{seed}")
    pool = cases(articles)
    draw.shuffle(pool)
    distractors = Distractors(articles)
    by_place: dict[tuple[str, int], list[Case]] = {}
    for case in pool:
        by_place.setdefault(case.place, []).append(case)
    asked: set[str] = set()
    rows: list[Row] = []
    for lead in _evenly(pool):
        if len(rows) >= count:
            break
        if lead.question.id not in asked:
            own = random.Random(f"{seed}/{lead.question.id}")
            rows.extend(_set(lead, by_place, pool, distractors, asked, own))
    return rows


def _evenly(pool: Sequence[Case]) -> list[Case]:
    """The first question of every paragraph, then the second of every paragraph, and so on."""
    turns: list[tuple[int, int]] = []
    seen: dict[tuple[str, int], int] = {}
    for index, case in enumerate(pool):
        turns.append((seen.setdefault(case.place, 0), index))
        seen[case.place] += 1
    return [pool[index] for _, index in sorted(turns)]


def _kind(draw: random.Random) -> str:
    point = draw.random()
    for kind, share in SHARES.items():
        if point < share:
            return kind
        point -= share
    return "short"


def _set(
    lead: Case,
    by_place: Mapping[tuple[str, int], Sequence[Case]],
    pool: Sequence[Case],
    distractors: Distractors,
    asked: set[str],
    draw: random.Random,
) -> list[Row]:
    """The rows over one set of passages: what they answer, and now and then a question that they do not."""
    passages = draw_passages(lead, distractors, draw)
    answered = [(case, chunk) for case, chunk in _answered(passages, by_place) if case.question.id not in asked]
    draw.shuffle(answered)
    chosen = answered[:ROWS_PER_SET]
    if not any(case is lead for case, _ in chosen):
        chosen = [pair for pair in answered if pair[0] is lead] + chosen[: ROWS_PER_SET - 1]
    missing = [
        case for case in distractors.beside_questions(lead, by_place, passages, draw) if case.question.id not in asked
    ][: _how_many_missing(len(chosen), draw)]
    manner = draw_manner(_kind(draw), pool, draw)
    asked.update(case.question.id for case in [*missing, *(case for case, _ in chosen)])
    rows = [manner.row(case, passages, chunk) for case, chunk in chosen]
    return rows + [manner.row(case, passages, None) for case in missing]


def _how_many_missing(answered: int, draw: random.Random) -> int:
    """So many that about `ABSTAIN` of all rows have no evidence."""
    expected = answered * ABSTAIN / (1 - ABSTAIN)
    return int(expected) + (draw.random() < expected % 1)


def _answered(
    passages: Sequence[Chunk], by_place: Mapping[tuple[str, int], Sequence[Case]]
) -> list[tuple[Case, Chunk]]:
    """Questions whose answer stands in one of the passages, each with its passage."""
    found = []
    for chunk in passages:
        place = (chunk.headings[0], int(chunk.metadata["paragraph"]))
        found += [(case, chunk) for case in by_place.get(place, ()) if chunk.start <= case.start < chunk.end]
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How the answers of one set of rows are written, and what the prompt says of it."""

    instructions: str
    unknown: str
    style: styles.Style
    shots: tuple[Shot, ...] = ()

    def row(self, case: Case, passages: Sequence[Chunk], chunk: Chunk | None) -> Row:
        """A row over the passages; `chunk` is the one that answers, None where none does."""
        hits = [Hit(chunk=passage, score=1.0) for passage in passages]
        messages = render(Template(instructions=self.instructions, shots=self.shots), case.question.text, hits=hits)
        return Row(messages=messages, completion=self._target(case, chunk), example=case.question.id)

    def _target(self, case: Case, chunk: Chunk | None) -> str:
        if chunk is None:
            return self.style.write(self.unknown, "none") if self.shots else self.unknown
        whole = self.style.sentence and len(case.sentence.split()) <= LONGEST_SENTENCE
        return self.style.write(case.sentence if whole else case.answer, chunk.label)


def draw_manner(kind: str, pool: Sequence[Case], draw: random.Random) -> Manner:
    """`short`: a few words. `sentence`: a sentence and its label, as told. `style`: as the shots show."""
    unknown = styles.ABSTAIN[0] if draw.random() < 0.55 else draw.choice(styles.ABSTAIN)
    shots: tuple[Shot, ...] = ()
    if kind == "style":
        style, wordings = styles.draw_style(draw), styles.FOLLOW
        shots = tuple(_shot(style, pool, draw) for _ in range(2))
    elif kind == "sentence":
        style, wordings = styles.Style(True, lambda answer, label: f"{answer} [{label}]"), styles.SENTENCE
    else:
        style, wordings = styles.Style(False, lambda answer, label: answer), styles.SHORT
    default = kind == "short" and draw.random() < 0.4
    instructions = styles.DEFAULT if default else draw.choice(wordings)
    if unknown != styles.ABSTAIN[0] or draw.random() < 0.3:
        instructions = f"{instructions} {draw.choice(styles.IF_UNKNOWN).format(unknown)}"
    return Manner(instructions=instructions, unknown=unknown, style=style, shots=shots)


def _shot(style: styles.Style, pool: Sequence[Case], draw: random.Random) -> Shot:
    while True:
        case = draw.choice(pool)
        if len(case.sentence.split()) <= LONGEST_SENTENCE:
            break
    body = case.sentence if style.sentence else case.answer
    label = chunks(case.article, case.number, words=10_000, distinct=draw.random() < 0.5)[0].label
    return Shot(input=case.question.text, reference=style.write(body, label))


def draw_passages(lead: Case, distractors: Distractors, draw: random.Random) -> list[Chunk]:
    """One to three passages in random order, one of which answers the leading question."""
    words = draw.choice((45, 60, 80, 110))
    distinct = draw.random() < 0.6
    count = draw.choices((1, 2, 3), weights=(15, 60, 25))[0]
    places = _mixed(lead, distractors, draw)[: count - 1]
    made = [draw.choice(chunks(*place, words=words, distinct=distinct)) for place in places]
    made.append(gold_chunk(lead, words=words, distinct=distinct))
    draw.shuffle(made)
    return made


def gold_chunk(case: Case, *, words: int, distinct: bool) -> Chunk:
    """The piece of the paragraph in which the answer stands."""
    pieces = chunks(case.article, case.number, words=words, distinct=distinct)
    return next((piece for piece in pieces if piece.start <= case.start < piece.end), pieces[0])


def _mixed(case: Case, distractors: Distractors, draw: random.Random) -> list[tuple[Article, int]]:
    """Hard ones (BM25) and neighbours (same article), taken in turn, each once."""
    near, beside = distractors.near(case, count=4), distractors.beside(case, draw)[:4]
    draw.shuffle(near)
    places = [
        place for pair in zip(near, beside, strict=False) for place in (pair if draw.random() < 0.6 else pair[::-1])
    ]
    seen: set[tuple[str, int]] = set()
    kept = []
    for article, number in places:
        if (article.title, number) not in seen:
            seen.add((article.title, number))
            kept.append((article, number))
    return kept
