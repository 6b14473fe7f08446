"""What every store does with chunks and vectors: check them, and put hits in a fixed order."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from openbook.core.errors import IndexMismatch
from openbook.core.protocols import Vector
from openbook.core.types import Chunk, Hit

PLACES = 6
"""Decimals of a score. Beyond them floats of equal vectors differ by where they lie in memory."""


def matrix(vectors: Sequence[Vector], *, dimension: int) -> NDArray[np.float32]:
    """Vectors as one (n, dimension) float32 array.

    Raises:
        IndexMismatch: A vector of another length: it comes from another embedder.
        ValueError: A vector that holds NaN or infinity.
    """
    for vector in vectors:
        if len(vector) != dimension:
            raise IndexMismatch(
                f"This index holds vectors of {dimension} numbers and was given one of {len(vector)}: it was made with"
                " another embedder. Make it again with: openbook ingest --rebuild"
            )
    if not len(vectors):
        return np.zeros((0, dimension), dtype=np.float32)
    array = np.asarray(vectors, dtype=np.float32)
    if not np.isfinite(array).all():
        raise ValueError("a vector holds NaN or infinity: the embedder is broken")
    return array


def distinct(
    chunks: Sequence[Chunk], vectors: Sequence[Vector], *, dimension: int
) -> tuple[list[Chunk], NDArray[np.float32]]:
    """Chunks and their vectors, the same chunk given twice only once.

    Raises:
        ValueError: Not as many vectors as chunks.
    """
    if len(chunks) != len(vectors):
        raise ValueError(f"{len(chunks)} chunks but {len(vectors)} vectors")
    places = {chunk.id: place for place, chunk in enumerate(chunks)}
    kept = sorted(places.values())
    return [chunks[place] for place in kept], matrix(vectors, dimension=dimension)[kept]


def ordered(found: Iterable[tuple[Chunk, float]], k: int) -> list[Hit]:
    """The k best as hits, best first; equal scores in the order of documents and places, so that ties fall alike."""
    scored = [(-round(score, PLACES), chunk.document, chunk.start, chunk.end, chunk) for chunk, score in found]
    best = sorted(scored, key=lambda row: row[:4])[:k]
    return [Hit(chunk=chunk, score=-negative + 0.0) for negative, _, _, _, chunk in best]
