"""Bytes of unknown encoding to text. Knows nothing of file formats."""

import codecs
import re
from dataclasses import dataclass

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """Text and how it was found.

    Attributes:
        guessed: True where neither a mark, a declaration nor strict UTF-8 fitted, so that the encoding is a guess.
    """

    text: str
    encoding: str
    guessed: bool = False


def decode(data: bytes, *, declared: str = "") -> Decoded | None:
    """Decode by byte-order mark, then the declared encoding, then strict UTF-8, then Windows-1252.

    Args:
        declared: What the file says of itself (`<meta charset>`); tried where it names a known encoding.

    Returns:
        The text without its byte-order mark, or None where the bytes are not text.
    """
    for mark, encoding in MARKS:
        if data.startswith(mark):
            text = _strictly(data[len(mark) :], encoding)
            return None if text is None else Decoded(text=text, encoding=encoding)
    for encoding in (declared, "utf-8"):
        text = _strictly(data, encoding)
        if text is not None and "\0" not in text:
            return Decoded(text=text, encoding=codecs.lookup(encoding).name)
    return _guess(data)


def declared_encoding(data: bytes) -> str:
    """The encoding that an HTML or XML file declares within its first 2,048 bytes, or nothing."""
    found = re.search(rb"""(?:charset|<\?xml[^>]*?\sencoding)\s*=\s*["']?\s*([A-Za-z0-9_.:-]+)""", data[:2048])
    name = found.group(1).decode("ascii") if found else ""
    # A file that reached us as single bytes cannot be UTF-16, whatever it says: the HTML standard reads UTF-8 there.
    return "utf-8" if name.lower().startswith("utf-16") else name


def _guess(data: bytes) -> Decoded | None:
    if b"\0" in data:
        encoding = "utf-16-le" if data[1::2].count(0) > data[::2].count(0) else "utf-16-be"
        text = _strictly(data, encoding)
        mostly_latin = data.count(0) > len(data) / 3
        return (
            Decoded(text=text, encoding=encoding, guessed=True) if text and mostly_latin and "\0" not in text else None
        )
    text = _strictly(data, "cp1252")
    if text is None:  # five bytes mean nothing in Windows-1252
        text = data.decode("latin-1")
    controls = sum(1 for character in text if character < " " and character not in "\t\n\r\f\x1b")
    return Decoded(text=text, encoding="cp1252", guessed=True) if controls <= len(text) / 100 else None


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding) if encoding else None
    except (UnicodeDecodeError, LookupError):
        return None
