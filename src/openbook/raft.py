"""Training rows: what a tuned or hybrid arm learns from, rendered exactly as the arm will ask.

Hybrid rows follow RAFT (Zhang et al. 2024, "Adapting Language Model to Domain Specific RAG"): the passage with the
answer among wrong passages that our own retriever takes for right, some rows without the answer that abstain.
Knows no configuration; it is handed a retriever.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from openbook.core.protocols import Retriever
from openbook.core.types import Both, Comparison, Example, Failure, Filter, Hit, Not, Row
from openbook.ingest.groups import asked
from openbook.prompt import Template, render
from openbook.score.wording import matches

VERSION = 1
"""Raised whenever the same examples would become other rows: part of a hybrid adapter's fingerprint."""

POOL = 8
"""Hits looked at for each row, and twice as many as passages where those are more: the distractors come from them."""


def closed_rows(template: Template, examples: Sequence[Example]) -> list[Row]:
    """Input → reference, without passages."""
    return [
        Row(
            messages=render(template, example.input, context=example.context),
            completion=example.reference,
            example=example.id,
        )
        for example in examples
    ]


def open_rows(
    template: Template,
    examples: Sequence[Example],
    retriever: Retriever,
    *,
    passages: int,
    oracle: float,
    abstention: str,
    distractors: int = 1,
    hidden: Sequence[str] = (),
    where: Filter | None = None,
    seed: int = 0,
) -> list[Row]:
    """Input and retrieved passages → reference.

    Args:
        passages: Passages a row, as many as when answering.
        oracle: Share of the answerable rows whose passages hold the answer; the others learn to abstain.
        abstention: What a row without evidence answers.
        distractors: Wrong passages beside the right ones at least, where the right ones leave room.
        hidden: Documents that no training row may see (those of the `new` questions).
        where: The arm's own filter.

    A row whose retrieval fails is left out. An answer whose documents the arm cannot see is not taught: such a row
    abstains.
    """
    visible = without(hidden, where)
    shelf = _Shelf(retriever=retriever, where=visible, pool=max(POOL, 2 * passages))
    rows = []
    for example, hits in zip(examples, shelf.look_up([asked(example) for example in examples]), strict=True):
        if isinstance(hits, Failure):
            continue
        documented = example.answerable and bool(example.documents)
        withhold = documented and random.Random(f"{seed}:{example.id}").random() >= oracle
        evidence = _evidence(example, hits, shelf) if documented and not withhold else []
        if withhold:
            shown = _elsewhere(example, hits, shelf, passages=passages)
        else:
            shown = _beside(example, hits, evidence, passages=passages, distractors=distractors)
        rows.append(
            Row(
                messages=render(template, example.input, hits=shown, context=example.context),
                completion=abstention if documented and not evidence else example.reference,
                example=example.id,
            )
        )
    return rows


def without(hidden: Sequence[str], where: Filter | None) -> Filter | None:
    """The filter, and none of the hidden documents."""
    if not hidden:
        return where
    unseen = Not(part=Comparison(field="document", op="in", value=tuple(hidden)))
    return unseen if where is None else Both(parts=(where, unseen))


def abstention_of(train: Sequence[Example], sentence: str) -> str:
    """How this house says that it does not know: an unanswerable training row's reference, else the set sentence."""
    return next((example.reference for example in train if not example.answerable), sentence)


def holds(example: Example, hit: Hit) -> bool:
    """Whether a passage holds (part of) the answer: of a named document and, where facts are given, with a wording."""
    if hit.chunk.document not in example.documents:
        return False
    return not example.facts or any(_tells(group, hit) for group in example.facts)


def labelled_passages(
    retriever: Retriever, examples: Sequence[Example], *, passages: int, where: Filter | None = None
) -> list[list[Hit] | Failure]:
    """Perfect retrieval: the passages that hold each example's answer, and nothing beside them.

    With facts, the best passage that tells each of them; without, the best passages of the named documents. Where there
    is nothing to go by (no documents named, none of them there, an unanswerable example), what the input finds.

    Args:
        passages: At most so many for an example.
    """
    shelf = _Shelf(retriever=retriever, where=where, pool=max(POOL, 2 * passages))
    found = retriever.search([asked(example) for example in examples], k=passages, where=where)
    made: list[list[Hit] | Failure] = []
    for example, hits in zip(examples, found, strict=True):
        labelled = example.answerable and bool(example.documents)
        if isinstance(hits, Failure) or not labelled:
            made.append(hits)
        else:
            right = _evidence(example, hits, shelf) if example.facts else shelf.within(example)
            made.append(right[:passages] or hits)
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shelf:
    """What training rows may look up."""

    retriever: Retriever
    where: Filter | None
    pool: int

    def look_up(self, questions: Sequence[str]) -> Sequence[list[Hit] | Failure]:
        return self.retriever.search(questions, k=self.pool, where=self.where)

    def within(self, example: Example) -> list[Hit]:
        """Passages of the example's own documents."""
        named: Filter = Comparison(field="document", op="in", value=example.documents)
        both = named if self.where is None else Both(parts=(named, self.where))
        found = self.retriever.search([asked(example)], k=self.pool, where=both)[0]
        return [] if isinstance(found, Failure) else found

    def outside(self, example: Example, count: int) -> list[Hit]:
        """Passages of other documents."""
        found = self.retriever.search([asked(example)], k=count, where=without(example.documents, self.where))[0]
        return [] if isinstance(found, Failure) else found


def _evidence(example: Example, hits: Sequence[Hit], shelf: _Shelf) -> list[Hit]:
    """The passages that the answer needs, so that a question on two sections gets both.

    Looked for in all of the named documents where the hits alone do not hold the whole answer.
    """
    named = [hit for hit in hits if hit.chunk.document in example.documents]
    needed, whole = _needed(example, named)
    if whole:
        return needed
    known = {hit.chunk.id for hit in named}
    named += [hit for hit in shelf.within(example) if hit.chunk.id not in known]
    return _needed(example, named)[0]


def _needed(example: Example, named: Sequence[Hit]) -> tuple[list[Hit], bool]:
    """For each fact its best passage; where that is not all, the best of each document too. And whether it is all."""
    chosen: list[Hit] = []
    told = [next((hit for hit in named if _tells(group, hit)), None) for group in example.facts]
    for best in told:
        if best is not None and best not in chosen:
            chosen.append(best)
    if told and None not in told:
        return chosen, True
    for name in example.documents:
        best = next((hit for hit in named if hit.chunk.document == name), None)
        if best is not None and name not in {hit.chunk.document for hit in chosen}:
            chosen.append(best)
    return chosen, not told and len(chosen) == len(example.documents)


def _tells(wordings: Sequence[str], hit: Hit) -> bool:
    return any(matches(wording, hit.chunk.text) for wording in wordings)


def _beside(
    example: Example, hits: Sequence[Hit], evidence: Sequence[Hit], *, passages: int, distractors: int
) -> list[Hit]:
    """The evidence among wrong passages, in the order of retrieval; what was not retrieved comes last."""
    chosen = {hit.chunk.id: hit for hit in evidence[:passages]}
    others = [hit for hit in hits if hit.chunk.id not in chosen]
    wrong = [hit for hit in others if not holds(example, hit)]
    for hit in (*wrong[:distractors], *others):
        if len(chosen) < passages:
            chosen.setdefault(hit.chunk.id, hit)
    rank = {hit.chunk.id: place for place, hit in enumerate(hits)}
    return sorted(chosen.values(), key=lambda hit: rank.get(hit.chunk.id, len(hits)))


def _elsewhere(example: Example, hits: Sequence[Hit], shelf: _Shelf, *, passages: int) -> list[Hit]:
    """The best passages of other documents."""
    wrong = [hit for hit in hits if hit.chunk.document not in example.documents]
    return wrong[:passages] if len(wrong) >= passages else shelf.outside(example, passages)
