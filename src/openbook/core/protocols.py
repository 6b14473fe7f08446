"""The seams. Batch-first: n in, n out, in order; one bad item is a Failure in its place; an empty list is fine.

Each protocol has a conformance suite in `openbook.testing`; a back end is done when it passes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import Literal, Protocol, runtime_checkable

from openbook.core.types import (
    Adapter,
    Answer,
    Chunk,
    Delta,
    Document,
    Example,
    Failure,
    Filter,
    Hit,
    Request,
    Row,
    Score,
    Tuning,
)

Vector = Sequence[float]
"""A dense vector: any sequence of floats of length `dimension` (NumPy float32 arrays in practice), L2-normalised."""

Progress = Callable[[int, int, str], None]
"""`progress(done, total, what)`: called often, cheap, never raises."""


def silent(done: int, total: int, what: str) -> None:
    """A `Progress` that shows nothing."""


@runtime_checkable
class Reader(Protocol):
    """Turns one file into text."""

    def read(self, path: Path, name: str, metadata: Mapping[str, object]) -> Document | Failure: ...


@runtime_checkable
class Embedder(Protocol):
    """Texts to vectors.

    `fingerprint` names weights and pooling: an index made with another fingerprint is refused. An embedder may say in an
    attribute `sends_to` which host it sends texts to, "" for none: `[constraints] private` goes by it.
    """

    fingerprint: str
    dimension: int

    def embed(self, texts: Sequence[str], *, kind: Literal["passage", "query"]) -> list[Vector | Failure]: ...


@runtime_checkable
class Store(Protocol):
    """Chunks with their vectors, searchable by vector and by words, filtered before ranking.

    `replace` puts the given chunks in place of everything stored of their documents and of `gone`, in one step that a
    kill leaves either undone or done. Hits come best first with a higher-is-better score.
    """

    def replace(self, chunks: Sequence[Chunk], vectors: Sequence[Vector], *, gone: Sequence[str] = ()) -> None: ...

    def documents(self) -> dict[str, int]:
        """Name of every stored document and its number of chunks."""
        ...

    def dense(self, vectors: Sequence[Vector], *, k: int, where: Filter | None = None) -> list[list[Hit]]: ...

    def lexical(self, queries: Sequence[str], *, k: int, where: Filter | None = None) -> list[list[Hit]]: ...

    def close(self) -> None: ...


@runtime_checkable
class Reranker(Protocol):
    def rerank(self, queries: Sequence[str], hits: Sequence[Sequence[Hit]]) -> list[list[Hit]]: ...


@runtime_checkable
class Retriever(Protocol):
    """Hits for queries: embedded, searched, fused, filtered."""

    def search(self, queries: Sequence[str], *, k: int, where: Filter | None = None) -> list[list[Hit] | Failure]: ...


@runtime_checkable
class Generator(Protocol):
    """Prompts to text.

    `stream` is the one primitive: it yields `(index, Delta)` while text comes and exactly one `(index, Answer)` or
    `(index, Failure)` for each request, in any order of requests; the deltas of an index joined are its answer's text.
    When `cancel` is set it ends soon, giving each unfinished request an Answer with finish `cancelled`.

    A back end that holds answers to `Request.choices` says how in an attribute `chooses`: `likelihood` (the likeliest of
    them, always one of them) or `schema` (it asks for one of them). One without it answers freely.
    """

    name: str
    fingerprint: str

    def stream(
        self, requests: Sequence[Request], cancel: Event | None = None
    ) -> Iterator[tuple[int, Delta | Answer | Failure]]: ...


@runtime_checkable
class Likelihood(Protocol):
    """How well a model foresees texts; some generators can say it beside writing.

    `loss` gives the mean negative log-likelihood per token, in nats, of each text read by itself, its first token given.
    `no_loss` says why there is no such thing (an encoder-decoder reads one text and writes another); empty where there is.
    """

    name: str

    @property
    def no_loss(self) -> str: ...

    def loss(self, texts: Sequence[str]) -> list[float | Failure]: ...


@runtime_checkable
class Trainer(Protocol):
    """Rows to an adapter in `folder`; called again after a kill it goes on from the last checkpoint there.

    `fingerprint` of the adapter is given by the caller and written to the manifest with everything else.
    """

    def train(
        self,
        rows: Sequence[Row],
        dev: Sequence[Row],
        tuning: Tuning,
        *,
        folder: Path,
        fingerprint: str,
        progress: Progress = silent,
    ) -> Adapter: ...


@runtime_checkable
class Metric(Protocol):
    """Marks answers.

    `score` gives a Score, a Failure (the metric broke), or None where the example does not carry what the metric
    needs. `reduce` maps an (n, width) matrix of scores to the reported figure; `mean` metrics average their only column.
    `signature` names formula, tokenizer and version.
    """

    name: str
    signature: str
    higher_is_better: bool
    binary: bool

    def score(self, examples: Sequence[Example], answers: Sequence[Answer]) -> list[Score | Failure | None]: ...

    def reduce(self, matrix: Sequence[Sequence[float]]) -> float: ...
