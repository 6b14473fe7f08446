"""Makes an Openbook project of Bitext's support replies: `prepare.py --data DIR --out DIR`.

The rules of conversion, with their reasons and counts, are in README.md.
"""

from __future__ import annotations

import csv
import gzip
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

import making
from replies import take

DATA = "customer_support_2023-08-18.csv.gz"
COLUMNS = ("instruction", "intent", "entity_value", "response")
SHIPPED = tuple(Path(__file__).with_name(name) for name in ("openbook.toml", "checks.py"))


def prepare(data: Path, out: Path) -> Mapping[str, int]:
    """Write documents, examples and settings to `out`.

    Returns:
        What was counted, in words → how many.

    Raises:
        FileNotFoundError: The data is not in its folder.
        ValueError: It is another edition of the data.
    """
    rows = _read(data / DATA)
    taken = take(rows)
    making.write_pages(out / "documents", taken.pages)
    making.write_rows(out / "examples.jsonl", taken.examples)
    making.write_rows(out / "voiceless.jsonl", taken.voiceless)
    for file in SHIPPED:
        shutil.copyfile(file, out / file.name)
    return {
        "replies in the data": len(rows),
        "replies with an opening and a list": taken.listed,
        "of these short enough, and otherwise fit to be an example": taken.fitting,
        "documents, one an intent": len(taken.pages),
        "examples": len(taken.examples),
        "families of requests among them": len({row["group"] for row in taken.examples}),
    }


def _read(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    missing = [column for column in COLUMNS if not rows or column not in rows[0]]
    if missing:
        raise ValueError(f"{path.name} has no column {missing[0]!r}")
    return rows


if __name__ == "__main__":
    sys.exit(making.main(prepare, about=__doc__, holds=DATA))
