"""Makes an Openbook project of the TV manual and its questions: `prepare.py --data DIR --out DIR`.

The rules of conversion, with their reasons and counts, are in README.md.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

import making
import published
from manual import pages
from questions import take

SECTIONS = "smart_tv_remote_manual_sections.jsonl"
QUESTIONS = "smart_remote_qa.jsonl"
"""The same rows as the published files hold, one a line."""

SETTINGS = Path(__file__).with_name("openbook.toml")


def prepare(data: Path, out: Path) -> Mapping[str, int]:
    """Write documents, examples and settings to `out`.

    Returns:
        What was counted, in words → how many.

    Raises:
        FileNotFoundError: The data is not in its folder.
        ValueError: It is another edition of the data.
    """
    sections, questions = _read(data)
    manual = pages(sections)
    taken = take(questions, manual)
    making.write_pages(out / "documents", {page.name: page.markdown for page in manual})
    making.write_rows(out / "examples.jsonl", taken.examples)
    shutil.copyfile(SETTINGS, out / SETTINGS.name)
    return {
        "sections in the manual": len(sections),
        "sections printed a second time": sum(len(page.also) for page in manual),
        "sections without a text": sum(not section["text"] for section in sections),
        "documents": len(manual),
        "questions in the data": len(questions),
        "left out: all of their kind are answered with Yes": taken.one_word,
        "left out: the answer is too long": taken.too_long,
        "examples": len(taken.examples),
        "examples whose reference lost a lead-in": taken.lead_ins,
        "examples answered on another page than their path names": taken.moved,
    }


def _read(data: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(sections, questions), from the rows if they are there, else from the files as published."""
    if (data / SECTIONS).exists() and (data / QUESTIONS).exists():
        return making.read_rows(data / SECTIONS), making.read_rows(data / QUESTIONS)
    return published.sections(data), published.questions(data)


if __name__ == "__main__":
    sys.exit(making.main(prepare, about=__doc__, holds="the manual and its questions"))
