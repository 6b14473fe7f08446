"""Makes an Openbook project of CLINC150: `prepare.py --data DIR --out DIR`.

The rules of conversion, with their reasons and counts, are in README.md.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

import making
from requests_taken import Taken, take

DATA = "data_full.json"
PARTS = ("train", "val", "test", "oos_train", "oos_val", "oos_test")
SETTINGS = Path(__file__).with_name("openbook.toml")


def prepare(data: Path, out: Path) -> Mapping[str, int]:
    """Write documents, examples and settings to `out`.

    Returns:
        What was counted, in words → how many.

    Raises:
        FileNotFoundError: The data is not in its folder.
        ValueError: It is another edition of the data.
    """
    taken = take(_read(data / DATA))
    making.write_pages(out / "documents", taken.pages)
    making.write_rows(out / "examples.jsonl", taken.examples)
    shutil.copyfile(SETTINGS, out / SETTINGS.name)
    return _counts(taken)


def _counts(taken: Taken) -> Mapping[str, int]:
    parts = [row["split"] for row in taken.examples]
    return {
        "intents in the data": taken.intents,
        "documents, one an intent": len(taken.pages),
        "passed over: a wording of one that was taken, or the label itself": taken.passed_over,
        "examples to train on": parts.count("train"),
        "examples for dev": parts.count("dev"),
        "examples for the test": parts.count("test"),
    }


def _read(path: Path) -> Mapping[str, list[tuple[str, str]]]:
    found: Any = json.loads(path.read_text(encoding="utf-8"))
    missing = [part for part in PARTS if part not in found]
    if missing:
        raise ValueError(f"{path.name} has no part {missing[0]!r}")
    return {part: [(text, label) for text, label in found[part]] for part in PARTS}


if __name__ == "__main__":
    sys.exit(making.main(prepare, about=__doc__, holds=DATA))
