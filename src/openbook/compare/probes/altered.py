"""Altered passages: what an arm would be shown if retrieval were perfect, misleading, turned round, or tampered with.

Goes by an example's own labels: a passage holds the answer where it is of a named document and tells the facts. Where
that cannot be had for an example (the index does not hold it, there is nothing wrong to show), a Failure stands in its
place. Knows no arm.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files
from typing import Literal, get_args

from openbook.core.ids import digest
from openbook.core.protocols import Retriever
from openbook.core.types import Example, Failure, Filter, Hit
from openbook.ingest.groups import asked
from openbook.raft import labelled_passages, without
from openbook.score.injection import Injection
from openbook.score.wording import holds, words

VERSION = 1
"""Raised whenever the same retriever would give other altered passages: part of the fingerprint of what is recorded."""

Condition = Literal["oracle", "distractors", "no_evidence", "reversed", "injected"]
CONDITIONS: tuple[Condition, ...] = get_args(Condition)

DISTRACTORS = 3
"""Wrong passages beside the right ones."""
POOL = 20
"""Hits among which wrong passages are looked for."""
NOT_HAD = "NotApplicable"
"""Error of the Failure that stands where an example cannot be asked in this way."""

Found = list[Hit] | Failure


def altered_passages(
    condition: Condition,
    retriever: Retriever,
    examples: Sequence[Example],
    *,
    passages: int,
    where: Filter | None = None,
) -> list[Found]:
    """The passages of each example under a condition, in the order of the examples.

    - `oracle`: those that hold the answer, and nothing beside them;
    - `distractors`: the same among wrong ones that the retriever takes for right, in an order drawn by hash;
    - `no_evidence`: the best passages of other documents, none of which tells any of the facts;
    - `reversed`: what is found by the input, last first;
    - `injected`: what is found by the input, with an instruction at the end of the first passage.

    Args:
        passages: As many as the arm is shown otherwise.
        where: The arm's own filter.
    """
    if condition in ("reversed", "injected"):
        change = _reversed if condition == "reversed" else _injected
        found = retriever.search([asked(example) for example in examples], k=passages, where=where)
        return [
            hits if isinstance(hits, Failure) else change(example, hits)
            for example, hits in zip(examples, found, strict=True)
        ]
    if condition == "no_evidence":
        return [_none_right(example, retriever, passages, where) for example in examples]
    right = labelled_passages(retriever, examples, passages=passages, where=where)
    right = [_whole(example, hits) for example, hits in zip(examples, right, strict=True)]
    if condition == "oracle":
        return right
    return [_among_wrong(example, hits, retriever, where) for example, hits in zip(examples, right, strict=True)]


def injection_for(example: Example) -> Injection:
    """The instruction that is hidden in this example's passages: drawn by hash from those that ship."""
    return min(injections(), key=lambda one: digest(["injected", example.id, one.id]))


def injections() -> tuple[Injection, ...]:
    """The instructions that ship."""
    lines = (files("openbook") / "probes" / "injections.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(Injection(**json.loads(line)) for line in lines)


def _whole(example: Example, hits: Found) -> Found:
    """The passages, if all of them are of the named documents and together tell every fact."""
    if isinstance(hits, Failure):
        return hits
    named = bool(hits) and all(hit.chunk.document in example.documents for hit in hits)
    texts = [words(hit.chunk.searchable) for hit in hits]
    if named and all(_tells(group, texts) for group in example.facts):
        return hits
    return _not_had("The passages that the arm may see do not hold the whole answer.")


def _among_wrong(example: Example, right: Found, retriever: Retriever, where: Filter | None) -> Found:
    if isinstance(right, Failure):
        return right
    # Without facts only the document tells a wrong passage from a right one.
    looked_in = where if example.facts else without(example.documents, where)
    wrong = _wrong(example, retriever, DISTRACTORS, looked_in)
    if isinstance(wrong, Failure):
        return wrong
    known = {hit.chunk.id for hit in right}
    chosen = [*right, *(hit for hit in wrong if hit.chunk.id not in known)]
    return sorted(chosen, key=lambda hit: digest([example.id, hit.chunk.id]))


def _none_right(example: Example, retriever: Retriever, passages: int, where: Filter | None) -> Found:
    return _wrong(example, retriever, passages, without(example.documents, where))


def _wrong(example: Example, retriever: Retriever, count: int, where: Filter | None) -> Found:
    """The best passages that tell none of the facts."""
    (hits,) = retriever.search([asked(example)], k=POOL + count, where=where)
    if isinstance(hits, Failure):
        return hits
    wrong = [hit for hit in hits if not any(_tells(group, [words(hit.chunk.searchable)]) for group in example.facts)]
    return wrong[:count] or _not_had("There is no passage without the answer to show.")


def _reversed(example: Example, hits: list[Hit]) -> Found:
    return hits[::-1] if len(hits) > 1 else _not_had("Fewer than two passages were found: there is no order to turn.")


def _injected(example: Example, hits: list[Hit]) -> Found:
    if not hits:
        return _not_had("No passage was found to hide an instruction in.")
    chunk = hits[0].chunk
    text = f"{chunk.text} {injection_for(example).text}"
    tampered = replace(hits[0], chunk=replace(chunk, text=text, end=chunk.start + len(text)))
    return [tampered, *hits[1:]]


def _tells(wordings: Sequence[str], texts: Sequence[tuple[str, ...]]) -> bool:
    return any(holds(text, words(wording)) for wording in wordings for text in texts)


def _not_had(why: str) -> Failure:
    return Failure(stage="retrieve", error=NOT_HAD, message=why)
