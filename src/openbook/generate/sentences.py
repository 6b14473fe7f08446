"""Sentences of a text with their places, and the words of a text for comparing. Knows nothing of hits or answers."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

_BREAK = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+(?=[^\s.,;:a-z])|\s*\n\s*")
_WORD = re.compile(r"[^\W_]+(?:['’.,:][^\W_]+)*")
FUNCTION_WORDS = frozenset(
    """
    a about an and any are as at be been but by can could did do does for from had has have how i if in into is it its
    me my no not of on or our so than that the their them then there these they this those to was we were what when
    where which who whom whose why will with would you your
    """.split()  # noqa: SIM905 (seventy quoted words would be harder to read)
)


def sentences(text: str) -> list[tuple[int, int]]:
    """(start, end) of each sentence; line breaks end one too, as in lists and headings. Blank ones are left out."""
    spans, start = [], 0
    for found in [*_BREAK.finditer(text), None]:
        end = found.start() if found else len(text)
        if found and not found.group().startswith("\n"):
            end = found.end() - len(found.group()) + len(found.group().rstrip())
        left = len(text[start:end]) - len(text[start:end].lstrip())
        right = len(text[start:end].rstrip())
        if text[start:end].strip():
            spans.append((start + left, start + right))
        start = found.end() if found else len(text)
    return spans


def words(text: str) -> Iterator[str]:
    """Lower-case words and numbers, function words left out."""
    for found in _WORD.finditer(text):
        word = found.group().casefold()
        if word not in FUNCTION_WORDS:
            yield word


def stems(text: str) -> set[str]:
    """The stems of a text's words (English Snowball)."""
    stemmer = _stemmer()
    return {str(stemmer.stemWord(word)) for word in words(text)}


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english")
