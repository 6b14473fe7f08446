"""Reads the data as its authors published it: `smart_remote_QA.zip` and `smart_tv_remote_manual_corpus.json`.

The question files look like JSON and are none (doubled quotes, commas before closing brackets), so they are read by
pattern. Knows nothing of Openbook.
"""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any

SECTIONS = "smart_tv_remote_manual_corpus.json"
QUESTIONS = "smart_remote_QA.zip"

ENTRY = re.compile(
    r'"Section Hierarchy":\s*"(?P<path>.*?)"\s*,\s*"Link":\s*".*?"\s*,'
    r'\s*"Question":\s*"(?P<question>.*?)"\s*,\s*"Answer":\s*"(?P<answer>.*?)"\s*\}',
    re.S,
)


def sections(data: Path) -> list[dict[str, Any]]:
    """The manual's sections in its order, each `title` and `text`."""
    published = json.loads((data / SECTIONS).read_text(encoding="utf-8"))
    return [{"title": section["title"], "text": " ".join(section["text"])} for section in published.values()]


def questions(data: Path) -> list[dict[str, Any]]:
    """Every question with `id`, `kind`, `answer` and `section_path`, file by file."""
    rows: list[dict[str, Any]] = []
    with zipfile.ZipFile(data / QUESTIONS) as archive:
        for name in sorted(name for name in archive.namelist() if name.endswith(".json")):
            kind = name.split(" ")[0]
            for entry in ENTRY.finditer(archive.read(name).decode("utf-8")):
                rows.append({"id": f"{kind.casefold()}-{len(rows)}", "kind": kind, **_values(entry)})
    return rows


def _values(entry: re.Match[str]) -> dict[str, Any]:
    return {
        "question": _text(entry["question"]),
        "answer": _text(entry["answer"]),
        "section_path": [part.strip() for part in _text(entry["path"]).split(">")],
    }


def _text(found: str) -> str:
    return found.replace('""', '"').replace('\\"', '"').strip()
