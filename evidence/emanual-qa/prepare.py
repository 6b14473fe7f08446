"""Makes an Openbook project of the TV manual and its questions: `prepare.py --data DIR --out DIR`.

The rules of conversion, with their reasons and counts, are in README.md.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import published
from manual import pages
from questions import take

SECTIONS = "smart_tv_remote_manual_sections.jsonl"
QUESTIONS = "smart_remote_qa.jsonl"
"""The same rows as the published files hold, one a line."""

SETTINGS = Path(__file__).with_name("openbook.toml")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds the manual and its questions")
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
    sections, questions = _read(data)
    manual = pages(sections)
    taken = take(questions, manual)
    _write_documents(out / "documents", {page.name: page.markdown for page in manual})
    _write(out / "examples.jsonl", "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in taken.examples))
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
        return _rows(data / SECTIONS), _rows(data / QUESTIONS)
    return published.sections(data), published.questions(data)


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


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


if __name__ == "__main__":
    sys.exit(main())
