"""Makes an Openbook project of two editions of the 18F handbook: `prepare.py --data DIR --out DIR`.

The rules of conversion, with their reasons and counts, are in README.md.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

import changes
import making
from handbook import pages
from questions import take

FIRST, SECOND = "docs_v1_2020-12-23.tar.gz", "docs_v2_2025-02-27.tar.gz"
PAIRS = ("faq_v1.jsonl", "faq_v2.jsonl", "updates.jsonl")
SETTINGS = Path(__file__).with_name("openbook.toml")


def prepare(data: Path, out: Path) -> Mapping[str, int]:
    """Write both editions, examples, freshness questions and settings to `out`.

    Returns:
        What was counted, in words → how many.

    Raises:
        FileNotFoundError: The data is not in its folder.
        ValueError: It is another edition of the data.
    """
    pairs = {name: making.read_rows(data / name) for name in PAIRS}
    questions = sorted({row["question"] for rows in pairs.values() for row in rows})
    first, second = pages(data / FIRST, questions), pages(data / SECOND, questions)
    titles = {name: _title(name, text) for name, text in {**second, **first}.items()}
    changed = changes.read()
    wrong = changes.faults(changed, first, second)
    if wrong:
        raise ValueError(f"{wrong[0]} (and {len(wrong) - 1} more)" if wrong[1:] else wrong[0])
    taken = take(pairs["faq_v1.jsonl"], titles)
    trails = {row["question"]: row["section_trail"] for row in (*pairs["faq_v2.jsonl"], *pairs["faq_v1.jsonl"])}
    making.write_pages(out / "documents", first)
    making.write_pages(out / "v2", second)
    making.write_rows(out / "examples.jsonl", taken.examples)
    making.write_rows(out / "updates.jsonl", changes.examples(changed, titles, trails))
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


if __name__ == "__main__":
    sys.exit(making.main(prepare, about=__doc__, holds="both editions and the questions"))
