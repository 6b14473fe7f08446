"""Makes an Openbook project of two editions of the 18F handbook: `prepare.py --data DIR --out DIR`.

The rules of conversion, with their reasons and counts, are in README.md.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import changes
from handbook import pages
from questions import take

FIRST, SECOND = "docs_v1_2020-12-23.tar.gz", "docs_v2_2025-02-27.tar.gz"
PAIRS = ("faq_v1.jsonl", "faq_v2.jsonl", "updates.jsonl")
SETTINGS = Path(__file__).with_name("openbook.toml")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds both editions and the questions")
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
    """Write both editions, examples, freshness questions and settings to `out`.

    Returns:
        What was counted, in words → how many.

    Raises:
        FileNotFoundError: The data is not in its folder.
        ValueError: It is another edition of the data.
    """
    pairs = {name: _rows(data / name) for name in PAIRS}
    questions = sorted({row["question"] for rows in pairs.values() for row in rows})
    first, second = pages(data / FIRST, questions), pages(data / SECOND, questions)
    titles = {name: _title(name, text) for name, text in {**second, **first}.items()}
    changed = changes.read()
    wrong = changes.faults(changed, first, second)
    if wrong:
        raise ValueError(f"{wrong[0]} (and {len(wrong) - 1} more)" if wrong[1:] else wrong[0])
    taken = take(pairs["faq_v1.jsonl"], titles)
    trails = {row["question"]: row["section_trail"] for row in (*pairs["faq_v2.jsonl"], *pairs["faq_v1.jsonl"])}
    _write_folder(out / "documents", first)
    _write_folder(out / "v2", second)
    _write(out / "examples.jsonl", _lines(taken.examples))
    _write(out / "updates.jsonl", _lines(changes.examples(changed, titles, trails)))
    shutil.copyfile(SETTINGS, out / SETTINGS.name)
    return {
        "documents, first edition": len(first),
        "documents, second edition": len(second),
        "headings masked in the first edition": _masked(first),
        "headings masked in the second edition": _masked(second),
        "questions in the data": len(pairs["faq_v1.jsonl"]),
        "left out: the heading asks the reader": taken.left_out,
        "examples": len(taken.examples),
        "examples whose reference is the answer's beginning": taken.shortened,
        **{
            f"freshness questions: {kind}": sum(e["kind"] == kind for e in changed)
            for kind in ("edit", "add", "delete")
        },
        "changed facts": len({entry["id"] for entry in changed}),
    }


def _masked(texts: Mapping[str, str]) -> int:
    return sum(len(re.findall(r"^#{1,6}$", text, flags=re.M)) for text in texts.values())


def _title(name: str, text: str) -> str:
    found = re.match(r"---\ntitle: (.*)\n", text)
    return found.group(1) if found else Path(name).stem


def _lines(rows: Any) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _write_folder(folder: Path, texts: Mapping[str, str]) -> None:
    for old in folder.rglob("*.md"):
        if old.relative_to(folder).as_posix() not in texts:
            old.unlink()
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        _write(folder / name, text)


def _write(path: Path, text: str) -> None:
    """Only where it changes something: an unchanged file keeps its time, and an interrupted run its index."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


if __name__ == "__main__":
    sys.exit(main())
