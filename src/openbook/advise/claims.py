"""Claims and rules of thumb as checked values, read from the two data files. Knows nothing of how they are weighed.

A claim without a paper, a place in it, a figure, or a note of how that was checked is refused.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from openbook.advise.interview import BY_KEY
from openbook.core.errors import DataError

ARMS = ("base", "prompted", "rag", "tuned", "hybrid")
"""Simplest first, as everywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearing:
    """What an entry says of some answers to one question. With no arm named it is a note.

    Attributes:
        pro: Arms that it speaks for.
        con: Arms that it speaks against.
        out: Arms that cannot be had with such an answer.
    """

    on: str
    answers: tuple[str, ...]
    pro: tuple[str, ...]
    con: tuple[str, ...]
    out: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a figure stands: a paper, or a file of this repository (then `link` is its path)."""

    title: str
    authors: str
    year: int
    venue: str
    link: str
    place: str

    @property
    def own(self) -> bool:
        return not self.link.startswith("https://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One measured thing.

    Attributes:
        says: Our sentence.
        figure: Numbers with their units.
        setting: Model, data and limits.
        verified: How and when (a date) the figure was looked up.
        quotes: What a file of this repository must hold for the figure to stand; empty for papers.
    """

    id: str
    says: str
    figure: str
    setting: str
    bears: tuple[Bearing, ...]
    source: Source
    verified: tuple[str, str]
    quotes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of thumb of this tool: nothing was looked up for it."""

    id: str
    says: str
    bears: tuple[Bearing, ...]


@cache
def claims() -> tuple[Claim, ...]:
    """Every claim that ships."""
    return tuple(parse_claim(entry) for entry in _entries("claims.toml", "claim"))


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule of thumb that ships."""
    return tuple(
        Rule(id=_text(entry, "id"), says=_text(entry, "says"), bears=_bears(entry))
        for entry in _entries("rules.toml", "rule")
    )


def parse_claim(entry: Mapping[str, Any]) -> Claim:
    """One entry of the file.

    Raises:
        DataError: Something that a claim needs is missing or empty.
    """
    source, verified = entry.get("source", {}), entry.get("verified", {})
    where = f"claim {entry.get('id', '?')!r}, source"
    place = Source(
        **{key: _text(source, key, where) for key in ("title", "authors", "venue", "link", "place")},
        year=_year(source, where),
    )
    quotes = tuple(entry.get("quotes", ()))
    if place.own and not quotes:
        raise DataError(f"claim {entry['id']!r} is our own measurement and needs quotes from {place.link!r}")
    return Claim(
        id=_text(entry, "id"),
        says=_text(entry, "says"),
        figure=_figure(entry),
        setting=_text(entry, "setting"),
        bears=_bears(entry),
        source=place,
        verified=(_text(verified, "where", f"claim {entry['id']!r}, verified"), _date(verified, entry)),
        quotes=quotes,
    )


def _entries(name: str, kind: str) -> list[dict[str, Any]]:
    raw = tomllib.loads((files("openbook.advise") / name).read_text(encoding="utf-8"))
    entries: list[dict[str, Any]] = raw[kind]
    return entries


def _text(table: Mapping[str, Any], key: str, where: str = "") -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        raise DataError(f"{where or 'entry ' + repr(table.get('id', '?'))} has no {key!r}")
    return value


def _figure(entry: Mapping[str, Any]) -> str:
    figure = _text(entry, "figure")
    if not any(character.isdigit() for character in figure):
        raise DataError(f"entry {entry.get('id', '?')!r}: {figure!r} holds no number")
    return figure


def _year(source: Mapping[str, Any], where: str) -> int:
    if not isinstance(source.get("year"), int):
        raise DataError(f"{where} has no 'year'")
    return int(source["year"])


def _date(verified: Mapping[str, Any], entry: Mapping[str, Any]) -> str:
    from datetime import date

    said = _text(verified, "date", f"claim {entry['id']!r}, verified")
    try:
        return date.fromisoformat(said).isoformat()
    except ValueError:
        raise DataError(
            f"claim {entry['id']!r} was verified on {said!r}, which is not a date like 2026-01-31"
        ) from None


def _bears(entry: Mapping[str, Any]) -> tuple[Bearing, ...]:
    bears = tuple(
        Bearing(
            on=raw.get("on", ""),
            answers=tuple(raw.get("answers", ())),
            pro=tuple(raw.get("for", ())),
            con=tuple(raw.get("against", ())),
            out=tuple(raw.get("out", ())),
        )
        for raw in entry.get("bears", ())
    )
    if not bears:
        raise DataError(f"entry {entry.get('id', '?')!r} bears on nothing")
    for bearing in bears:
        options = BY_KEY[bearing.on].options if bearing.on in BY_KEY else {}
        strange = {*bearing.answers} - {*options} or {*bearing.pro, *bearing.con, *bearing.out} - {*ARMS}
        if strange or not bearing.answers:
            raise DataError(
                f"entry {entry.get('id', '?')!r} bears on {bearing.on!r}, {sorted(strange)}: not in the interview"
            )
    return bears
