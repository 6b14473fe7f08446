"""Answers that were given before, from a file: JSON lines with `id` (the example's) or `input`, and `text`.

What else a line may hold: `openbook.generate.outside`. Knows nothing of who gave the answers.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event
from typing import Any

from openbook.core import jsonl
from openbook.core.errors import DataError
from openbook.core.ids import digest
from openbook.core.types import Answer, Delta, Failure, Request
from openbook.generate.outside import cancelled, events, failure, question, reply

VERSION = 1


class RecordedGenerator:
    """A generator that repeats a file.

    Args:
        file: JSON lines; every `id` and every `input` at most once.

    Raises:
        DataError: No such file, a line that is no object with `id` or `input`, or a second answer to one question.
    """

    def __init__(self, file: Path) -> None:
        self.name = f"recorded:{file.name}"
        self._file = file
        self._by_id: dict[str, dict[str, Any]] = {}
        self._by_input: dict[str, dict[str, Any]] = {}
        text = _read(file)
        for number, row in jsonl.values(text, file):
            self._keep(row, number)
        self.fingerprint = digest(["recorded", VERSION, text])

    def stream(
        self, requests: Sequence[Request], cancel: Event | None = None
    ) -> Iterator[tuple[int, Delta | Answer | Failure]]:
        """See `openbook.core.protocols.Generator`. Tokens are what the file says; answers are cut by words."""
        for index, request in enumerate(requests):
            stopped = cancel is not None and cancel.is_set()
            yield from events(index, cancelled(request) if stopped else self._answer(request))

    def _keep(self, row: Any, number: int) -> None:
        if not isinstance(row, dict) or not (row.get("id") or row.get("input")):
            raise DataError("a recorded answer is an object with `id` or `input`.", path=self._file, line=number)
        key = "id" if row.get("id") else "input"
        known, name = (self._by_id if key == "id" else self._by_input), str(row[key]).strip()
        if name in known:
            raise DataError(f"a second answer to {name!r}. Keep one of them.", path=self._file, line=number)
        known[name] = row

    def _answer(self, request: Request) -> Answer | Failure:
        asked = {request.query.strip(), question(request).strip()}
        row = self._by_id.get(request.id) if request.id else None
        row = row or next((self._by_input[text] for text in sorted(asked) if text in self._by_input), None)
        if row is None:
            named = request.id or request.query
            return failure(f"{self._file.name} holds no answer to {named!r}.", error="NotRecorded")
        if row.get("input") and str(row["input"]).strip() not in asked:
            said = f"{self._file.name} holds an answer to {request.id!r} as it was worded before: {row['input']!r}."
            return failure(f"{said} Record it again.", error="NotRecorded")
        return reply(row, request, who=self._file.name, seconds=0.0)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, IsADirectoryError) as error:
        raise DataError(f"There are no recorded answers at {str(file)!r}. `recorded:FILE` takes JSON lines.") from error
    except UnicodeDecodeError as error:
        raise DataError("not UTF-8. Save it as UTF-8.", path=file) from error
