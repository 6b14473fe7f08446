"""Makes an Openbook project of CLINC150: `prepare.py --data DIR --out DIR`.

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

from requests_taken import Taken, take

DATA = "data_full.json"
PARTS = ("train", "val", "test", "oos_train", "oos_val", "oos_test")
SETTINGS = Path(__file__).with_name("openbook.toml")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help=f"folder that holds {DATA}")
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
    taken = take(_read(data / DATA))
    _write_documents(out / "documents", taken.pages)
    _write(out / "examples.jsonl", "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in taken.examples))
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
