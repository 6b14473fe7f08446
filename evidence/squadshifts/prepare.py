"""Makes an Openbook project of SQuADShifts New-Wiki: `prepare.py --data DIR --out DIR`.

The rules of conversion, with their reasons and counts, are in README.md.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

import making
from articles import HELD_OUT, Paragraph, order, paragraphs

QUESTIONS = "new_wiki_v1.0.json"
SETTINGS = Path(__file__).with_name("openbook.toml")
TEST, DEV = 180, 42
"""Paragraphs, and with one question each questions; the others are for training."""


def prepare(data: Path, out: Path) -> Mapping[str, int]:
    """Write documents, examples and settings to `out`.

    Returns:
        What was counted, in words → how many.

    Raises:
        FileNotFoundError: The data is not in its folder.
        ValueError: It is another edition of the data.
    """
    taken = paragraphs(data / QUESTIONS)
    rows = examples(taken)
    making.write_pages(out / "documents", {paragraph.name: paragraph.markdown for paragraph in taken})
    making.write_rows(out / "examples.jsonl", rows)
    shutil.copyfile(SETTINGS, out / SETTINGS.name)
    return {
        "articles": len(HELD_OUT),
        "paragraphs, each a document with one question": len(taken),
        "questions in the data on these paragraphs": sum(paragraph.questions for paragraph in taken),
        **{f"examples, {part}": sum(row["split"] == part for row in rows) for part in ("train", "dev", "test")},
    }


def examples(taken: Sequence[Paragraph]) -> list[dict[str, Any]]:
    """One example a paragraph; which part it is in follows from its name alone."""
    shuffled = sorted(taken, key=lambda paragraph: order(f"split/{paragraph.name}"))
    parts = {p.name: "test" if i < TEST else "dev" if i < TEST + DEV else "train" for i, p in enumerate(shuffled)}
    return [
        {
            "id": paragraph.id,
            "input": paragraph.question,
            "references": list(paragraph.answers),
            "documents": [paragraph.name],
            "tags": [paragraph.title],
            "split": parts[paragraph.name],
        }
        for paragraph in taken
    ]


if __name__ == "__main__":
    sys.exit(making.main(prepare, about=__doc__, holds=QUESTIONS))
