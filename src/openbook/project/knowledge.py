"""A project's documents and their index, in both versions. Knows nothing of examples, arms or models that answer."""

from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from openbook.config import Config
from openbook.core.protocols import Embedder, Progress, Retriever, silent
from openbook.core.types import Filter
from openbook.ingest.sources import SourceFile, find
from openbook.ingest.sync import SyncResult, content_version, copy_index, sync
from openbook.retrieve import EMBEDDERS, STORES
from openbook.retrieve.filters import parse_filter
from openbook.workspace import Workspace

Version = Literal["current", "updates"]


class Knowledge:
    """Documents and index of a project; models and stores are opened when first needed.

    Args:
        root: The project's folder.
        config: Its configuration.
        workspace: Where its state lies.
    """

    def __init__(self, root: Path, config: Config, workspace: Workspace) -> None:
        self._root = root
        self._config = config
        self._workspace = workspace
        self._open: dict[Version, Any] = {}

    def files(self, version: Version = "current") -> list[SourceFile]:
        """The documents' files; the second version's for `updates`.

        Raises:
            DataError: A glob matches nothing, or two files would get one name.
        """
        documents = self._config.documents
        sources = documents.sources if version == "current" else documents.updates
        return find(self._root, [(source.glob, source.metadata) for source in sources])

    @property
    def has_updates(self) -> bool:
        return bool(self._config.documents.updates)

    @cached_property
    def names(self) -> list[str]:
        """Names of all documents of both versions."""
        names = {file.name for file in self.files()}
        if self.has_updates:
            names |= {file.name for file in self.files("updates")}
        return sorted(names)

    def content(self, version: Version = "current") -> str | None:
        """Version of the indexed content; None where files and index differ. Opens neither store nor embedder."""
        return content_version(
            self.files(version), folder=self._workspace.index(version), settings=self._settings
        )

    def ingest(
        self, version: Version = "current", *, rebuild: bool = False, progress: Progress = silent
    ) -> SyncResult:
        """Bring an index up to date with the files on disk; only what changed is read, cut and embedded.

        The second version starts from a copy of the first one's index, as an update of the documents would.
        """
        folder = self._workspace.index(version)
        if version == "updates":
            copy_index(self._workspace.index("current"), folder)
        return sync(
            self.files(version),
            folder=folder,
            store=self._store(version),
            embedder=self._embedder,
            count=self._count,
            tokens=self._config.chunks.tokens,
            settings=self._settings,
            rebuild=rebuild,
            progress=progress,
        )

    def retriever(self, version: Version = "current", *, mode: str, candidates: int, rrf_k: int) -> Retriever:
        """A searcher over an index."""
        from openbook.retrieve.search import Searcher

        embedder = None if mode == "lexical" else self._embedder
        return Searcher(embedder, self._store(version), mode=mode, candidates=candidates, rrf_k=rrf_k)

    def close(self) -> None:
        """Close the stores that were opened."""
        for store in self._open.values():
            store.close()
        self._open.clear()

    @property
    def _settings(self) -> dict[str, Any]:
        """What an index depends on beside the files; an index made with others is refused."""
        chunks = self._config.chunks.model_dump(mode="json")
        return {"embedder": self._config.embedder.name, "store": self._config.store.name, "chunks": chunks}

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


def where(settings: dict[str, Any]) -> Filter | None:
    """The configured metadata filter, parsed; None for none."""
    return parse_filter(settings) if settings else None
