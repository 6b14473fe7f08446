"""A LanceDB table's columns, and chunks as its rows. Knows nothing of searching.

A chunk's metadata stands twice in a row: whole, as JSON, to give the chunk back exactly as it came, and spread over
typed columns (sql.py), which filters look at. Those columns are added when a key is first seen and are empty elsewhere.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from openbook.core.types import Chunk
from openbook.retrieve.filters import Kind, kind, number
from openbook.retrieve.sql import column

CHUNK = ("document", "text", "start", "end", "headings", "metadata")
"""The columns that a chunk is made from."""

_TYPES: Mapping[Kind, Any] = {"text": pa.string(), "number": pa.float64(), "flag": pa.bool_()}


def schema(dimension: int) -> Any:
    """The columns of an empty table, as an Arrow schema."""
    return pa.schema(
        [
            pa.field("id", pa.string(), nullable=False),
            pa.field("document", pa.string(), nullable=False),
            pa.field("text", pa.string(), nullable=False),
            pa.field("searchable", pa.string(), nullable=False),
            pa.field("start", pa.int64(), nullable=False),
            pa.field("end", pa.int64(), nullable=False),
            pa.field("headings", pa.list_(pa.string()), nullable=False),
            pa.field("metadata", pa.string(), nullable=False),
            pa.field("vector", pa.list_(pa.float32(), dimension), nullable=False),
        ]
    )


def missing(chunks: Iterable[Chunk], names: Iterable[str]) -> Any:
    """The metadata columns that chunks need beyond those there are, as an Arrow schema."""
    needed = {column(key, kind(value)): kind(value) for chunk in chunks for key, value in chunk.metadata.items()}
    there = set(names)
    return pa.schema([pa.field(name, _TYPES[of]) for name, of in sorted(needed.items()) if name not in there])


def table(chunks: Sequence[Chunk], vectors: NDArray[np.float32], columns: Any) -> Any:
    """Chunks as an Arrow table with the columns of a schema."""
    rows = [_row(chunk) for chunk in chunks]
    width = columns.field("vector").type.list_size
    arrays = [
        pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel(), pa.float32()), width)
        if field.name == "vector"
        else pa.array([row.get(field.name) for row in rows], field.type)
        for field in columns
    ]
    return pa.Table.from_arrays(arrays, schema=columns)


def chunks_of(found: Any) -> Iterator[Chunk]:
    """The chunks in an Arrow table that has the columns `CHUNK`."""
    for row in found.select(list(CHUNK)).to_pylist():
        yield Chunk(
            document=row["document"],
            text=row["text"],
            start=row["start"],
            end=row["end"],
            headings=tuple(row["headings"]),
            metadata=json.loads(row["metadata"]),
        )


def _row(chunk: Chunk) -> dict[str, Any]:
    filterable = {
        column(key, kind(value)): number(value) if kind(value) == "number" else value  # type: ignore[arg-type]
        for key, value in chunk.metadata.items()
    }
    return filterable | {
        "id": chunk.id,
        "document": chunk.document,
        "text": chunk.text,
        "searchable": chunk.searchable,
        "start": chunk.start,
        "end": chunk.end,
        "headings": list(chunk.headings),
        "metadata": json.dumps(dict(chunk.metadata), ensure_ascii=False),
    }
