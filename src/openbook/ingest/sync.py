"""Keeps an index in step with its files: reads, cuts and embeds only what changed, and removes what is gone.

A kill at any moment loses nothing and doubles nothing: a document leaves `state.json` before the store is touched and
returns to it after the store's commit, so whatever was under way is done again. Knows neither which store nor which
embedder it is handed.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from openbook.core.protocols import Embedder, Progress, Store, Vector, silent
from openbook.core.types import Chunk, Document, Failure, Scalar
from openbook.ingest import state as states
from openbook.ingest.readers import failure, read
from openbook.ingest.sources import File
from openbook.ingest.split import Count, split
from openbook.ingest.state import Entry, State

BATCH_CHUNKS = 1000
"""Chunks written to the store together: many small commits make some stores slow to search."""
EMBED_CHUNKS = 128
"""Chunks embedded between two reports of progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncResult:
    """What a sync did.

    Attributes:
        added: Names of the documents that were not in the index before.
        changed: Names of the documents that were put in place of an older version.
        removed: Names of the documents that have no file any more.
        unchanged: Number of documents that were left alone.
        skipped: Documents that are not in the index, and why.
        chunks: Number of chunks in the index now.
        seconds: Wall time by stage: `read` (reading and cutting), `embed`, `write`.
        content: The index's content version.
    """

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int
    skipped: Mapping[str, Failure]
    chunks: int
    seconds: Mapping[str, float]
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """A file read and cut, or failed; `entry` is what the state will say of it."""

    name: str
    entry: Entry
    chunks: tuple[Chunk, ...] = ()


@dataclass(slots=True)
class _Clock:
    seconds: dict[str, float] = field(default_factory=lambda: {"read": 0.0, "embed": 0.0, "write": 0.0})

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] += time.perf_counter() - started


def sync(
    files: Sequence[File],
    *,
    store: Store,
    embedder: Embedder,
    count: Count,
    tokens: int,
    folder: Path,
    settings: Mapping[str, Scalar],
    progress: Progress = silent,
) -> SyncResult:
    """Make the index hold exactly these files.

    Args:
        files: All documents, with unique names; those of the index that are not among them are removed.
        count: Length of a text in tokens.
        tokens: Longest chunk.
        folder: Where `state.json` lies, beside the store's own files.
        settings: What else decides how documents are cut, by name (the tokenizer's, for example).
        progress: Told the number of documents done, of documents to do, and the name of the last one done.

    Raises:
        IndexMismatch: The index was made by another embedder or with other chunk settings.
    """
    wanted = states.chunk_settings(tokens, settings)
    old = states.load(folder) or State(embedder=embedder.fingerprint, settings=wanted)
    states.check(old, folder=folder, embedder=embedder.fingerprint, settings=wanted)
    stored = store.documents()
    keep, todo = _against_store(files, old, stored)
    indexed = {name for name, entry in keep.items() if not entry.failure}
    leaving = sorted(stored.keys() - indexed - {file.name for file in todo})
    job = _Job(
        store=store,
        embedder=embedder,
        cut=lambda document: split(document, tokens=tokens, count=count),
        state=State(embedder=embedder.fingerprint, settings=wanted, documents=keep),
        folder=folder,
        progress=progress,
        total=len(todo),
    )
    if todo or leaving:
        job.run(todo, leaving)
    if job.state.finished() != old:
        states.save(job.state.finished(), folder)
    return _result(job, todo=todo, stored=stored, unchanged=len(indexed), names={file.name for file in files})


def _against_store(
    files: Sequence[File], old: State, stored: Mapping[str, int]
) -> tuple[dict[str, Entry], tuple[File, ...]]:
    """Entries that still hold and files to read; an entry whose chunks are not all in the store does not hold."""
    plan = states.plan(files, old)
    keep = {name: entry for name, entry in plan.keep.items() if entry.failure or stored.get(name) == entry.chunks}
    read_again = {*(file.name for file in plan.read), *(plan.keep.keys() - keep.keys())}
    return keep, tuple(file for file in files if file.name in read_again)


@dataclass(slots=True, kw_only=True)
class _Job:
    """One sync under way; `state` always says what is in the store for certain."""

    store: Store
    embedder: Embedder
    cut: Callable[[Document], list[Chunk]]
    state: State
    folder: Path
    progress: Progress
    total: int
    clock: _Clock = field(default_factory=_Clock)

    def run(self, todo: Sequence[File], leaving: Sequence[str]) -> None:
        states.save(self.state, self.folder)
        if leaving:
            self._commit((), {}, leaving)
        done = 0
        for batch in self._batches(todo):
            vectors = self._embed(batch, done)
            self._commit(batch, vectors, ())
            done += len(batch)
            self.progress(done, self.total, batch[-1].name)

    def _batches(self, todo: Iterable[File]) -> Iterator[list[_Prepared]]:
        batch: list[_Prepared] = []
        for file in todo:
            with self.clock("read"):
                batch.append(self._prepare(file))
            if sum(len(prepared.chunks) for prepared in batch) >= BATCH_CHUNKS:
                yield batch
                batch = []
        if batch:
            yield batch

    def _prepare(self, file: File) -> _Prepared:
        entry = states.observe(file)
        document = read(file.path, file.name, file.metadata)
        if isinstance(document, Failure):
            return _Prepared(name=file.name, entry=replace(entry, failure=document))
        chunks = tuple(self.cut(document))
        if not chunks:
            nothing = failure("empty", f"{file.name!r} holds no text below its front matter.")
            return _Prepared(name=file.name, entry=replace(entry, failure=nothing))
        entry = replace(entry, document=document.id, chunks=len(chunks))
        return _Prepared(name=file.name, entry=entry, chunks=chunks)

    def _embed(self, batch: Sequence[_Prepared], done: int) -> dict[str, list[Vector | Failure]]:
        """Vectors of every document of a batch, in the order of its chunks."""
        vectors: dict[str, list[Vector | Failure]] = {prepared.name: [] for prepared in batch}
        chunks = [chunk for prepared in batch for chunk in prepared.chunks]
        for start in range(0, len(chunks), EMBED_CHUNKS):
            part = chunks[start : start + EMBED_CHUNKS]
            with self.clock("embed"):
                found = self.embedder.embed([chunk.searchable for chunk in part], kind="passage")
            for chunk, vector in zip(part, found, strict=True):
                vectors[chunk.document].append(vector)
            whole = sum(1 for prepared in batch if len(vectors[prepared.name]) == len(prepared.chunks))
            self.progress(min(done + whole, self.total), self.total, part[-1].document)
        return vectors

    def _commit(
        self, batch: Sequence[_Prepared], vectors: Mapping[str, list[Vector | Failure]], leaving: Sequence[str]
    ) -> None:
        """Write a batch to the store in one step, then to the state: the store's commit comes first."""
        entries = {prepared.name: _embedded(prepared.entry, vectors[prepared.name]) for prepared in batch}
        good = [prepared for prepared in batch if not entries[prepared.name].failure]
        chunks = [chunk for prepared in good for chunk in prepared.chunks]
        rows = [row for prepared in good for row in vectors[prepared.name] if not isinstance(row, Failure)]
        failed = [name for name, entry in entries.items() if entry.failure]
        with self.clock("write"):
            self.store.replace(chunks, rows, gone=[*leaving, *failed])
            self.state = replace(self.state, documents={**self.state.documents, **entries})
            states.save(self.state, self.folder)


def _embedded(entry: Entry, vectors: Sequence[Vector | Failure]) -> Entry:
    """The entry of a document that was embedded; one bad chunk fails the whole document, as half of it would mislead."""
    bad = next((vector for vector in vectors if isinstance(vector, Failure)), None)
    return replace(entry, document="", chunks=0, failure=bad) if bad else entry


def _result(
    job: _Job, *, todo: Sequence[File], stored: Mapping[str, int], unchanged: int, names: set[str]
) -> SyncResult:
    documents = job.state.documents
    done = {file.name for file in todo if not documents[file.name].failure}
    return SyncResult(
        added=tuple(sorted(done - stored.keys())),
        changed=tuple(sorted(done & stored.keys())),
        removed=tuple(sorted(stored.keys() - names)),
        unchanged=unchanged,
        skipped={name: entry.failure for name, entry in sorted(documents.items()) if entry.failure},
        chunks=sum(entry.chunks for entry in documents.values()),
        seconds=job.clock.seconds,
        content=job.state.finished().content,
    )
