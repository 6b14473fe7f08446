"""From bracketed labels in an answer to the passages they name. Knows nothing of who wrote the answer."""

import re
from collections.abc import Sequence

from openbook.core.types import Citation, Hit
from openbook.generate.sentences import sentences, stems

_BRACKET = re.compile(r"\[([^\[\]\n]{1,200})\]")
_SEPARATOR = re.compile(r"\s*[,;]\s*|\s+and\s+")


def cited_labels(text: str) -> list[str]:
    """Every bracketed label in order, once each: `[returns-uk]`, `[1, 2]`, `[a; b]`; links `[text](url)` are none."""
    found = [label for match in _brackets(text) for label in _SEPARATOR.split(match.group(1).strip()) if label]
    return list(dict.fromkeys(found))


def cite(text: str, hits: Sequence[Hit]) -> tuple[Citation, ...]:
    """The citations of an answer, in the order they stand in it, one for each passage.

    A label is a document's label or the 1-based number of a passage. Where several passages share a label, the one
    with most words in common with the claim counts. Labels that name no hit give no citation.
    """
    found: dict[str, Citation] = {}
    before = 0
    for match in _brackets(text):
        claim = stems(text[before : match.start()])
        before = match.end()
        for label in _SEPARATOR.split(match.group(1).strip()):
            named = _named(label, hits)
            if named:
                _, quote, hit = max(
                    (_quote(hit, claim or stems(_BRACKET.sub("", text))) for hit in named), key=lambda row: row[0]
                )
                found.setdefault(hit.chunk.id, Citation(chunk=hit.chunk.id, label=hit.chunk.label, quote=quote))
    return tuple(found.values())


def _brackets(text: str) -> list[re.Match[str]]:
    return [match for match in _BRACKET.finditer(text) if not text[match.end() :].startswith("(")]


def _named(label: str, hits: Sequence[Hit]) -> list[Hit]:
    wanted = label.strip().casefold()
    named = [hit for hit in hits if hit.chunk.label.casefold() == wanted]
    if not named and wanted.isdecimal() and 1 <= int(wanted) <= len(hits):
        return [hits[int(wanted) - 1]]
    return named


def _quote(hit: Hit, claim: set[str]) -> tuple[int, str, Hit]:
    """(words shared, the sentence that shares most, the hit); the first of equals."""
    text = hit.chunk.text
    best, quote = 0, ""
    for start, end in sentences(text):
        shared = len(claim & stems(text[start:end]))
        if shared > best or not quote:
            best, quote = shared, text[start:end]
    return best, quote, hit
