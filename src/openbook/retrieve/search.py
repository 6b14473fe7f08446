"""An embedder and a store as one retriever: embed, search both ways, fuse. Knows nothing of prompts or answers."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, get_args

from openbook.core.errors import UsageError, unknown
from openbook.core.protocols import Embedder, Store, Vector
from openbook.core.types import Failure, Filter, Hit
from openbook.retrieve.fusion import RRF_K, fuse, weigh_documents
from openbook.retrieve.texts import problem

Mode = Literal["hybrid", "dense", "lexical"]

STAGE = "retrieve"


class Searcher:
    """Hits for queries from one store.

    Args:
        embedder: Embeds the queries; None in mode `lexical`.
        store: Where the chunks lie.
        mode: `dense` (by vector), `lexical` (by words) or `hybrid` (both, fused by rank).
        candidates: Hits taken from each list before fusion; at least k are taken.
        rrf_k: Constant of the fusion.
        document_weight: How much a hit gains from other good hits of its document; `hybrid` only.

    Raises:
        UsageError: A mode that is none, or one that needs an embedder and has none.
    """

    def __init__(
        self,
        embedder: Embedder | None,
        store: Store,
        *,
        mode: Mode = "hybrid",
        candidates: int = 30,
        rrf_k: int = RRF_K,
        document_weight: float = 0.0,
    ) -> None:
        if mode not in get_args(Mode):
            raise UsageError(unknown("retrieval mode", mode, get_args(Mode)))
        if embedder is None and mode != "lexical":
            raise UsageError(f"Retrieval mode {mode!r} needs an embedder. Give one, or choose the mode 'lexical'.")
        self._embedder = embedder
        self._store = store
        self._mode = mode
        self._candidates = candidates
        self._rrf_k = rrf_k
        self._document_weight = document_weight

    def search(self, queries: Sequence[str], *, k: int, where: Filter | None = None) -> list[list[Hit] | Failure]:
        """The k best hits of each query, best first, each with its rank in the lists it came from.

        A query that is no text, is empty or cannot be embedded has a Failure in its place.
        """
        results: list[list[Hit] | Failure | None] = [problem(query, stage=STAGE) for query in queries]
        vectors = self._embed(queries, results)
        good = [index for index, result in enumerate(results) if result is None]
        if good:
            lists = self._lists([queries[index] for index in good], [vectors[index] for index in good], k, where)
            for index, found in zip(good, lists, strict=True):
                results[index] = found
        return [result for result in results if result is not None]

    def _embed(self, queries: Sequence[str], results: list[list[Hit] | Failure | None]) -> dict[int, Vector]:
        """Vectors by the query's place; a query that fails gets its Failure in `results`."""
        good = [index for index, result in enumerate(results) if result is None]
        if self._mode == "lexical" or self._embedder is None or not good:
            return dict.fromkeys(good, ())
        vectors: dict[int, Vector] = {}
        embedded = self._embedder.embed([queries[index] for index in good], kind="query")
        for index, vector in zip(good, embedded, strict=True):
            if isinstance(vector, Failure):
                results[index] = replace(vector, stage=STAGE)
            else:
                vectors[index] = vector
        return vectors

    def _lists(self, queries: list[str], vectors: list[Vector], k: int, where: Filter | None) -> list[list[Hit]]:
        depth = max(self._candidates, k)
        if self._mode == "lexical":
            return [_ranked("lexical", hits) for hits in self._store.lexical(queries, k=k, where=where)]
        if self._mode == "dense":
            return [_ranked("dense", hits) for hits in self._store.dense(vectors, k=k, where=where)]
        dense = self._store.dense(vectors, k=depth, where=where)
        lexical = self._store.lexical(queries, k=depth, where=where)
        return [
            self._fused({"dense": by_vector, "lexical": by_words}, k)
            for by_vector, by_words in zip(dense, lexical, strict=True)
        ]

    def _fused(self, lists: dict[str, list[Hit]], k: int) -> list[Hit]:
        if not self._document_weight:
            return fuse(lists, k=k, rrf_k=self._rrf_k)
        every = fuse(lists, k=sum(map(len, lists.values())), rrf_k=self._rrf_k)
        return weigh_documents(every, weight=self._document_weight)[:k]


def _ranked(name: str, hits: Sequence[Hit]) -> list[Hit]:
    return [replace(hit, ranks={name: rank}) for rank, hit in enumerate(hits, start=1)]
