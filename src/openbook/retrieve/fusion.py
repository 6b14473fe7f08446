"""Reciprocal-rank fusion of hit lists. Knows nothing of where the lists come from.

Cormack, Clarke, Büttcher, Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning Methods
(SIGIR 2009): a chunk's score is the sum, over the lists that hold it, of 1 / (rrf_k + rank).
"""

from collections.abc import Mapping, Sequence

from openbook.core.types import Chunk, Hit

RRF_K = 60
"""The paper's constant."""


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


def _order(hit: Hit) -> tuple[float, int, str, int, int]:
    # Rounded, so that sums of the same terms in another order tie.
    return (-round(hit.score, 12), min(hit.ranks.values()), hit.chunk.document, hit.chunk.start, hit.chunk.end)
