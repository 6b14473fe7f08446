"""A project's state on disk: where everything lies in `.openbook/`, and who may write. Knows nothing of its content.

.openbook/
  lock                    held by the one process that writes
  index/                  the documents as they are     (state.json, vectors)
  index-updates/          the documents' second version
  second-version/<id>/    the documents that a freshness probe changed, and made.json: what was exchanged
  evidence/               where each question's answer stands in the documents, by their content version
  adapters/<fingerprint>/ trained adapters, checkpoints while training
  runs/<fingerprint>/     run.json, records.jsonl, passages.jsonl, prompts.jsonl
  forgetting/<fingerprint>/ losses.jsonl, and a run's files: a model's general knowledge, with or without an adapter
  robustness/<fingerprint>/ a run's files: an arm asked over altered passages
  domain/                 <id>.json: passages drawn from the documents; <fingerprint>/losses.jsonl: a model's loss on them
  reports/<fingerprint>/  report.json, report.html, report.md, memo.md, gates.json
  latest.json             the reports shown last
  searches/<fingerprint>.json the prompts an arm's search tried, and the one it chose
  judgements/<id>.jsonl   what a judge said of each answer, or of two
  budgets/<id>.json       the sizes chosen for a budget
  looks.jsonl             every look at test scores
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from openbook.core.errors import Busy, disk_errors

FOLDER = ".openbook"


class Workspace:
    """Paths of one project.

    Args:
        root: The project's folder, which holds `openbook.toml`.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / FOLDER

    def index(self, version: str) -> Path:
        """`version` is `current` or `updates`."""
        return self.folder / ("index" if version == "current" else f"index-{version}")

    def second_version(self, key: str) -> Path:
        return self.folder / "second-version" / key

    def adapter(self, fingerprint: str) -> Path:
        return self.folder / "adapters" / fingerprint

    def run(self, fingerprint: str) -> Path:
        return self.folder / "runs" / fingerprint

    def search(self, fingerprint: str) -> Path:
        return self.folder / "searches" / f"{fingerprint}.json"

    @property
    def forgetting(self) -> Path:
        return self.folder / "forgetting"

    @property
    def robustness(self) -> Path:
        return self.folder / "robustness"

    @property
    def domain(self) -> Path:
        return self.folder / "domain"

    def report(self, fingerprint: str) -> Path:
        return self.folder / "reports" / fingerprint

    @property
    def looks(self) -> Path:
        return self.folder / "looks.jsonl"

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the project's one write lock; the operating system frees it when the process dies.

        Raises:
            Busy: Another process holds it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        ignore = self.folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")
        lock = FileLock(self.folder / "lock")
        try:
            with lock.acquire(timeout=0):
                yield
        except Timeout as error:
            raise Busy(
                f"Another openbook process is writing to {str(self.root)!r}. Wait for it to end, or stop it; nothing"
                " was changed."
            ) from error


def write_text(path: Path, text: str) -> None:
    """Replace a file in one step: a reader or a kill sees the old or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with disk_errors(str(path)):
        with part.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)


def write_json(path: Path, value: Any) -> None:
    write_text(path, json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> Any | None:
    """The value, or None where there is no file or it is not JSON (which only a foreign hand can cause)."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
