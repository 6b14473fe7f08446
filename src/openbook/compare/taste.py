"""A taste: what can be said of a project in seconds, without a model: are the documents found, is there enough to decide?

BM25 over the chunks, the extractive answerer, leak and duplicate warnings, the number of groups, the time a full run needs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from openbook.compare.paper import set_paper
from openbook.compare.probes.freshness import Share, share
from openbook.core.errors import MissingExtra
from openbook.core.types import Answer, Chunk, Document, Example, Failure, Hit, Message, Request, Score
from openbook.generate.collect import generate
from openbook.generate.quote import QuoteGenerator
from openbook.ingest.groups import asked
from openbook.ingest.leaks import audit
from openbook.ingest.readers import read
from openbook.ingest.split import split
from openbook.project import Project
from openbook.prompt import abstained
from openbook.retrieve.lexical import Lexical
from openbook.retrieve.tokens import count_pieces, token_counter
from openbook.score.citation import CitesRight
from openbook.score.facts import FactsRight
from openbook.score.stats import FEWEST_GROUPS


@dataclass(frozen=True, slots=True, kw_only=True)
class Taste:
    """What was found.

    Attributes:
        recall: k → share of the examples with named documents for which BM25 finds one of them in the first k chunks.
        quoted: Facts right of the extractive answerer; None where examples carry no facts.
        warnings: Sentences: leaks, duplicates, contradictions, unreadable documents.
        deciding: Whether the test's groups can decide anything, as a sentence.
    """

    documents: int
    chunks: int
    examples: int
    train: int
    dev: int
    seen: int
    new: int
    groups: int
    recall: dict[int, Share]
    quoted: Share | None
    cited: float | None
    warnings: tuple[str, ...]
    deciding: str


def taste(project: Project) -> Taste:
    """Look at a project's own files. Loads no model; nothing is written.

    Raises:
        OpenbookError: The configuration, the documents or the examples are wrong.
    """
    documents, unread = _documents(project)
    chunks = _chunks(project, documents)
    exam = project.exam
    division, level = exam.division, project.config.compare.level
    paper = set_paper(division, exam.groups.keys, limit=project.config.compare.questions)
    hits = _hits(chunks, exam.examples, k=max(10, project.config.retrieve.passages))
    named = [(e, found) for e, found in zip(exam.examples, hits, strict=True) if e.documents]
    held_out = (*division.dev, *division.test)
    leaks = audit(train=division.train, held_out=held_out, documents=documents)
    quoted, cited = _quoted(project, exam.examples, hits, level)
    return Taste(
        documents=len(documents),
        chunks=len(chunks),
        examples=len(exam.examples),
        train=len(division.train),
        dev=len(division.dev),
        seen=len(division.seen),
        new=len(division.new),
        groups=paper.groups,
        recall={k: share(_found(named, k), len(named), level) for k in (1, 3, 5, 10)} if named else {},
        quoted=quoted,
        cited=cited,
        warnings=(*unread, *(leak.message for leak in leaks)),
        deciding=_deciding(paper.groups),
    )


def _documents(project: Project) -> tuple[list[Document], list[str]]:
    results = [read(file.path, file.name, file.metadata) for file in project.knowledge.files()]
    return [r for r in results if isinstance(r, Document)], [r.message for r in results if isinstance(r, Failure)]


def _chunks(project: Project, documents: Sequence[Document]) -> list[Chunk]:
    try:
        count = token_counter(project.config.embedder.name)
    except MissingExtra:
        count = count_pieces
    tokens = project.config.chunks.tokens
    return [chunk for document in documents for chunk in split(document, tokens=tokens, count=count)]


def _hits(chunks: Sequence[Chunk], examples: Sequence[Example], *, k: int) -> list[list[Hit]]:
    index = Lexical([chunk.searchable for chunk in chunks])
    found = index.search([asked(example) for example in examples], k=k)
    return [[Hit(chunk=chunks[place], score=score) for place, score in places] for places in found]


def _found(named: Sequence[tuple[Example, list[Hit]]], k: int) -> int:
    return sum(any(hit.chunk.document in e.documents for hit in hits[:k]) for e, hits in named)


def _quoted(
    project: Project, examples: Sequence[Example], hits: Sequence[list[Hit]], level: float
) -> tuple[Share | None, float | None]:
    """Facts right and citation F1 of the extractive answerer over what BM25 finds."""
    passages, abstain = project.config.retrieve.passages, project.config.prompt.abstain
    requests = [
        Request(messages=(Message(role="user", content=e.input),), query=e.input, hits=tuple(found[:passages]))
        for e, found in zip(examples, hits, strict=True)
    ]
    results = generate(QuoteGenerator(abstain=abstain), requests)
    answered = [(e, r) for e, r in zip(examples, results, strict=True) if isinstance(r, Answer) and e.answerable]
    asked, answers = [e for e, _ in answered], [_marked(a, abstain) for _, a in answered]
    right = [m.values[0] for m in FactsRight().score(asked, answers) if isinstance(m, Score)]
    cited = [m.values for m in CitesRight().score(asked, answers) if isinstance(m, Score)]
    return (
        share(round(sum(right)), len(right), level) if right else None,
        CitesRight().reduce(cited) if cited else None,
    )


def _marked(answer: Answer, abstain: str) -> Answer:
    return replace(answer, abstained=abstained(answer.text, sentence=abstain))


def _deciding(groups: int) -> str:
    if groups < FEWEST_GROUPS:
        return (
            f"The test has {groups} groups: no result could be told from chance (smallest possible p"
            f" {2.0 / 2 ** max(groups, 1):.2g}). Label examples on other documents until it has {FEWEST_GROUPS} or more."
        )
    if groups < 20:
        return f"The test has {groups} groups: only large differences can be told from chance. 20 or more are better."
    return f"The test has {groups} groups: enough to tell differences of the usual sizes from chance."
