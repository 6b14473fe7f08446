"""A project's documents and their index, in both versions. Knows nothing of examples, arms or models that answer."""

import os
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from openbook.config import Config, Retrieve
from openbook.core.errors import DataError
from openbook.core.protocols import Embedder, Progress, Retriever, silent
from openbook.core.types import Chunk, Document, Filter
from openbook.ingest.readers import read
from openbook.ingest.sources import File, Source, expand
from openbook.ingest.split import split
from openbook.ingest.state import content_version, pending
from openbook.ingest.state import load as load_state
from openbook.ingest.sync import SyncResult, sync
from openbook.retrieve import EMBEDDERS, STORES
from openbook.retrieve.filters import parse_filter
from openbook.retrieve.search import Searcher
from openbook.workspace import Workspace, read_json, write_json

Version = Literal["current", "updates"]


class Knowledge:
    """Documents and index of a project; models and stores are opened when first needed.

    Args:
        root: The project's folder.
        config: Its configuration.
        workspace: Where its state lies.

    Attributes:
        remade: The second version's files where they are made from the first's, and not given.
    """

    def __init__(self, root: Path, config: Config, workspace: Workspace) -> None:
        self._root = root
        self._config = config
        self._workspace = workspace
        self._open: dict[Version, Any] = {}
        self._content: dict[Version, str] = {}
        self.remade: Callable[[], list[File]] | None = None

    def files(self, version: Version = "current") -> list[File]:
        """The documents' files; the second version's for `updates`.

        Raises:
            ConfigError: A glob matches nothing, or two files would get one name.
        """
        if version == "updates" and self.remade is not None:
            return self.remade()
        return self._given(version)

    def _given(self, version: Version) -> list[File]:
        documents = self._config.documents
        sources = documents.sources if version == "current" else documents.updates
        return expand([Source(glob=s.glob, metadata=s.metadata) for s in sources], root=self._root)

    @property
    def has_updates(self) -> bool:
        """Whether a second version is given."""
        return bool(self._config.documents.updates)

    @cached_property
    def names(self) -> list[str]:
        """Names of all documents of both versions."""
        names = {file.name for file in self.files()}
        if self.has_updates:
            names |= {file.name for file in self._given("updates")}
        return sorted(names)

    def content(self, version: Version = "current") -> str | None:
        """Version of the indexed content; None where files and index differ, or nothing is in it.

        Opens neither store nor embedder. Once they agree the answer stays: a file that is edited while a comparison runs is taken up by the next one.

        Raises:
            IndexMismatch: The index was made by another embedder or with other chunk settings.
        """
        if version in self._content:
            return self._content[version]
        folder = self._workspace.index(version)
        behind = pending(
            self.files(version),
            folder=folder,
            embedder=self._embedder.fingerprint,
            tokens=self._config.chunks.tokens,
            settings=self._settings,
        )
        found = None if behind or not self._chunks(version) else content_version(folder)
        if found is not None:
            self._content[version] = found
        return found

    def ingest(self, version: Version = "current", *, rebuild: bool = False, progress: Progress = silent) -> SyncResult:
        """Bring an index up to date with the files on disk; only what changed is read, cut and embedded.

        The second version starts from a copy of the first one's index, as an update of the documents would.

        Args:
            rebuild: Throw the index away first, and of the first version also the second's, which started from it.

        Raises:
            DataError: No document holds any text.
        """
        folder = self._workspace.index(version)
        self._content.pop(version, None)
        if rebuild:
            self._throw_away(("current", "updates") if version == "current" else (version,))
        if version == "updates" and not folder.exists() and self._workspace.index("current").exists():
            _copy(self._workspace.index("current"), folder)
        result = sync(
            self.files(version),
            store=self._store(version),
            embedder=self._embedder,
            count=self._count,
            tokens=self._config.chunks.tokens,
            folder=folder,
            settings=self._settings,
            progress=progress,
        )
        self._note(version, result)
        if not result.chunks:
            raise DataError(self._nothing(version))
        return result

    def _chunks(self, version: Version) -> int:
        state = load_state(self._workspace.index(version))
        return sum(entry.chunks for entry in state.documents.values()) if state else 0

    def _nothing(self, version: Version) -> str:
        reasons = list(self.skipped(version).values())
        return f"None of the {len(reasons)} documents holds text to look up. The first of them: {reasons[0]}"

    def _throw_away(self, versions: Sequence[Version]) -> None:
        self.close()
        for version in versions:
            self._content.pop(version, None)
            shutil.rmtree(self._workspace.index(version), ignore_errors=True)

    def seconds(self, version: Version = "current") -> float:
        """Seconds that reading, embedding and writing what the index holds took; 0 where it was never made."""
        noted = read_json(self._timing(version)) or {}
        return float(sum(noted.values()))

    def skipped(self, version: Version = "current") -> dict[str, str]:
        """Documents that are not in the index, and why."""
        state = load_state(self._workspace.index(version))
        entries = state.documents.items() if state else ()
        return {name: entry.failure.message for name, entry in entries if entry.failure}

    def size(self, version: Version = "current") -> tuple[int, int]:
        """How many documents, those left out among them, and how many chunks the index holds."""
        state = load_state(self._workspace.index(version))
        entries = state.documents.values() if state else ()
        return len(entries), sum(entry.chunks for entry in entries)

    def documents(
        self, names: Collection[str] | None = None, version: Version = "current"
    ) -> Iterator[tuple[str, Document | None]]:
        """What is in the index, read again from the files: each name with its document, in the files' order.

        None stands for a document whose file is no longer what was indexed.

        Args:
            names: Only these; None: all.
        """
        state = load_state(self._workspace.index(version))
        entries = state.documents if state else {}
        for file in self.files(version):
            entry = entries.get(file.name)
            if entry is None or not entry.document or (names is not None and file.name not in names):
                continue
            found = read(file.path, file.name, file.metadata)
            yield file.name, found if isinstance(found, Document) and found.id == entry.document else None

    def cut(self, document: Document) -> list[Chunk]:
        """A document's chunks, as the index has them."""
        return split(document, tokens=self._config.chunks.tokens, count=self._count)

    def _timing(self, version: Version) -> Path:
        return self._workspace.index(version) / "seconds.json"

    def _note(self, version: Version, result: SyncResult) -> None:
        """Add the seconds of a sync that changed something to those before it."""
        if result.added or result.changed or result.removed:
            noted = read_json(self._timing(version)) or {}
            spent = {stage: round(noted.get(stage, 0.0) + value, 4) for stage, value in result.seconds.items()}
            write_json(self._timing(version), spent)

    def retriever(self, settings: Retrieve, version: Version = "current") -> Retriever:
        """A searcher over an index."""
        embedder = None if settings.mode == "lexical" else self._embedder
        return Searcher(embedder, self._store(version), **search_settings(settings))

    def close(self) -> None:
        """Close the stores that were opened."""
        for store in self._open.values():
            store.close()
        self._open.clear()

    @property
    def _settings(self) -> dict[str, Any]:
        """What an index depends on beside the files; an index made with others is refused."""
        return {
            "counted by": self._config.embedder.name,
            "by": self._config.chunks.by,
            "store": self._config.store.name,
        }

    @property
    def embedder(self) -> Embedder:
        """What the index is embedded by; loads its weights at the first text."""
        return self._embedder

    @cached_property
    def _embedder(self) -> Embedder:
        embedder: Embedder = EMBEDDERS.load(self._config.embedder.name)()
        return embedder

    @cached_property
    def _count(self) -> Any:
        from openbook.retrieve.tokens import token_counter

        return token_counter(self._config.embedder.name)

    def _store(self, version: Version) -> Any:
        if version not in self._open:
            store = STORES.load(self._config.store.name)
            self._open[version] = store(self._workspace.index(version), dimension=self._embedder.dimension)
        return self._open[version]


def _copy(source: Path, target: Path) -> None:
    """Copy an index whole or not at all."""
    part = target.with_name(f".{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(source, part)
    (part / "seconds.json").unlink(missing_ok=True)
    os.replace(part, target)


def search_settings(settings: Retrieve) -> dict[str, Any]:
    """What of `[retrieve]` decides which chunks are found, by the searcher's own names."""
    return settings.model_dump(include={"mode", "candidates", "rrf_k", "document_weight"})


def where(settings: dict[str, Any]) -> Filter | None:
    """The configured metadata filter, parsed; None for none."""
    return parse_filter(settings) if settings else None
