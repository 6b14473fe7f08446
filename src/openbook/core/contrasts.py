"""Declared contrasts: `rag-prompted`, one arm less another, by name. Knows the names, not what they stand for."""

import re
from collections.abc import Sequence

from openbook.core.errors import unknown

_MINUS = re.compile(r"\s[-−]\s|[-−]")


def read_contrast(text: str, arms: Sequence[str]) -> tuple[str, str]:
    """The two arms of `a-b` or `a - b`; a name may hold a hyphen itself.

    Raises:
        ValueError: It is not one arm less another of `arms`; with a suggestion.
    """
    cuts = [(text[: cut.start()].strip(), text[cut.end() :].strip()) for cut in _MINUS.finditer(text)]
    fits = [(a, b) for a, b in cuts if a in arms and b in arms and a != b]
    if len(set(fits)) == 1:
        return fits[0]
    if fits:
        raise ValueError(f"{text!r} can be read in two ways; put spaces around the minus that is meant")
    pairs = [f"{a}-{b}" for a in arms for b in arms if a != b]
    raise ValueError(unknown("contrast", text, pairs).removesuffix(".") + "; one arm of [compare] arms less another")


def read_contrasts(texts: Sequence[str], arms: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """All of them, in order.

    Raises:
        ValueError: One is none (see `read_contrast`), or stands there twice.
    """
    found = tuple(read_contrast(text, arms) for text in texts)
    if len({frozenset(pair) for pair in found}) < len(found):
        raise ValueError("a contrast stands there twice; either direction is the same test")
    return found
