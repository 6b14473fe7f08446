"""The curated list of what changed between the editions, checked against both. Knows nothing of how it was found."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from handbook import words
from questions import asked

FILE = Path(__file__).with_name("changes.toml")


def read(path: Path = FILE) -> list[dict[str, Any]]:
    """Every entry, with its `kind`: edit, add or delete."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return [{"kind": kind, **entry} for kind in ("edit", "add", "delete") for entry in tables.get(kind, ())]


def faults(entries: Sequence[Mapping[str, Any]], first: Mapping[str, str], second: Mapping[str, str]) -> list[str]:
    """What of the list does not hold, as sentences; empty where all of it does.

    Args:
        first: Name of a page → its text, in the first edition; `second` in the second.
    """
    return [f"{entry['id']}: {fault}" for entry in entries for fault in _faults(entry, first, second)]


def examples(
    entries: Sequence[Mapping[str, Any]], titles: Mapping[str, str], trails: Mapping[str, Sequence[str]]
) -> list[dict[str, Any]]:
    """The freshness questions.

    Args:
        titles: Name of a page, of either edition → its title.
        trails: Question of the handbook → the headings above it.
    """
    made = []
    for number, entry in enumerate(entries, start=1):
        page = entry.get("v1") or entry["v2"]
        row = {
            "id": f"change-{number:02d}",
            "fact": entry["id"],
            "change": entry["kind"],
            "input": asked(entry["question"], titles[page], trails.get(entry["question"], ())),
            "documents": [page],
        }
        made.append(row | {key: entry[key] for key in ("facts", "stale") if key in entry})
    return made


def _faults(entry: Mapping[str, Any], first: Mapping[str, str], second: Mapping[str, str]) -> Iterator[str]:
    """An edit is checked on its page, an addition against the whole first edition, a deletion the whole second."""
    kind = entry["kind"]
    before, after = first.get(entry.get("v1", ""), ""), second.get(entry.get("v2", ""), "")
    if kind == "add":
        before = "\n\n".join(first.values())
    if kind == "delete":
        after = "\n\n".join(second.values())
    for quote, here, there, edition in (
        (entry.get("was"), before, after, "first"),
        (entry.get("is"), after, before, "second"),
    ):
        if quote and (not _stands(quote, here) or _stands(quote, there)):
            yield f"{quote!r} does not stand in the {edition} edition alone"
    for wording in entry.get("stale", ()):
        if not _stands(wording, before):
            yield f"{wording!r} was never true"
        if _stands(wording, after):
            yield f"{wording!r} still stands there"
    for wording in (wording for group in entry.get("facts", ()) for wording in group):
        if _stands(wording, before) and not entry.get("known"):
            yield f"{wording!r} is not new"
    if not any(_stands(wording, after) for group in entry.get("facts", ()) for wording in group) and kind != "delete":
        yield "none of its facts stands in the second edition"


def _stands(wording: str, text: str) -> bool:
    return re.search(rf"(?<!\S){re.escape(words(wording))}(?!\S)", words(text)) is not None
