"""Training rows: what a tuned or hybrid arm learns from, rendered exactly as the arm will ask.

Hybrid rows follow RAFT (Zhang et al. 2024, "Adapting Language Model to Domain Specific RAG"): the passage with the
answer among wrong passages that our own retriever takes for right, some rows without the answer that abstain.
Knows no configuration; it is handed a retriever.
"""

import random
from collections.abc import Sequence

from openbook.core.protocols import Retriever
from openbook.core.types import Both, Comparison, Example, Failure, Filter, Hit, Not, Row
from openbook.prompt import Template, render
from openbook.score.wording import matches

VERSION = 1
"""Raised whenever the same examples would become other rows: part of a hybrid adapter's fingerprint."""

POOL = 8
"""Hits looked at for each row: the distractors are the best of those which do not hold the answer."""


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
    hidden: Sequence[str] = (),
    where: Filter | None = None,
    seed: int = 0,
) -> list[Row]:
    """Input and retrieved passages → reference.

    Args:
        passages: Passages a row, as many as when answering.
        oracle: Share of the answerable rows whose passages hold the answer; the others learn to abstain.
        abstention: What a row without evidence answers.
        hidden: Documents that no training row may see (those of the `new` questions).
        where: The arm's own filter.

    A row whose retrieval fails is left out.
    """
    visible = without(hidden, where)
    found = retriever.search([example.input for example in examples], k=POOL, where=visible)
    rows = []
    for example, hits in zip(examples, found, strict=True):
        if isinstance(hits, Failure):
            continue
        chance = random.Random(f"{seed}:{example.id}")
        withhold = example.answerable and bool(example.documents) and chance.random() >= oracle
        chosen = _passages(example, hits, retriever, passages=passages, withhold=withhold, where=visible)
        rows.append(
            Row(
                messages=render(template, example.input, hits=chosen, context=example.context),
                completion=abstention if withhold else example.reference,
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


def _passages(
    example: Example,
    hits: Sequence[Hit],
    retriever: Retriever,
    *,
    passages: int,
    withhold: bool,
    where: Filter | None,
) -> list[Hit]:
    """As retrieved, best first; the answer's passages put in for the last ones where retrieval missed them."""
    if not example.documents or not example.answerable:
        return list(hits[:passages])
    wrong = [hit for hit in hits if not holds(example, hit)]
    if withhold:
        return [hit for hit in wrong if hit.chunk.document not in example.documents][:passages]
    right = [hit for hit in hits if holds(example, hit)] or _fetch(example, retriever, where)
    right = _cover(example, right)[:passages]
    kept = {hit.chunk.id for hit in [*right, *wrong[: passages - len(right)]]}
    ordered = [hit for hit in hits if hit.chunk.id in kept]
    return [*ordered, *(hit for hit in right if hit not in ordered)][:passages]


def holds(example: Example, hit: Hit) -> bool:
    """Whether a passage holds (part of) the answer: of a named document and, where facts are given, with a wording."""
    if hit.chunk.document not in example.documents:
        return False
    if not example.facts:
        return True
    return any(matches(wording, hit.chunk.text) for group in example.facts for wording in group)


def _fetch(example: Example, retriever: Retriever, where: Filter | None) -> list[Hit]:
    named: Filter = Comparison(field="document", op="in", value=example.documents)
    both = named if where is None else Both(parts=(named, where))
    found = retriever.search([example.input], k=POOL, where=both)[0]
    return [] if isinstance(found, Failure) else [hit for hit in found if holds(example, hit)]


def _cover(example: Example, right: Sequence[Hit]) -> list[Hit]:
    """For each fact its best passage first, so that a question on two sections gets both."""
    chosen: list[Hit] = []
    for group in example.facts:
        best = next((hit for hit in right if any(matches(wording, hit.chunk.text) for wording in group)), None)
        if best is not None and best not in chosen:
            chosen.append(best)
    return [*chosen, *(hit for hit in right if hit not in chosen)]
