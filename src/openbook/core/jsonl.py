"""JSON lines: our own logs, append-only, which survive kill -9 (a torn last line is dropped when read and cut before the
next append), and files that users wrote, where a wrong line is told by its number.

Knows nothing of what the lines mean.
"""

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from openbook.core.errors import DataError


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the whole lines of our own log; a last line without its newline was torn by a kill and is left out."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield json.loads(line)


def given(path: Path, *, setting: str) -> Iterator[tuple[int, Any]]:
    """(line number, value) of every line that is not blank, of a file that a user wrote and a setting names.

    Raises:
        DataError: The file cannot be read, or a line is not JSON.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot be read: {error}. Correct {setting}.", path=path) from error
    yield from values(text, path)


def values(text: str, path: Path) -> Iterator[tuple[int, Any]]:
    """(line number, value) of every line that is not blank, of what a user's file holds.

    Raises:
        DataError: A line is not JSON.
    """
    # Not splitlines(): a string in JSON may hold other line separators, such as U+2028.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield number, json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(f"not JSON: {error}.", path=path, line=number) from error


def append(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Append rows, each one line, flushed to the disk together.

    A torn last line is cut off first, so that what follows starts on a line of its own.
    """
    data = b"".join(encode(row) for row in rows)
    if not data:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        file.seek(0, os.SEEK_END)
        _cut_torn_line(file)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def encode(row: dict[str, Any]) -> bytes:
    return json.dumps(row, ensure_ascii=False, allow_nan=False).encode("utf-8", "surrogatepass") + b"\n"


def _cut_torn_line(file: Any) -> None:
    end = file.tell()
    if end == 0:
        return
    file.seek(end - 1)
    if file.read(1) == b"\n":
        return
    position = end
    while position > 0:
        step = min(4096, position)
        file.seek(position - step)
        block = file.read(step)
        newline = block.rfind(b"\n")
        if newline >= 0:
            file.truncate(position - step + newline + 1)
            break
        position -= step
    else:
        file.truncate(0)
    file.seek(0, os.SEEK_END)
