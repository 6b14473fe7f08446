"""Text to stemmed words: what lexical search and the hashing embedder see. Knows nothing of ranking.

The rules are those of the full-text index in LanceDB (letters and digits, case and accents folded, English stop words
out, Snowball stems), so that the stores agree.
"""

import re
import unicodedata
from collections.abc import Iterable

import Stemmer

STOP_WORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "but",
        "by",
        "for",
        "if",
        "in",
        "into",
        "is",
        "it",
        "no",
        "not",
        "of",
        "on",
        "or",
        "such",
        "that",
        "the",
        "their",
        "then",
        "there",
        "these",
        "they",
        "this",
        "to",
        "was",
        "will",
        "with",
    ]
)
"""Lucene's English stop words."""

_WORD = re.compile(r"[^\W_]+")
_ACCENT = re.compile("[\u0300-\u036f]+")


def words(text: str) -> list[str]:
    """Lower-case words of letters and digits, without accents, stop words kept."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", _ACCENT.sub("", unicodedata.normalize("NFKD", text)))
    return _WORD.findall(text.casefold())


def stems(texts: Iterable[str]) -> list[list[str]]:
    """English stems of each text's words, stop words left out."""
    # A stemmer is cheap to make (under a microsecond) and not safe to share between threads.
    stemmer = Stemmer.Stemmer("english")
    return [stemmer.stemWords([word for word in words(text) if word not in STOP_WORDS]) for text in texts]
