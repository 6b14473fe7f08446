"""Was the right document among the passages, and how far up? Knows the passages of an answer, not its words.

Passages count by their document, each document once, at its first passage: an example names documents, not passages.
"""

import math
from abc import abstractmethod
from collections.abc import Sequence

from openbook.core.types import Answer, Example
from openbook.score.each import PerAnswer


def recall(found: Sequence[str], wanted: Sequence[str]) -> float:
    """Share of the wanted names that are among the found ones, in [0, 1]; ZeroDivisionError where none is wanted."""
    return len(set(found) & set(wanted)) / len(set(wanted))


def ndcg(found: Sequence[str], wanted: Sequence[str], *, depth: int) -> float:
    """Normalised discounted cumulative gain with gains of 0 and 1, in [0, 1].

    The name at rank r, from 1 and each counted once, gains 1 / log₂(r + 1); divided by what the best order of `depth`
    ranks would gain (Järvelin and Kekäläinen 2002, with the usual discount from rank 1 on).

    Args:
        found: Names, best first.
        depth: Ranks that count, at least 1.
    """
    ranked, named = list(dict.fromkeys(found))[:depth], set(wanted)
    gained = math.fsum(_gain(rank) for rank, name in enumerate(ranked, start=1) if name in named)
    return gained / math.fsum(_gain(rank) for rank in range(1, min(depth, len(named)) + 1))


def _gain(rank: int) -> float:
    return 1 / math.log2(rank + 1)


class _OfPassages(PerAnswer):
    """What holds an answer's passages, by their documents, against those that its example names."""

    reads_passages = True

    @abstractmethod
    def figure(self, found: Sequence[str], wanted: Sequence[str]) -> float:
        """Of the documents of the passages, best first, and those that are named."""

    def mark(self, example: Example, answer: Answer) -> float | None:
        found = [hit.chunk.document for hit in answer.hits]
        return self.figure(found, example.documents) if example.documents else None


class RetrievalRecall(_OfPassages):
    """Share of the documents named in the example from which a passage was given, in [0, 1].

    None where the example names no document. Arms that are given no passages are not marked.
    """

    name = "retrieval_recall"
    signature = "retrieval_recall|of:named documents|depth:the passages given|v:1"

    def figure(self, found: Sequence[str], wanted: Sequence[str]) -> float:
        return recall(found, wanted)


class RetrievalNdcg(_OfPassages):
    """How far up the named documents stand among the passages: nDCG over documents, in [0, 1].

    None where the example names no document. Arms that are given no passages are not marked.
    """

    name = "retrieval_ndcg"
    signature = "retrieval_ndcg|of:named documents|gain:binary|discount:log2|depth:the passages given|v:1"

    def figure(self, found: Sequence[str], wanted: Sequence[str]) -> float:
        # No passage at all is a list in which the document is missing, not a list of length 0.
        return ndcg(found, wanted, depth=max(1, len(found)))
