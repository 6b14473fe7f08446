"""Files to documents: Markdown and plain text, and the choice of a reader by suffix.

Text is kept as decoded, character for character, so that offsets into it are offsets into the file's own text.
Knows nothing of chunks.
"""

from collections.abc import Mapping
from pathlib import Path

from openbook.core.errors import UsageError, unknown
from openbook.core.protocols import Reader
from openbook.core.types import Document, Failure, Scalar
from openbook.ingest import READERS
from openbook.ingest.decode import Decoded, declared_encoding, decode
from openbook.ingest.sections import title

STAGE = "read"
MAX_BYTES = 64 * 2**20


def reader_for(name: str) -> Reader | Failure:
    """The reader of a document's suffix; a suffix without one is a Failure in its place."""
    suffix = Path(name).suffix.lower().removeprefix(".")
    try:
        reader: Reader = READERS.load(suffix)()
    except UsageError:
        return failure("unknown_format", f"{name!r} was left out: {unknown('reader', suffix, READERS.names())}")
    return reader


def read(path: Path, name: str, metadata: Mapping[str, Scalar]) -> Document | Failure:
    """Read one file with the reader of its suffix.

    Returns:
        A document with something in it, or a Failure that says what is the matter with the file.
    """
    reader = reader_for(name)
    return reader if isinstance(reader, Failure) else reader.read(path, name, metadata)


class TextReader:
    """Plain text."""

    media = "text/plain"

    def read(self, path: Path, name: str, metadata: Mapping[str, object]) -> Document | Failure:
        decoded = read_text(path, name)
        if isinstance(decoded, Failure):
            return decoded
        return document(decoded.text, name=name, metadata=recorded(decoded, metadata), media=self.media)


class MarkdownReader(TextReader):
    """Markdown, with or without front matter."""

    media = "text/markdown"


def read_text(path: Path, name: str, *, html: bool = False) -> Decoded | Failure:
    """A file's decoded text; a file that cannot be opened, is too large or is not text is a Failure."""
    try:
        if path.stat().st_size > MAX_BYTES:
            return failure(
                "too_large", f"{name!r} is larger than {MAX_BYTES // 2**20} MiB. Split it into smaller files."
            )
        data = path.read_bytes()
    except OSError as error:
        settled = isinstance(error, PermissionError | FileNotFoundError | IsADirectoryError)
        message = f"{name!r} cannot be read: {error.strerror}. Check the file and its permissions."
        return Failure(stage=STAGE, error="unreadable", message=message, transient=not settled)
    decoded = decode(data, declared=declared_encoding(data) if html else "")
    if decoded is None:
        return failure("not_text", f"{name!r} is not text, whatever its suffix says.")
    return decoded


def recorded(decoded: Decoded, metadata: Mapping[str, object]) -> dict[str, object]:
    """The metadata, with the `encoding` added where it had to be guessed: a wrong guess spoils words silently."""
    return {**metadata, "encoding": decoded.encoding} if decoded.guessed else dict(metadata)


def document(
    text: str, *, name: str, metadata: Mapping[str, object], media: str, titled: str = ""
) -> Document | Failure:
    """A document of this text, titled by its first heading; blank text is a Failure."""
    if not text.strip():
        return failure("empty", f"{name!r} holds no text.")
    values = {key: value for key, value in metadata.items() if isinstance(value, str | int | float | bool)}
    made = Document(name=name, text=text, title=titled, metadata=values, media=media)
    if titled:
        return made
    return Document(name=name, text=text, title=title(made), metadata=values, media=media)


def failure(error: str, message: str) -> Failure:
    return Failure(stage=STAGE, error=error, message=message)
