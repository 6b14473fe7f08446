"""The embedded store: one LanceDB table with vectors, a full-text index and filters. Knows nothing of embedders.

A replacement is one commit of the table, so that a kill leaves the old content or the new one. What follows it (taking
the new rows into the indexes) only makes searching fast: rows that no index holds yet are searched one by one.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import lancedb
from lancedb.index import FTS, IvfSq
from lancedb.query import MatchQuery

from openbook.core.errors import Busy, DiskFull, IndexMismatch, StoreError
from openbook.core.protocols import Vector
from openbook.core.types import Chunk, Filter, Hit
from openbook.retrieve import columns
from openbook.retrieve.sql import condition, one_of, quoted
from openbook.retrieve.vectors import PLACES, distinct, matrix, ordered

T = TypeVar("T")
Scored = list[tuple[Chunk, float]]

TABLE = "chunks"
INDEX_ROWS = 50_000
"""Below this many chunks all vectors are compared: exact, and faster than LanceDB's indexes."""

PROBES = 32
REFINE = 4
"""With a vector index: partitions looked at, and how many times k candidates are compared exactly."""

SPARE = 16
"""Hits asked for beyond k, to see whether equal scores straddle the cut."""

MOST = 4096
"""Where they do, ever more hits are asked for, up to this many, so that ties fall by document and not by chance."""

BATCH = 64
"""Query vectors in one call."""

STALE_SHARE = 0.1
"""Above `INDEX_ROWS`, indexes take in new rows when these are more than this share of all."""

KEEP_VERSIONS = timedelta(minutes=1)
"""Files of versions younger than this stay when a newer one is there, for other processes that are reading them."""


class LanceStore:
    """Chunks in a LanceDB database in `folder`; another process's change is seen at the next call.

    Args:
        folder: Where the database lies; made if missing.
        dimension: Length of the vectors.
        index_rows: From this many chunks on, vectors are searched through an index.

    Raises:
        IndexMismatch: The table holds vectors of another length.
        StoreError: The table cannot be read.
    """

    def __init__(self, folder: Path, *, dimension: int, index_rows: int = INDEX_ROWS) -> None:
        self._folder = folder
        self._dimension = dimension
        self._index_rows = index_rows
        with self._foreign("open"):
            folder.mkdir(parents=True, exist_ok=True)
            self._table = _open(folder, dimension)
        self._check()

    def replace(self, chunks: Sequence[Chunk], vectors: Sequence[Vector], *, gone: Sequence[str] = ()) -> None:
        new, array = distinct(chunks, vectors, dimension=self._dimension)
        leaving = {chunk.document for chunk in new} | set(gone)
        if not leaving:
            return
        with self._foreign("write"):
            there = one_of("document", [quoted(name) for name in sorted(leaving & self.documents().keys())])
            if new:
                self._add_columns(new)
                self._commit(columns.table(new, array, self._table.schema), there)
            elif there != "false":
                self._table.delete(there)
            self._index()

    def documents(self) -> dict[str, int]:
        names = self._read("read", lambda: self._table.search().select(["document"]).to_arrow())
        return {row["values"]: row["counts"] for row in names["document"].value_counts().to_pylist()}

    def dense(self, vectors: Sequence[Vector], *, k: int, where: Filter | None = None) -> list[list[Hit]]:
        array = matrix(vectors, dimension=self._dimension)
        batches = [array[start : start + BATCH] for start in range(0, len(array), BATCH)]
        return self._read(
            "search",
            lambda: [hits for batch in batches for hits in _untied(partial(self._dense, batch, where), k)],
        )

    def lexical(self, queries: Sequence[str], *, k: int, where: Filter | None = None) -> list[list[Hit]]:
        return self._read(
            "search",
            lambda: [hits for query in queries for hits in _untied(partial(self._lexical, query, where), k)],
        )

    def close(self) -> None:
        """Nothing is held open between calls."""

    def _dense(self, vectors: Any, where: Filter | None, limit: int) -> list[Scored]:
        search = self._table.search(list(vectors), vector_column_name="vector").distance_type("cosine")
        if self._vector_index():
            search = search.nprobes(PROBES).refine_factor(REFINE)
        found = self._run(search.limit(limit), "_distance", where)
        # LanceDB numbers the queries only where there are several.
        queries = found["query_index"].to_pylist() if "query_index" in found.column_names else [0] * len(found)
        lists: list[Scored] = [[] for _ in vectors]
        for query, chunk, distance in zip(
            queries, columns.chunks_of(found), found["_distance"].to_pylist(), strict=True
        ):
            lists[query].append((chunk, 1.0 - distance))
        return lists

    def _lexical(self, query: str, where: Filter | None, limit: int) -> list[Scored]:
        search = self._table.search(MatchQuery(query, "searchable"), query_type="fts")
        found = self._run(search.limit(limit), "_score", where)
        return [list(zip(columns.chunks_of(found), found["_score"].to_pylist(), strict=True))]

    def _run(self, search: Any, score: str, where: Filter | None) -> Any:
        if where is not None:
            search = search.where(condition(where, set(self._table.schema.names)), prefilter=True)
        return search.select([*columns.CHUNK, score]).to_arrow()

    def _add_columns(self, chunks: Sequence[Chunk]) -> None:
        """A commit of its own, which a kill may leave behind: empty columns change no content."""
        new = columns.missing(chunks, self._table.schema.names)
        if len(new):
            self._table.add_columns(new)

    def _commit(self, rows: Any, replaced: str) -> None:
        if replaced == "false":
            self._table.add(rows)
            return
        merge = self._table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
        merge.when_not_matched_by_source_delete(replaced).execute(rows)

    def _index(self) -> None:
        """Take new rows into the indexes, drop old files, and make the vector index once there are enough rows."""
        rows = self._table.count_rows()
        if rows >= self._index_rows and not self._vector_index():
            self._table.create_index("vector", config=IvfSq(distance_type="cosine"))
        elif rows >= self._index_rows and self._unindexed() < STALE_SHARE * rows:
            return
        self._table.optimize(cleanup_older_than=KEEP_VERSIONS)

    def _unindexed(self) -> int:
        stats = [self._table.index_stats(index.name) for index in self._table.list_indices()]
        return max((each.num_unindexed_rows for each in stats if each is not None), default=0)

    def _vector_index(self) -> bool:
        return any("vector" in index.columns for index in self._table.list_indices())

    def _check(self) -> None:
        held = self._table.schema.field("vector").type.list_size
        if held != self._dimension:
            raise IndexMismatch(
                f"The index in {str(self._folder)!r} holds vectors of {held} numbers and the embedder makes"
                f" {self._dimension}: it was made with another embedder. Make it again with: openbook ingest --rebuild"
            )

    def _read(self, verb: str, read: Callable[[], T]) -> T:
        with self._foreign(verb):
            try:
                return read()
            except (RuntimeError, ValueError, OSError) as error:
                if "Not found" not in str(error):
                    raise
                # A writer has just dropped the files of the version that was being read; the newest has its own.
                return read()

    @contextmanager
    def _foreign(self, verb: str) -> Iterator[None]:
        """Turn LanceDB's errors into ours."""
        try:
            yield
        except (RuntimeError, ValueError, OSError) as error:
            raise _ours(error, verb, self._folder) from error


def _open(folder: Path, dimension: int) -> Any:
    # 0 seconds: every call looks for commits of other processes.
    database = lancedb.connect(folder, read_consistency_interval=timedelta(0))
    if TABLE in database.list_tables().tables:
        table = database.open_table(TABLE)
    else:
        table = database.create_table(TABLE, schema=columns.schema(dimension), exist_ok=True)
    if not any("searchable" in index.columns for index in table.list_indices()):
        table.create_index("searchable", config=FTS())
    return table


def _untied(run: Callable[[int], list[Scored]], k: int) -> list[list[Hit]]:
    """The k best of each list that `run(limit)` finds, asked again for more while a tie straddles the end of one."""
    limit = k + SPARE
    lists = run(limit)
    while limit < MOST and any(_tied(scored, k, limit) for scored in lists):
        limit = min(4 * limit, MOST)
        lists = run(limit)
    return [ordered(scored, k) for scored in lists]


def _tied(scored: Scored, k: int, limit: int) -> bool:
    if len(scored) < limit or k < 1:
        return False
    scores = sorted((round(score, PLACES) for _, score in scored), reverse=True)
    return scores[k - 1] == scores[-1]


def _ours(error: Exception, verb: str, folder: Path) -> Exception:
    said = str(error)
    if "No space left" in said or "os error 28" in said or "quota exceeded" in said:
        return DiskFull(
            f"The disk is full: could not {verb} the index in {str(folder)!r}. It holds what it held before; free some"
            " room and run the same command again."
        )
    if "ommit conflict" in said or "oo many concurrent writers" in said:
        return Busy(
            f"Another process changed the index in {str(folder)!r} at the same moment. It is whole; run the same"
            " command again."
        )
    # Where in LanceDB's own source it happened helps no user.
    first = re.sub(r",? ?/\S+\.rs:\d+:\d+", "", said).strip()[:200] or type(error).__name__
    return StoreError(
        f"LanceDB could not {verb} the index in {str(folder)!r}: {first}. If the folder was changed by something else,"
        " make the index again with: openbook ingest --rebuild"
    )
