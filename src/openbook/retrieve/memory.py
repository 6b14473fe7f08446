"""A store that is exact and small: everything in memory, one file on disk, replaced whole.

It holds some tens of thousands of chunks well and stands where LanceDB is not installed. Knows nothing of embedders.
"""

import base64
import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openbook.core.errors import IndexMismatch, StoreError
from openbook.core.ids import canonical
from openbook.core.plain import chunk_of, chunk_row
from openbook.core.protocols import Vector
from openbook.core.types import Chunk, Filter, Hit
from openbook.retrieve.filters import matches
from openbook.retrieve.lexical import Lexical
from openbook.retrieve.vectors import PLACES, distinct, matrix, ordered
from openbook.workspace import write_text

FILE = "memory.jsonl"


class MemoryStore:
    """Chunks in `folder/memory.jsonl`; another process's change is seen at the next call.

    Args:
        folder: Where the file lies; made if missing.
        dimension: Length of the vectors.

    Raises:
        IndexMismatch: The file holds vectors of another length.
        StoreError: The file is not one of this store.
    """

    def __init__(self, folder: Path, *, dimension: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / FILE
        self._dimension = dimension
        self._stamp: tuple[int, int, int] | None = None
        self._rows = Rows([], np.zeros((0, dimension), dtype=np.float32))
        self._fresh()

    def replace(self, chunks: Sequence[Chunk], vectors: Sequence[Vector], *, gone: Sequence[str] = ()) -> None:
        new, array = distinct(chunks, vectors, dimension=self._dimension)
        leaving = {chunk.document for chunk in new} | set(gone)
        if not leaving:
            return
        rows = self._fresh()
        kept = [place for place, chunk in enumerate(rows.chunks) if chunk.document not in leaving]
        together = [*(rows.chunks[place] for place in kept), *new]
        stacked = np.concatenate([rows.vectors[kept], array])
        order = sorted(range(len(together)), key=lambda place: _position(together[place]))
        self._write(Rows([together[place] for place in order], stacked[order]))

    def documents(self) -> dict[str, int]:
        return dict(Counter(chunk.document for chunk in self._fresh().chunks))

    def dense(self, vectors: Sequence[Vector], *, k: int, where: Filter | None = None) -> list[list[Hit]]:
        rows = self._fresh()
        places = np.flatnonzero(rows.keep(where))
        scores = matrix(vectors, dimension=self._dimension) @ rows.vectors[places].T
        return [ordered(_best(rows, places, row, k), k) for row in scores]

    def lexical(self, queries: Sequence[str], *, k: int, where: Filter | None = None) -> list[list[Hit]]:
        rows = self._fresh()
        # Ties are cut in the rows' order, which is the order of hits.
        found = rows.index.search(queries, k, keep=rows.keep(where))
        return [ordered(((rows.chunks[place], score) for place, score in row), k) for row in found]

    def close(self) -> None:
        """Nothing is held open."""

    def _fresh(self) -> "Rows":
        """The rows on disk, read again if another handle wrote them."""
        stamp = _stamp(self._file)
        if stamp != self._stamp:
            self._rows = _read(self._file, self._dimension)
            self._stamp = stamp
        return self._rows

    def _write(self, rows: "Rows") -> None:
        head = canonical({"dimension": self._dimension})
        lines = (canonical(_row(chunk, vector)) for chunk, vector in zip(rows.chunks, rows.vectors, strict=True))
        write_text(self._file, "\n".join([head, *lines]) + "\n")
        self._rows = rows
        self._stamp = _stamp(self._file)


class Rows:
    """Chunks in the order of documents and places, the (n, d) array of their vectors, and their word index."""

    def __init__(self, chunks: list[Chunk], vectors: NDArray[np.float32]) -> None:
        self.chunks = chunks
        self.vectors = vectors

    @cached_property
    def index(self) -> Lexical:
        return Lexical([chunk.searchable for chunk in self.chunks])

    def keep(self, where: Filter | None) -> NDArray[np.bool_]:
        """Mask of the chunks that pass a filter."""
        return np.array([where is None or matches(where, chunk) for chunk in self.chunks], dtype=np.bool_)


def _best(rows: Rows, places: NDArray[np.intp], scores: NDArray[np.float32], k: int) -> Iterable[tuple[Chunk, float]]:
    order = np.argsort(-np.round(scores.astype(np.float64), PLACES), kind="stable")[:k]
    return ((rows.chunks[int(places[index])], float(scores[index])) for index in order)


def _position(chunk: Chunk) -> tuple[str, int, int]:
    return (chunk.document, chunk.start, chunk.end)


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        stat = os.stat(file)
    except FileNotFoundError:
        return None
    return (stat.st_mtime_ns, stat.st_size, stat.st_ino)


def _row(chunk: Chunk, vector: NDArray[np.float32]) -> dict[str, Any]:
    return {**chunk_row(chunk), "vector": base64.b64encode(vector.astype("<f4").tobytes()).decode("ascii")}


def _read(file: Path, dimension: int) -> Rows:
    if not file.exists():
        return Rows([], np.zeros((0, dimension), dtype=np.float32))
    try:
        head, *lines = file.read_text(encoding="utf-8").removesuffix("\n").split("\n")
        held = int(json.loads(head)["dimension"])
        rows = [json.loads(line) for line in lines]
        chunks = [chunk_of(row) for row in rows]
        packed = b"".join(base64.b64decode(row["vector"]) for row in rows)
        vectors = np.frombuffer(packed, dtype="<f4").reshape(len(rows), held)
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(
            f"{str(file)!r} is not a whole index file ({error}): it was changed by something else. Make the index again"
            " with: openbook ingest --rebuild"
        ) from error
    if held != dimension:
        raise IndexMismatch(
            f"The index in {str(file.parent)!r} holds vectors of {held} numbers and the embedder makes {dimension}: it"
            " was made with another embedder. Make it again with: openbook ingest --rebuild"
        )
    return Rows(chunks, vectors.astype(np.float32))
