"""What every `prepare.py` here shares: its command line, and writing a project so that what has not changed keeps its time.

Knows no data. Standard library only.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

Prepare = Callable[[Path, Path], Mapping[str, int]]
"""(folder of the data, project's folder) → what was counted, in words → how many."""


def main(prepare: Prepare, *, about: str | None, holds: str) -> int:
    """The command `prepare.py --data DIR --out DIR`; prints what was counted.

    Args:
        prepare: Raises FileNotFoundError where the data is not in its folder, ValueError or KeyError where it is another
            edition.
        about: What the script does.
        holds: What the folder of the data holds.
    """
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help=f"folder that holds {holds}")
    parser.add_argument("--out", type=Path, required=True, help="the project's folder; its .openbook/ is kept")
    arguments = parser.parse_args()
    try:
        counts = prepare(arguments.data, arguments.out)
    except FileNotFoundError as error:
        print(f"No {error.filename!r}: README.md says where the data comes from.", file=sys.stderr)
        return 2
    except (ValueError, KeyError) as error:
        print(f"The data in {str(arguments.data)!r} is not what README.md names: {error}.", file=sys.stderr)
        return 2
    print("\n".join(f"{count:>5} {what}" for what, count in counts.items()))
    return 0


def read_rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    write(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def write_pages(folder: Path, texts: Mapping[str, str]) -> None:
    """Name below the folder → text; Markdown files of other names go."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.rglob("*.md"):
        if old.relative_to(folder).as_posix() not in texts:
            old.unlink()
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write(folder / name, text)


def write(path: Path, text: str) -> None:
    """Only where it changes something: an unchanged file keeps its time, and an interrupted run its index."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
