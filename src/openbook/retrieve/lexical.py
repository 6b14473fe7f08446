"""BM25 over a list of texts, in memory. Knows nothing of chunks or stores.

Stephen Robertson et al., Okapi at TREC-3 (1994), in Lucene's variant; k1 and b are Lucene's defaults.
"""

from collections.abc import Sequence

import bm25s
import numpy as np
from numpy.typing import NDArray

from openbook.retrieve.words import stems

K1 = 1.2
B = 0.75


class Lexical:
    """An index of texts.

    Args:
        texts: What is searched; a hit names a text by its place in this list.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        tokens = stems(texts)
        self._size = len(tokens)
        self._index = None
        if any(tokens):
            self._index = bm25s.BM25(method="lucene", k1=K1, b=B)
            self._index.index(tokens, show_progress=False)

    def search(
        self, queries: Sequence[str], k: int, *, keep: NDArray[np.bool_] | None = None
    ) -> list[list[tuple[int, float]]]:
        """The best texts for each query, as (index, score), best first; equal scores in the texts' order.

        A text is found only if it shares a word with the query, so a list may be shorter than k, or empty.

        Args:
            keep: Mask of length n; texts where it is False are not found (document frequencies still count them).
        """
        return [self._best(tokens, k, keep) for tokens in stems(queries)]

    def _best(self, tokens: list[str], k: int, keep: NDArray[np.bool_] | None) -> list[tuple[int, float]]:
        if self._index is None:
            return []
        known = self._index.get_tokens_ids(tokens)
        if not known:
            return []
        scores = self._index.get_scores_from_ids(known)
        if keep is not None:
            scores = np.where(keep, scores, 0.0)
        found = np.flatnonzero(scores > 0)
        order = found[np.argsort(-scores[found], kind="stable")][:k]
        return [(int(index), float(scores[index])) for index in order]
