"""Makes an Openbook project of SQuADShifts New-Wiki: `prepare.py --data DIR --out DIR`.

The rules of conversion, with their reasons and counts, are in README.md.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from articles import HELD_OUT, Paragraph, order, paragraphs

QUESTIONS = "new_wiki_v1.0.json"
SETTINGS = Path(__file__).with_name("openbook.toml")
TEST, DEV = 180, 42
"""Paragraphs, and with one question each questions; the others are for training."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help=f"folder that holds {QUESTIONS}")
    parser.add_argument("--out", type=Path, required=True, help="the project's folder; its .openbook/ is kept")
    arguments = parser.parse_args()
    try:
        counts = prepare(arguments.data, arguments.out)
    except FileNotFoundError as error:
        print(f"No {error.filename!r}: README.md says where the data comes from.", file=sys.stderr)
        return 2
    except ValueError as error:
        print(f"The data in {str(arguments.data)!r} is not what README.md names: {error}.", file=sys.stderr)
        return 2
    print("\n".join(f"{count:>5} {what}" for what, count in counts.items()))
    return 0


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
    _write_documents(out / "documents", {paragraph.name: paragraph.markdown for paragraph in taken})
    _write(out / "examples.jsonl", "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
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


def _write_documents(folder: Path, texts: Mapping[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.md"):
        if old.name not in texts:
            old.unlink()
    for name, text in texts.items():
        _write(folder / name, text)


def _write(path: Path, text: str) -> None:
    """Only where it changes something: an unchanged file keeps its time, and an interrupted run its index."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
