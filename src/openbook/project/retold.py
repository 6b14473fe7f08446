"""One fact's value exchanged in a text, where it is plain that it is this fact's value. Knows no documents or examples.

A fact is told by any of its wordings. Places are found as whole words, by the same rule as answers are marked.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from openbook.generate.sentences import sentences, stems
from openbook.project.values import Exchange
from openbook.score.wording import words

Wordings = tuple[str, ...]
"""Of one fact; any of them will do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A wording in a text (`start`, `end`), the value in it (`first`, `last`), and what is to stand there."""

    start: int
    end: int
    first: int
    last: int
    new: str


def places(text: str, wordings: Wordings, exchange: Exchange) -> list[Place]:
    """Every place where the text tells the fact, in order.

    None at all where one of them cannot be told or exchanged: a range, a wording without the value, a spelling that is
    the same to a reader and another in letters.
    """
    cut, found = words(text), dict[int, Place]()
    for wording in wordings:
        spans = [match.span() for match in _verbatim(wording).finditer(text)]
        if len(spans) != _count(cut, words(wording)):
            return []
        for start, end in spans:
            exchanged = exchange.within(text, start, end)
            if exchanged is None:
                return []
            first, last, new = exchanged
            found[first] = Place(start=start, end=end, first=first, last=last, new=new)
    return [found[first] for first in sorted(found)]


def retold(text: str, found: Sequence[Place]) -> str:
    """The text with the new value in these places."""
    for place in reversed(found):
        text = text[: place.first] + place.new + text[place.last :]
    return text


def around(text: str, found: Sequence[Place]) -> tuple[str, str]:
    """The first place's sentence, before and after."""
    start, end = _sentence(text, found[0].first)
    inside = [place for place in found if start <= place.first < end]
    grown = sum(len(place.new) - (place.last - place.first) for place in inside)
    return text[start:end], retold(text, found)[start : end + grown]


def doubt(text: str, found: Sequence[Place], exchange: Exchange) -> str:
    """Why the value might mean something else in this text, or something else might mean it; empty where nothing does.

    Several places must be one sentence, said again. The value elsewhere must count something else: its sentence has no
    word in common with what stands beside the value in the fact's wording.
    """
    told = {_sentence(text, place.first) for place in found}
    if len({words(text[start:end]) for start, end in told}) > 1:
        return "the document says it in several sentences"
    known = {place.first for place in found}
    counted = [stems(_beside(text, place)) for place in found]
    for first, _ in exchange.standing(text):
        start, end = _sentence(text, first)
        near = stems(text[start:end])
        if first not in known and any(not unit or unit & near for unit in counted):
            return "the same value stands elsewhere in the document"
    return ""


def _beside(text: str, place: Place) -> str:
    return f"{text[place.start : place.first]} {text[place.last : place.end]}"


def _sentence(text: str, place: int) -> tuple[int, int]:
    return next(((start, end) for start, end in sentences(text) if start <= place < end), (0, len(text)))


def _verbatim(wording: str) -> re.Pattern[str]:
    """The wording as whole words, in any case and with any white space."""
    spelt = r"\s+".join(re.escape(part) for part in wording.split())
    return re.compile(rf"(?<!\w){spelt}(?!\w)" if wording[:1].isalnum() else rf"{spelt}(?!\w)", re.IGNORECASE)


def _count(text: tuple[str, ...], wording: tuple[str, ...]) -> int:
    width = len(wording)
    return sum(text[i : i + width] == wording for i in range(len(text) - width + 1)) if width else 0
