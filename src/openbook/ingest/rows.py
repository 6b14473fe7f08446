"""Labelled files as rows of plain values, each with its line number: JSON lines, CSV and TSV.

Knows nothing of what the columns mean.
"""

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from openbook.core.errors import DataError
from openbook.ingest.decode import decode

JSON_LINES = (".jsonl", ".ndjson")
TABLES = (".csv", ".tsv")
END = "\0end"
"""A line put behind a table's last: it is a row of its own unless a quotation mark was left open. No text holds it."""


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
        DataError: No such file, not text, two columns of one name, or a suffix that is neither JSON lines nor a table.
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
    if suffix in JSON_LINES:
        return _json_lines(decoded.text)
    comma = "\t" if suffix == ".tsv" else _delimiter(decoded.text)
    try:
        with _long_cells(len(decoded.text)):
            return _table(decoded.text, comma)
    except _TwiceError as error:
        raise DataError(f"Two columns are called {error.key!r}. Rename one.", path=path) from error


def _json_lines(text: str) -> tuple[list[RawRow], list[Problem]]:
    rows, problems = [], []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line, object_pairs_hook=_unique_keys, parse_constant=_no_constant)
        except json.JSONDecodeError as error:
            problems.append(Problem(line=number, message=f"This is not JSON: {error.msg} at column {error.colno}."))
        except _TwiceError as error:
            problems.append(Problem(line=number, message=f"The key {error.key!r} stands twice in one object."))
        except _ConstantError as error:
            problems.append(Problem(line=number, message=f"{error.name} is no JSON: write null, or leave the key out."))
        except (ValueError, RecursionError):
            problems.append(Problem(line=number, message="A number in it is too long, or its brackets are too deep."))
        else:
            if isinstance(value, dict):
                rows.append(RawRow(line=number, values=value))
            else:
                problems.append(Problem(line=number, message="A line must be one JSON object, in braces."))
    return rows, problems


class _ConstantError(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def _no_constant(name: str) -> None:
    """Python writes NaN where a table had an empty cell; read, it would be an answer of three letters."""
    raise _ConstantError(name)


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


def _table(text: str, comma: str) -> tuple[list[RawRow], list[Problem]]:
    rows: list[RawRow] = []
    problems: list[Problem] = []
    reader = csv.reader(chain(io.StringIO(text, newline=""), [END]), delimiter=comma)
    names: list[str] = []
    line = 1
    for cells in reader:
        first, line = line, reader.line_num + 1
        if cells == [END] or not any(cell.strip() for cell in cells):
            continue
        if cells[-1].endswith(END):
            message = "A quotation mark opens a cell here and is never closed: the rest of the file is in that cell."
            problems.append(Problem(line=first, message=message))
        elif not names:
            names = _unique([cell.strip() for cell in cells])
        elif len(cells) > len(names):
            counts = f"{len(cells)} cells under {len(names)} column names"
            problems.append(Problem(line=first, message=f"There are {counts}: is a cell with a comma unquoted?"))
        else:
            values = {name: cell for name, cell in zip(names, cells, strict=False) if name and cell.strip()}
            rows.append(RawRow(line=first, values=values))
    return rows, problems


def _unique(names: list[str]) -> list[str]:
    """The names; a nameless column may stand twice."""
    for place, name in enumerate(names):
        if name and name in names[:place]:
            raise _TwiceError(name)
    return names


@contextmanager
def _long_cells(limit: int) -> Iterator[None]:
    """A cell may be as long as the file: a whole contract to be summarised. The library has one limit for everybody."""
    before = csv.field_size_limit(max(limit + len(END), csv.field_size_limit()))
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _delimiter(text: str) -> str:
    """The commonest of comma, semicolon, tab and bar in the header line (a tie is a comma)."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    return max(",;\t|", key=header.count)
