"""Labelled files as rows of plain values, each with its line number: JSON lines, CSV and TSV.

Knows nothing of what the columns mean.
"""

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openbook.core.errors import DataError
from openbook.ingest.decode import decode

JSON_LINES = (".jsonl", ".ndjson")
TABLES = (".csv", ".tsv")


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRow:
    """One row as written: the line it begins on (1-based) and its values by column."""

    line: int
    values: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong with one line of a file, as a sentence."""

    line: int
    message: str


def read_rows(path: Path) -> tuple[list[RawRow], list[Problem]]:
    """Read a file's rows; lines that are no rows are Problems. Blank lines and a byte-order mark are fine.

    Values of JSON lines are JSON values; values of tables are strings, empty cells are left out.

    Raises:
        DataError: No such file, not text, or a suffix that is neither JSON lines nor a table.
    """
    suffix = path.suffix.lower()
    if suffix not in (*JSON_LINES, *TABLES):
        known = ", ".join((*JSON_LINES, *TABLES))
        raise DataError(
            f"Examples are read from {known} files, not from {suffix or 'a file without suffix'}.", path=path
        )
    try:
        decoded = decode(path.read_bytes())
    except OSError as error:
        raise DataError(f"The file cannot be read: {error.strerror}.", path=path) from error
    if decoded is None:
        raise DataError("The file is not text.", path=path)
    return _json_lines(decoded.text) if suffix in JSON_LINES else _table(decoded.text, tabs=suffix == ".tsv")


def _json_lines(text: str) -> tuple[list[RawRow], list[Problem]]:
    rows, problems = [], []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line, object_pairs_hook=_unique_keys)
        except json.JSONDecodeError as error:
            problems.append(Problem(line=number, message=f"This is not JSON: {error.msg} at column {error.colno}."))
        except _TwiceError as error:
            problems.append(Problem(line=number, message=f"The key {error.key!r} stands twice in one object."))
        else:
            if isinstance(value, dict):
                rows.append(RawRow(line=number, values=value))
            else:
                problems.append(Problem(line=number, message="A line must be one JSON object, in braces."))
    return rows, problems


class _TwiceError(Exception):
    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in pairs:
        if key in values:
            raise _TwiceError(key)
        values[key] = value
    return values


def _table(text: str, *, tabs: bool) -> tuple[list[RawRow], list[Problem]]:
    rows: list[RawRow] = []
    problems: list[Problem] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter="\t" if tabs else _delimiter(text))
    names: list[str] = []
    line = 1
    for cells in reader:
        first, line = line, reader.line_num + 1
        if not any(cell.strip() for cell in cells):
            continue
        if not names:
            names = [cell.strip() for cell in cells]
        elif len(cells) > len(names):
            counts = f"{len(cells)} cells under {len(names)} column names"
            problems.append(Problem(line=first, message=f"There are {counts}: is a cell with a comma unquoted?"))
        else:
            values = {name: cell for name, cell in zip(names, cells, strict=False) if name and cell.strip()}
            rows.append(RawRow(line=first, values=values))
    return rows, problems


def _delimiter(text: str) -> str:
    """The commonest of comma, semicolon and tab in the header line (a tie is a comma)."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    return max(",;\t", key=header.count)
