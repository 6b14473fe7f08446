"""Reciprocal-rank fusion of hit lists, and the weight of a chunk's document. Knows nothing of where the lists come from.

Cormack, Clarke, Büttcher, Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning Methods
(SIGIR 2009): a chunk's score is the sum, over the lists that hold it, of 1 / (rrf_k + rank).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from openbook.core.types import Chunk, Hit

RRF_K = 60
"""The paper's constant."""
TOP_CHUNKS = 3
"""Of a document: enough to tell a document on the subject from one with a single chance match."""


def fuse(lists: Mapping[str, Sequence[Hit]], *, k: int, rrf_k: int = RRF_K) -> list[Hit]:
    """The k best hits of several lists, best first.

    Args:
        lists: Name of each list (`dense`, `lexical`) → its hits, best first.
        k: Most hits to return.
        rrf_k: The larger, the less the first ranks count over the later ones.

    Returns:
        Hits with the fused score, and in `ranks` their 1-based rank in each list that held them. Equal scores stand in
        the order of their best rank, then of documents and places.
    """
    chunks: dict[str, Chunk] = {}
    ranks: dict[str, dict[str, int]] = {}
    for name, hits in lists.items():
        for rank, hit in enumerate(hits, start=1):
            key = hit.chunk.id
            chunks.setdefault(key, hit.chunk)
            ranks.setdefault(key, {}).setdefault(name, rank)
    fused = [
        Hit(chunk=chunks[key], score=sum(1.0 / (rrf_k + rank) for rank in found.values()), ranks=found)
        for key, found in ranks.items()
    ]
    return sorted(fused, key=_order)[:k]


def weigh_documents(hits: Sequence[Hit], *, weight: float) -> list[Hit]:
    """Add to each hit's score `weight` times the sum of its document's best scores.

    A page about the subject matches with several of its sections; a chance match stands alone. Measured on the
    policy-bot example (225 train and dev questions, MiniLM + BM25, rrf_k 10): the passage with the answer is among the
    first three for .74 of the questions at weight .25, for .69 at weight 0. Documents of one chunk keep their order.

    Args:
        hits: All candidates, best first.
    """
    scores: dict[str, list[float]] = defaultdict(list)
    for hit in hits:
        scores[hit.chunk.document].append(hit.score)
    sums = {name: sum(sorted(found, reverse=True)[:TOP_CHUNKS]) for name, found in scores.items()}
    lifted = [replace(hit, score=hit.score + weight * sums[hit.chunk.document]) for hit in hits]
    return sorted(lifted, key=_order)


def _order(hit: Hit) -> tuple[float, int, str, int, int]:
    # Rounded, so that sums of the same terms in another order tie.
    return (-round(hit.score, 12), min(hit.ranks.values()), hit.chunk.document, hit.chunk.start, hit.chunk.end)
