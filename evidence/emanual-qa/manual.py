"""The manual: flat, numbered sections to named pages with headings, one page a section. Knows nothing of questions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from openbook.ingest.near import Shingles, near_duplicates, trigrams

PARTS = (
    "Quick Guides",
    "Connections",
    "Remote Control and Peripherals",
    "Smart Features",
    "TV Viewing",
    "Picture and Sound",
    "System and Support",
    "Troubleshooting",
    "Precautions and Notes",
    "Accessibility Guidance",
)
"""The top-level titles, in the manual's order: the file lists sections one after another and does not say which lie below which."""

RUN_OVER = {
    31: "AV IN)",
    32: "AV IN)",
    42: "app",
    57: "Using the Universal Remote",
    66: "virtual keyboard",
    109: "Timeshift",
    147: "function",
    231: "content",
    251: "window",
}
"""Section number → the words of its title that the file has at the beginning of its text: titles that took two lines in print."""

PAGE_NUMBER = re.compile(r"\s*-\s\d{1,3}\s-(?=\s|$)")


@dataclass(frozen=True, kw_only=True)
class Page:
    """A section of the manual.

    Attributes:
        part: Top-level title that it lies below; its own title for the parts themselves.
        name: File name in `documents/`.
        also: Parts that print the same page again.
    """

    part: str
    title: str
    text: str
    name: str
    also: tuple[str, ...] = ()

    @cached_property
    def shingles(self) -> Shingles:
        """The word trigrams of title and text."""
        return trigrams(f"{self.title} {self.text}")

    @property
    def markdown(self) -> str:
        headings = f"# {self.part}" if self.title == self.part else f"# {self.part}\n\n## {self.title}"
        return f"{headings}\n\n{self.text}\n"


def pages(rows: Sequence[dict[str, str]]) -> list[Page]:
    """The manual's sections that have a text; a section that is printed again (same title, same words) is one page.

    Args:
        rows: `title` and `text`, in the manual's order.
    """
    read = [_read(number, row) for number, row in enumerate(rows)]
    parts = _parts([title for title, _ in read])
    again = _printed_again(read)
    names = _names([title if number not in again else "" for number, (title, _) in enumerate(read)], parts)
    also: dict[int, list[str]] = {}
    for number, first in again.items():
        also.setdefault(first, []).append(parts[number])
    return [
        Page(part=parts[number], title=title, text=text, name=names[number], also=tuple(also.get(number, ())))
        for number, (title, text) in enumerate(read)
        if text and number not in again
    ]


def plain(title: str) -> str:
    """A title's letters and digits, for comparing titles as different people typed them."""
    return re.sub(r"[\W_]+", "", title).casefold()


def _read(number: int, row: dict[str, str]) -> tuple[str, str]:
    """A section's (title, text), without page numbers and with the title's second line where it belongs."""
    title, text = row["title"].strip(), PAGE_NUMBER.sub("", row["text"]).strip()
    rest = RUN_OVER.get(number, "")
    if rest and not text.startswith(rest):
        raise ValueError(
            f"section {number} ({title!r}) should begin with {rest!r}: this is another edition of the file"
        )
    return f"{title} {rest}".strip(" :"), text.removeprefix(rest).strip()


def _parts(titles: Sequence[str]) -> list[str]:
    """The part of every section; parts come in the known order, so a later section of the same title is none."""
    ahead = list(PARTS)
    found: list[str] = []
    for title in titles:
        if ahead and title == ahead[0]:
            ahead.pop(0)
        found.append(PARTS[len(PARTS) - len(ahead) - 1])
    if ahead:
        raise ValueError(f"the manual has no part {ahead[0]!r}: this is another edition of the file")
    return found


def _printed_again(read: Sequence[tuple[str, str]]) -> dict[int, int]:
    """Number of every section that repeats an earlier one → the earlier one's number."""
    again: dict[int, int] = {}
    for one, other in near_duplicates([f"{title} {text}" for title, text in read]):
        if read[one][0] == read[other][0]:
            again.setdefault(other, again.get(one, one))
    return again


def _names(titles: Sequence[str], parts: Sequence[str]) -> list[str]:
    """A file name for every title; of different pages with one title the later ones are named after their part too."""
    taken: set[str] = set()
    names = []
    for title, part in zip(titles, parts, strict=True):
        name = _slug(title)
        if name in taken:
            name = _slug(f"{title} {part}")
        taken.add(name)
        names.append(f"{name}.md")
    return names


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", re.sub(r"['’]", "", title.casefold())).strip("-")
