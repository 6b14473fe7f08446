"""What an index was made from: `state.json` beside the vectors, and whether the files have changed since.

Answers from the files' stats alone where it can, without a store, an embedder or a reader.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from openbook.core.errors import IndexMismatch
from openbook.core.ids import digest, file_sha256
from openbook.core.types import Failure, Scalar, Usage
from openbook.ingest.sources import File
from openbook.ingest.split import VERSION as SPLIT_VERSION
from openbook.workspace import read_json, write_json

FILE = "state.json"
SCHEMA = 1
COARSEST_CLOCK_NS = 2 * 10**9
"""The coarsest time stamps of file systems in use (FAT): an edit within it may leave a file's stat as it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One document as it was last read.

    Attributes:
        stat: Size in bytes, times of change of content and of inode in nanoseconds; empty where there is no file.
        settled: Whether the file was old enough when it was read for an equal stat to mean equal bytes.
        bytes: SHA-256 of the file, empty where it could not be read.
        metadata: Hash of the metadata its source gives it.
        document: The document's id; empty where it failed.
        failure: Why it is not in the index.
    """

    stat: tuple[int, ...]
    settled: bool
    bytes: str
    metadata: str
    document: str = ""
    chunks: int = 0
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything an index was made from.

    Attributes:
        embedder: Fingerprint of the embedder.
        settings: What decides how documents are cut.
        content: The index's content version; empty while it is being changed.
    """

    embedder: str
    settings: Mapping[str, Scalar]
    documents: Mapping[str, Entry] = field(default_factory=dict)
    content: str = ""

    def finished(self) -> "State":
        """The same with its content version: what is in the index, in what pieces and as which vectors."""
        ids = sorted(entry.document for entry in self.documents.values() if entry.document)
        return replace(self, content=digest([ids, dict(self.settings), self.embedder]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done: entries to keep (their stats refreshed), files to read, and names that have no file now."""

    keep: Mapping[str, Entry]
    read: tuple[File, ...]
    gone: tuple[str, ...]


def pending(files: Sequence[File], *, folder: Path, embedder: str, tokens: int, settings: Mapping[str, Scalar]) -> bool:
    """Whether `sync` with the same arguments would change the index; fast: files with an unchanged stat are not read.

    Raises:
        IndexMismatch: The index was made by another embedder or with other chunk settings.
    """
    state = load(folder)
    if state is None:
        return True
    check(state, folder=folder, embedder=embedder, settings=chunk_settings(tokens, settings))
    todo = plan(files, state)
    return bool(todo.read or todo.gone or not state.content)


def content_version(folder: Path) -> str | None:
    """The content version of the index in a folder; None where there is none, or one that a kill left half made."""
    state = load(folder)
    return state.content if state and state.content else None


def chunk_settings(tokens: int, settings: Mapping[str, Scalar]) -> dict[str, Scalar]:
    return {**settings, "tokens": tokens, "split": SPLIT_VERSION}


def check(state: State, *, folder: Path, embedder: str, settings: Mapping[str, Scalar]) -> None:
    """Refuse to mix vectors of two embedders, or chunks of two sizes, in one index."""
    if not state.documents:
        return
    if state.embedder != embedder:
        differs = f"the embedder {state.embedder!r}, and now it is {embedder!r}"
    else:
        keys = sorted({*state.settings, *settings})
        changed = [key for key in keys if state.settings.get(key) != settings.get(key)]
        if not changed:
            return
        differs = "other chunk settings: " + ", ".join(
            f"{key} was {state.settings.get(key)!r}, now {settings.get(key)!r}" for key in changed
        )
    raise IndexMismatch(
        f"The index in {str(folder)!r} was made with {differs}. Set it back in openbook.toml, or make the index anew"
        " with: openbook ingest --rebuild"
    )


def plan(files: Sequence[File], state: State) -> Plan:
    """Compare the files with the state: by stat first, by bytes where the stat differs or cannot be trusted."""
    keep: dict[str, Entry] = {}
    read = []
    for file in files:
        entry = _unchanged(file, state.documents.get(file.name))
        if entry is None:
            read.append(file)
        else:
            keep[file.name] = entry
    names = {file.name for file in files}
    return Plan(keep=keep, read=tuple(read), gone=tuple(sorted(state.documents.keys() - names)))


def observe(file: File) -> Entry:
    """A file's stat and bytes now, without its document. The stat is taken first: a later change shows in it."""
    stat, settled = _stat(file.path)
    return Entry(stat=stat, settled=settled, bytes=_sha256(file.path), metadata=digest(dict(file.metadata)))


def load(folder: Path) -> State | None:
    """The state of the index in a folder, or None where there is none that this version can read."""
    raw = read_json(folder / FILE)
    if not isinstance(raw, dict) or raw.get("schema") != SCHEMA:
        return None
    documents = {name: _entry(value) for name, value in raw["documents"].items()}
    return State(embedder=raw["embedder"], settings=raw["settings"], documents=documents, content=raw["content"])


def save(state: State, folder: Path) -> None:
    write_json(folder / FILE, {"schema": SCHEMA, **asdict(state)})


def _unchanged(file: File, entry: Entry | None) -> Entry | None:
    """The entry, its stat refreshed, if the file is what it was when the entry was made."""
    if entry is None or entry.metadata != digest(dict(file.metadata)) or (entry.failure and entry.failure.transient):
        return None
    stat, settled = _stat(file.path)
    if stat == entry.stat and entry.settled:
        return entry
    if entry.bytes and _sha256(file.path) == entry.bytes:
        return replace(entry, stat=stat, settled=settled)
    return None


def _stat(path: Path) -> tuple[tuple[int, ...], bool]:
    try:
        stat = path.stat()
    except OSError:
        return (), True
    latest = max(stat.st_mtime_ns, stat.st_ctime_ns)
    settled = latest + COARSEST_CLOCK_NS < time.time_ns()
    return (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns), settled


def _sha256(path: Path) -> str:
    try:
        return file_sha256(path)
    except OSError:
        return ""


def _entry(raw: dict[str, object]) -> Entry:
    failure = raw.pop("failure")
    stat = raw.pop("stat")
    entry = Entry(**raw, stat=tuple(stat))  # type: ignore[arg-type]
    if not isinstance(failure, dict):
        return entry
    return replace(entry, failure=Failure(**{**failure, "usage": Usage(**failure["usage"])}))
