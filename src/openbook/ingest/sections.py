"""Headings of a document and the sections between them, with exact offsets. Knows nothing of chunk sizes.

Markdown headings are those of CommonMark (ATX and setext, outside of fenced code, lists and quotes). Plain text has
headings only where a line is unmistakably one: underlined, numbered, or in capitals, and alone between blank lines.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import PurePosixPath

from openbook.core.types import Document

LINE_ENDS = re.compile(r"\r\n?|\n")
FRONT_MATTER = re.compile(
    r"---[ \t]*(?:\r\n?|\n)(?=[\w-]+[ \t]*:|---)(.*?)^(?:---|\.\.\.)[ \t]*(?:\r\n?|\n|\Z)", re.M | re.S
)
LONGEST_HEADING = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading: its level (1 is outermost), its words without markup, and the span of its whole lines."""

    level: int
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What stands below one heading, up to the next heading of any level.

    Attributes:
        headings: Path of headings, outermost first, the document's title first of all.
        start: Offset of its first character that is not blank.
        end: Offset after its last character that is not blank.
    """

    headings: tuple[str, ...]
    start: int
    end: int


def sections(document: Document) -> list[Section]:
    """The document's sections in order; none is blank, and together they hold every word that is not in a heading.

    A heading with nothing below it is a section of its own, so that its words can be found.
    """
    found = headings(document.text, media=document.media)
    start = body_start(document.text, media=document.media)
    first = found[0].start if found else len(document.text)
    made = [_trimmed(document.text, (document.title,), start, first)]
    path: list[Heading] = []
    for index, heading in enumerate(found):
        following = found[index + 1] if index + 1 < len(found) else None
        path = [above for above in path if above.level < heading.level]
        end = following.start if following else len(document.text)
        body = _trimmed(document.text, _path(document.title, [*path, heading]), heading.end, end)
        childless = following is None or following.level <= heading.level
        if body is None and childless:
            body = _trimmed(document.text, _path(document.title, path), heading.start, heading.end)
        made.append(body)
        path.append(heading)
    return [section for section in made if section is not None]


def headings(text: str, *, media: str) -> list[Heading]:
    """Every heading of a text, in order."""
    return list(_plain_headings(text) if media == "text/plain" else _markdown_headings(text))


def title(document: Document) -> str:
    """Front matter's `title`, else the first heading where it stands for the whole document, else the file's stem."""
    match = FRONT_MATTER.match(document.text) if document.media == "text/markdown" else None
    named = re.search(r"^title[ \t]*:[ \t]*(\S.*?)[ \t\r]*$", match.group(1), re.M) if match else None
    if named:
        return named.group(1).strip("\"'")
    found = headings(document.text, media=document.media)
    alone = bool(found) and all(other.level > found[0].level for other in found[1:])
    return found[0].text if alone and found[0].text else PurePosixPath(document.name).stem


def body_start(text: str, *, media: str) -> int:
    """Where the text begins, after its front matter."""
    match = FRONT_MATTER.match(text) if media == "text/markdown" else None
    return match.end() if match else 0


def _path(title: str, path: list[Heading]) -> tuple[str, ...]:
    names = [heading.text for heading in path if heading.text]
    same = bool(names) and names[0].casefold() == title.casefold()
    return tuple(names) if same else (title, *names)


def _trimmed(text: str, path: tuple[str, ...], start: int, end: int) -> Section | None:
    body = text[start:end]
    kept = body.strip()
    if not kept:
        return None
    start += len(body) - len(body.lstrip())
    return Section(headings=path, start=start, end=start + len(kept))


def _markdown_headings(text: str) -> Iterator[Heading]:
    from markdown_it import MarkdownIt

    offset = body_start(text, media="text/markdown")
    starts = _line_starts(text, offset)
    inline = MarkdownIt("commonmark")
    tokens = MarkdownIt("commonmark").disable("inline").parse(text[offset:])
    for opening, content in pairwise(tokens):
        if opening.type == "heading_open" and opening.level == 0 and opening.map:
            first, after = opening.map
            words = "".join(
                token.content if token.type in ("text", "code_inline") else " " if token.type.endswith("break") else ""
                for token in inline.parseInline(content.content)[0].children or ()
            )
            plain = " ".join(re.sub(r"\{#[\w-]+\}\s*$", "", words).split())
            yield Heading(level=int(opening.tag[1]), text=plain, start=starts[first], end=starts[after])


def _line_starts(text: str, offset: int = 0) -> list[int]:
    """Offset of every line from `offset` on, and of the text's end, with Markdown's line ends (LF, CR, CRLF)."""
    return [offset, *(match.end() for match in LINE_ENDS.finditer(text, offset)), len(text)]


def _plain_headings(text: str) -> Iterator[Heading]:
    starts = _line_starts(text)
    lines = [text[start:end].strip() for start, end in pairwise(starts)]
    index = 0
    while index < len(lines):
        rule = lines[index + 1] if index + 1 < len(lines) else ""
        alone = bool(lines[index]) and (index == 0 or not lines[index - 1])
        if alone and _underlines(rule, lines[index]):
            level = 1 if rule[0] == "=" else 2
            yield Heading(level=level, text=lines[index], start=starts[index], end=starts[index + 2])
            index += 2
            continue
        level = _standalone_level(lines[index]) if alone and not rule else 0
        if level and _heads_text(lines, index, level):
            yield Heading(level=level, text=lines[index], start=starts[index], end=starts[index + 1])
        index += 1


def _underlines(rule: str, line: str) -> bool:
    return len(rule) >= max(3, len(line) // 2) and set(rule) in ({"="}, {"-"}, {"~"}) and len(line) <= LONGEST_HEADING


def _standalone_level(line: str) -> int:
    """The level of a line that looks like a heading by itself: numbered or in capitals; 0 where it does not."""
    if len(line) > LONGEST_HEADING or line[-1:] in ".,;:!":
        return 0
    numbered = re.match(r"(\d+(?:\.\d+)*)\.?\s+[A-Z]", line)
    if numbered:
        return numbered.group(1).count(".") + 1
    letters = sum(character.isalpha() for character in line)
    return 1 if letters >= 4 and letters >= len(line) / 2 and line.isupper() else 0


def _heads_text(lines: Sequence[str], index: int, level: int) -> bool:
    """Whether text or a deeper heading follows, and no like line stands before: numbered lines in a row are a list."""
    after = next((line for line in islice(lines, index + 1, None) if line), "")
    before = next((lines[place] for place in range(index - 1, -1, -1) if lines[place]), "")
    deeper = _standalone_level(after) == 0 or _standalone_level(after) > level
    listed = lines[index][0].isdigit() and _standalone_level(before) >= level
    return bool(after) and deeper and not listed
