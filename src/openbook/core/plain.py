"""Chunks as plain JSON values and back: one spelling for the run log and for stores that keep files."""

from collections.abc import Mapping
from typing import Any

from openbook.core.types import Chunk


def chunk_row(chunk: Chunk) -> dict[str, Any]:
    """Every field of a chunk."""
    return {
        "document": chunk.document,
        "text": chunk.text,
        "start": chunk.start,
        "end": chunk.end,
        "headings": list(chunk.headings),
        "metadata": dict(chunk.metadata),
    }


def chunk_of(row: Mapping[str, Any]) -> Chunk:
    """The chunk of a row; further keys are passed over.

    Raises:
        KeyError: A field is missing.
    """
    return Chunk(
        document=row["document"],
        text=row["text"],
        start=row["start"],
        end=row["end"],
        headings=tuple(row["headings"]),
        metadata=row["metadata"],
    )
