"""Values that a fact turns on (numbers, money, percentages, times, dates, weekdays, months), and plausible others.

A value is exchanged for one of its own kind, written alike: as many digits and decimals, the same separators, the same
half of the day, the same month and year. Knows text alone, nothing of documents or examples.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from openbook.core.ids import digest

Kind = Literal["number", "money", "percentage", "time", "date", "weekday", "month", "year"]

MOST = 40
"""Other values looked at for each."""
LONGEST = 6
"""Digits of an amount; longer ones are numbers of accounts and telephones."""
FURTHEST = 2
"""Another amount is at most so many times as much, or as little."""
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_VERBS = ("March", "May")
"""Months that a sentence may mean otherwise; exchanged in a date alone."""
_TEENS = (
    *("ten", "eleven", "twelve", "thirteen", "fourteen"),
    *("fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_ONES = ("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One value for another.

    Attributes:
        old: As it was found.
        new: Written alike.
        forms: (old, new) in every spelling that both have: "27" and "34", "twenty-seven" and "thirty-four".
    """

    kind: Kind
    old: str
    new: str
    forms: tuple[tuple[str, str], ...]

    def within(self, text: str, start: int = 0, end: int | None = None) -> tuple[int, int, str] | None:
        """The one place of the value in a part of a text, and what is to stand there.

        None where it does not stand there, stands there twice, or is the end of a range or a weekday with its date.
        """
        forms, end = dict(self.forms), len(text) if end is None else end
        found = [place for place in self.standing(text) if start <= place[0] and place[1] <= end]
        if len(found) != 1 or not _alone(self.kind, text, found[0]):
            return None
        return *found[0], forms[text[slice(*found[0])]]

    def apply(self, text: str) -> str | None:
        """The text with the value exchanged; None where `within` finds no one place."""
        found = self.within(text)
        return None if found is None else text[: found[0]] + found[2] + text[found[1] :]

    def standing(self, text: str) -> list[tuple[int, int]]:
        """Every place of the old value in a text, in any spelling and whatever it counts there."""
        spellings = sorted((old for old, _ in self.forms), key=len, reverse=True)
        return [found.span() for found in _whole("|".join(map(re.escape, spellings))).finditer(text)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value where it stands in a text."""

    kind: Kind
    text: str
    start: int
    end: int


def number_words(number: int) -> str:
    """2 to 99 in English; empty for others."""
    if not 2 <= number <= 99:
        return ""
    if number < 20:
        return _ONES[number] if number < 10 else _TEENS[number - 10]
    tens, ones = divmod(number, 10)
    return f"{_TENS[tens - 2]}-{_ONES[ones]}" if ones else _TENS[tens - 2]


_SPELT = {number_words(number): number for number in range(2, 100)}
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_BEFORE = r"(?<!\w)(?<!\w[.,:/'’])(?<![-–—−.#/])"
_UNFINISHED = rf"(?!-(?:{'|'.join(_ONES[1:])})\b)"
_AFTER = rf"(?!\w)(?![.,:/]\d){_UNFINISHED}"
_ANY_NUMBER = rf"(?:\d[\d.,:]*|\b(?:{'|'.join(sorted(_SPELT, key=len, reverse=True))})\b{_UNFINISHED})"
_RANGE = re.compile(rf"{_ANY_NUMBER}\s?(?:[-–—−]|\bto\b|\bor\b|\band\b)\s?[£$€]?{_ANY_NUMBER}")
_DAY_NAME = "|".join(_DAYS)
_CURRENCY = r"GBP|USD|EUR|CHF"
_UNITS = rf"€|{_CURRENCY}|pounds?|euros?|dollars?|francs?|pence|cents?"
_MONTH = "|".join(_MONTHS)
_PATTERNS: tuple[tuple[Kind, str], ...] = (
    ("date", rf"(?:19|20)\d\d-\d\d-\d\d|\d{{1,2}} (?:{_MONTH})|(?:{_MONTH}) \d{{1,2}}"),
    ("time", r"\d{1,2}:\d\d(?:\s?[ap]m)?|\d{1,2}\s?[ap]m"),
    ("money", rf"(?<=[£$€])(?:{_NUMBER})|(?<=[£$€] )(?:{_NUMBER})|(?<=\b(?:{_CURRENCY}) )(?:{_NUMBER})"),
    ("money", rf"(?:{_NUMBER})(?=\s?(?:{_UNITS})(?!\w))"),
    ("percentage", rf"(?:{_NUMBER})(?=\s?(?:%|per ?cent\b))"),
    ("weekday", rf"(?:{'|'.join(_DAYS)})s?"),
    ("month", "|".join(month for month in _MONTHS if month not in _VERBS)),
    ("year", r"(?:19|20)\d\d(?![\s-]+[a-z])"),
    ("number", _NUMBER),
    ("number", "|".join(sorted(_SPELT, key=len, reverse=True))),
)


def values(text: str) -> list[Value]:
    """Every value in a text, in order; no end of a range, no weekday with its date, and no part of a larger figure."""
    found: list[Value] = []
    for kind, pattern in _PATTERNS:
        for place in _whole(pattern).finditer(text):
            if all(place.end() <= other.start or other.end <= place.start() for other in found):
                found.append(Value(kind=kind, text=place[0], start=place.start(), end=place.end()))
    return sorted((v for v in found if _alone(v.kind, text, (v.start, v.end))), key=lambda value: value.start)


def exchanges(kind: Kind, old: str, *, key: str) -> Sequence[Exchange]:
    """Plausible other values for this one, in an order that `key` fixes; none where it cannot be exchanged."""
    if kind == "date":
        made = _dates(old)
    elif kind == "time":
        made = _times(old)
    elif kind == "weekday":
        made = _names(old, kind, _DAYS)
    elif kind == "month":
        made = _names(old, kind, [month for month in _MONTHS if month not in _VERBS])
    else:
        made = _amounts(old, kind, key)
    return sorted(made, key=lambda exchange: digest([key, exchange.new]))


def _whole(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"{_BEFORE}(?:{pattern}){_AFTER}")


def _alone(kind: Kind, text: str, span: tuple[int, int]) -> bool:
    """Whether no end of a range, neither a weekday with its date nor the date of one, and no name among others."""
    start, end = span
    if kind == "date":
        return re.search(rf"(?:{_DAY_NAME}),?\s*$", text[:start]) is None
    if kind in ("weekday", "month"):
        begins = max(text.rfind(mark, 0, start) for mark in ".!?\n") + 1
        ends = min((place for mark in ".!?\n" if (place := text.find(mark, end)) >= 0), default=len(text))
        beside = f"{text[begins:start]} {text[end:ends]}"
        dated = re.match(rf",?\s*(?:\d|{_MONTH})", text[end:]) or re.search(r"\d\s*$", text[:start])
        return not dated and re.search(_DAY_NAME if kind == "weekday" else _MONTH, beside) is None
    return all(
        found.end() <= start or end <= found.start() for found in _RANGE.finditer(text, max(0, start - 40), end + 40)
    )


def _amounts(old: str, kind: Kind, key: str) -> list[Exchange]:
    """Another amount, in figures or in words as the old one is, with the other spelling beside it."""
    spelt = _SPELT.get(old)
    figures = str(spelt) if spelt else old
    amount, made = int(re.sub(r"\D", "", figures)), []
    for other in _near(figures, kind, key):
        forms = [(figures, _written(other, figures))]
        if figures.isdigit() and number_words(amount) and number_words(other):
            pair = (number_words(amount), number_words(other))
            forms += [pair, (pair[0].capitalize(), pair[1].capitalize())]
        new = dict(forms).get(old)
        if new:
            made.append(Exchange(kind=kind, old=old, new=new, forms=tuple(forms)))
    return made


def _near(figures: str, kind: Kind, key: str) -> list[int]:
    """As many digits, as many zeros at the end, between half and twice as much; a year of the same twenty."""
    digits = re.sub(r"\D", "", figures)
    amount, zeros = int(digits), len(digits) - len(digits.rstrip("0"))
    if amount < 2 or len(str(amount)) > LONGEST or (digits[0] == "0" and "." not in figures):
        return []
    step, width = 10**zeros if kind != "year" else 1, len(str(amount))
    low, high = max(2, 10 ** (width - 1), -(-amount // FURTHEST)), min(10**width - 1, amount * FURTHEST)
    value = float(figures.replace(",", ""))
    if kind == "percentage" and value <= 100:
        high = min(high, int(100 * amount / value))
    if kind == "year":
        low, high = amount - 9, amount + 9
    near = range(-(-low // step), high // step + 1)
    drawn = random.Random(key).sample(near, min(MOST, len(near)))
    return [n * step for n in sorted(drawn) if n * step != amount and (n % 10 or kind == "year")]


def _written(amount: int, like: str) -> str:
    """The digits of `amount` in the places of another figure's digits."""
    digits = iter(str(amount).rjust(len(re.sub(r"\D", "", like)), "0"))
    return "".join(next(digits) if char.isdigit() else char for char in like)


def _times(old: str) -> list[Exchange]:
    """Another hour of the same half of the day; the minutes stay."""
    found = re.fullmatch(r"(\d{1,2})(?::(\d\d))?\s?([ap]m)?", old)
    if found is None:
        return []
    hour, minutes, half = int(found[1]), found[2] or "00", found[3]
    if hour > (12 if half else 23) or (half and not hour) or int(minutes) > 59:
        return []
    since = hour if half is None else hour % 12 + (12 if half == "pm" else 0)
    others = [h for h in range(24) if h != since and (h < 12) == (since < 12) and 6 <= h <= 22]
    pairs = [(_spellings(since, minutes), _spellings(other, minutes)) for other in others]
    made = []
    for mine, theirs in pairs:
        forms = tuple(pair for pair in zip(mine, theirs, strict=True) if pair[0])
        new = next((b for a, b in forms if a == old), "")
        if len(new) == len(old):
            made.append(Exchange(kind="time", old=old, new=new, forms=_distinct(forms)))
    return made


def _spellings(hour: int, minutes: str) -> list[str]:
    """The ways of writing a time, always in the same order; an empty one is not used."""
    twelve, half = (hour - 1) % 12 + 1, "am" if hour < 12 else "pm"
    sharp = [f"{twelve} {half}", f"{twelve}{half}"] if minutes == "00" else ["", ""]
    return [
        f"{hour}:{minutes}",
        f"{hour:02d}:{minutes}",
        f"{twelve}:{minutes} {half}",
        f"{twelve}:{minutes}{half}",
        *sharp,
    ]


def _dates(old: str) -> list[Exchange]:
    """Another day of the same month, with as many digits."""
    day, month, year = _parts(old)
    if not 1 <= day <= 31 or not 1 <= month <= 12:
        return []
    others = [d for d in range(1, 29) if d != day and (d > 9) == (day > 9)]
    made = []
    for other in others:
        pairs = list(zip(_dated(day, month, year), _dated(other, month, year), strict=True))
        new = next((b for a, b in pairs if a == old), "")
        if new:
            made.append(Exchange(kind="date", old=old, new=new, forms=_distinct(pairs)))
    return made


def _parts(date: str) -> tuple[int, int, str]:
    if "-" in date:
        year, month, day = date.split("-")
        return int(day), int(month), year
    first, second = date.split()
    day, name = (first, second) if first.isdigit() else (second, first)
    return int(day), _MONTHS.index(name) + 1, ""


def _dated(day: int, month: int, year: str) -> list[str]:
    name = _MONTHS[month - 1]
    spelt = [f"{day} {name}", f"{day:02d} {name}", f"{name} {day}", f"{name} {day:02d}"]
    short = [] if len(name) < 5 else [f"{day} {name[:3]}", f"{name[:3]} {day}"]
    return [*spelt, *short, *([f"{year}-{month:02d}-{day:02d}"] if year else [])]


def _names(old: str, kind: Kind, known: Sequence[str]) -> list[Exchange]:
    plural = "s" if kind == "weekday" and old.endswith("s") else ""
    name = old.removesuffix(plural)
    others = [other for other in known if other != name]
    return [
        Exchange(kind=kind, old=old, new=other + plural, forms=_distinct(_named(name, other, kind))) for other in others
    ]


def _named(old: str, new: str, kind: Kind) -> list[tuple[str, str]]:
    plural = [(f"{old}s", f"{new}s")] if kind == "weekday" else []
    return [(old, new), *plural, (old[:3], new[:3])]


def _distinct(pairs: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple({old: (old, new) for old, new in pairs}.values())
