"""Documents to chunks: by section, each within a budget of tokens, with exact offsets.

`document.text[chunk.start:chunk.end] == chunk.text`, no chunk crosses a heading, and small neighbouring sections stay
apart, so that a citation can name one section. Knows nothing of embedders: it is handed a way to count.
"""

from collections.abc import Callable, Iterator
from typing import Any

from openbook.core.types import Chunk, Document
from openbook.ingest.sections import Section, sections

VERSION = 1
"""Raised whenever the same document and settings would give other chunks: part of an index's content version."""

Count = Callable[[str], int]


def split(document: Document, *, tokens: int, count: Count) -> list[Chunk]:
    """Cut a document into chunks.

    Args:
        tokens: Longest chunk, in the units of `count`; the heading path that is indexed with it comes on top.
        count: Length of a text in tokens, for example the embedder's.

    Returns:
        Chunks in the order of the text. Their texts hold every word of the document but its headings and front matter.
    """
    splitter: Any = None
    chunks: list[Chunk] = []
    for section in sections(document):
        text = document.text[section.start : section.end]
        if count(text) <= tokens:
            chunks.append(_chunk(document, section, 0, text))
            continue
        splitter = splitter or _splitter(document.media, tokens=tokens, count=count)
        chunks.extend(_chunk(document, section, start, piece) for start, piece in _pieces(splitter, text))
    return chunks


def _splitter(media: str, *, tokens: int, count: Count) -> Any:
    """Markdown is cut between blocks before it is cut within them: tables and code stay whole where they fit."""
    from semantic_text_splitter import MarkdownSplitter, TextSplitter

    kind = TextSplitter if media == "text/plain" else MarkdownSplitter
    return kind.from_callback(count, tokens)


def _pieces(splitter: Any, text: str) -> Iterator[tuple[int, str]]:
    for start, piece in splitter.chunk_indices(text):
        kept = piece.strip()
        if kept:
            yield start + len(piece) - len(piece.lstrip()), kept


def _chunk(document: Document, section: Section, start: int, text: str) -> Chunk:
    return Chunk(
        document=document.name,
        text=text,
        start=section.start + start,
        end=section.start + start + len(text),
        headings=section.headings,
        metadata=document.metadata,
    )
