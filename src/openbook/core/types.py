"""The nouns of Openbook, as frozen dataclasses. Knows nothing of how any of them is made or stored.

Every type is frozen, slotted and keyword-only; bytes from outside are validated before they become one of these.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from openbook.core.ids import digest

Scalar = str | int | float | bool
Role = Literal["system", "user", "assistant"]
Finish = Literal["stop", "length", "cancelled"]
Split = Literal["train", "dev", "test"]
Stratum = Literal["seen", "new"]
Change = Literal["edit", "add", "delete"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A source text.

    Attributes:
        name: Stable name within the project: the path below its source's fixed folder, with forward slashes.
        text: The whole text as decoded; all offsets count its code points.
        title: First heading, or the file's stem.
        metadata: Values that filters and permissions look at.
        media: `text/markdown`, `text/plain` or `text/html`: how sections are found.
    """

    name: str
    text: str
    title: str
    metadata: Mapping[str, Scalar] = field(default_factory=dict)
    media: str = "text/plain"

    @property
    def id(self) -> str:
        """Hash of name, text, title and metadata: ingesting the same thing twice is a no-op."""
        return digest([self.name, self.text, self.title, dict(self.metadata), self.media])


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A contiguous piece of a document: `document.text[start:end] == chunk.text`, always.

    Attributes:
        document: The document's name.
        headings: Path of headings above the chunk, outermost first, the document's title included.
    """

    document: str
    text: str
    start: int
    end: int
    headings: tuple[str, ...] = ()
    metadata: Mapping[str, Scalar] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return digest([self.document, self.start, self.text, list(self.headings), dict(self.metadata)])

    @property
    def label(self) -> str:
        """Short name that a citation uses: the document's name without folders and suffix."""
        return document_label(self.document)

    @property
    def heading_path(self) -> str:
        return " › ".join(self.headings)

    @property
    def searchable(self) -> str:
        """Text that is embedded and indexed: the heading path, then the chunk."""
        return f"{self.heading_path}\n{self.text}" if self.headings else self.text


def document_label(name: str) -> str:
    """`policies/returns-uk.md` → `returns-uk`."""
    tail = name.rsplit("/", 1)[-1]
    return tail.rsplit(".", 1)[0] or tail


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A chunk found for a query. `ranks` holds its 1-based rank in each list that was fused (dense, lexical)."""

    chunk: Chunk
    score: float
    ranks: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`field op value` on a chunk's metadata; the pseudo-field `document` is the document's name.

    A chunk that lacks the field matches only `ne`.
    """

    field: str
    op: Literal["eq", "ne", "lt", "le", "gt", "ge", "in"]
    value: Scalar | tuple[Scalar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    """All of the parts hold (an empty list holds)."""

    parts: tuple["Filter", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Either:
    """At least one of the parts holds (an empty list does not)."""

    parts: tuple["Filter", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    part: "Filter"


Filter = Comparison | Both | Either | Not


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One labelled case.

    Attributes:
        references: Accepted answers, the first is the one trained on.
        documents: Names of the documents that hold the answer.
        facts: Groups of accepted wordings; right when every group has one of its wordings in the answer.
        stale: Wordings that are no longer true.
        fact: Id of the fact asked for; examples of one fact are wordings of one question.
        group: Given group, joined with those found by shared documents, facts and near-duplicates.
        answerable: False where the documents do not hold the answer and abstaining is right.
        change: For the freshness questions: what happened to the fact in the second version.
    """

    id: str
    input: str
    references: tuple[str, ...]
    documents: tuple[str, ...] = ()
    facts: tuple[tuple[str, ...], ...] = ()
    stale: tuple[str, ...] = ()
    fact: str | None = None
    group: str | None = None
    tags: tuple[str, ...] = ()
    context: str | None = None
    split: Split | None = None
    answerable: bool = True
    change: Change | None = None

    @property
    def reference(self) -> str:
        return self.references[0]

    @property
    def key(self) -> str:
        """Hash of what an arm is asked with: records are found by it, so a re-worded example is asked again."""
        # 2: a context is also what is looked up by, and stands in the worked examples.
        return digest([self.id, self.input, self.context, *([2] if self.context else [])])


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    role: Role
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a generator is asked.

    Attributes:
        messages: The rendered prompt.
        query: The user's own words, without the prompt around them (the extractive answerer needs them apart).
        hits: The passages that the messages were rendered from, in that order.
        temperature: 0 is greedy.
        stop: The answer ends before the first of these.
        schema: JSON schema that the answer should follow, where the back end can enforce one.
        choices: The answer should be one of these, whole, where the back end can hold it to that (`Generator`); it is
            then the likeliest of them: `temperature`, `max_tokens` and `stop` are about free text.
        id: Of the example that is asked, for back ends that keep answers by it; empty where there is none.
    """

    messages: tuple[Message, ...]
    query: str = ""
    hits: tuple[Hit, ...] = ()
    max_tokens: int = 256
    temperature: float = 0.0
    stop: tuple[str, ...] = ()
    seed: int = 0
    schema: Mapping[str, Any] | None = None
    choices: tuple[str, ...] = ()
    id: str = ""

    @property
    def hash(self) -> str:
        said = [[m.role, m.content] for m in self.messages]
        return digest([*said, ["choices", *self.choices]] if self.choices else said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens read and written, in the model's own tokens (0 where a back end has none)."""

    input_tokens: int = 0
    output_tokens: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A claim's source: the id of one of the answer's hits and the span quoted from it."""

    chunk: str
    label: str
    quote: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """A piece of an answer's text, as it is written."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A finished answer.

    Attributes:
        hits: Passages that were in the prompt, best first.
        citations: Each names one of `hits`.
        finish: `length` means cut at the limit, which is counted.
        prompt: Hash of the request that was answered.
        seconds: Wall time by stage (`retrieve`, `first_token`, `generate`); for batched work each answer's share.
        log_probability: Mean natural logarithm of the probability that the model gave each token it wrote, the one that
            ended the answer included; None where the back end does not tell.
    """

    text: str
    hits: tuple[Hit, ...] = ()
    citations: tuple[Citation, ...] = ()
    finish: Finish = "stop"
    abstained: bool = False
    prompt: str = ""
    usage: Usage = field(default_factory=Usage)
    seconds: Mapping[str, float] = field(default_factory=dict)
    log_probability: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Stands where an answer or a score would stand; counted and shown, never NaN and never 0.

    Attributes:
        stage: `retrieve`, `render`, `generate`, `score`, ….
        error: The error's class name.
        transient: Worth another try at the next call (a time-out), as against deterministic (a prompt too long).
    """

    stage: str
    error: str
    message: str
    transient: bool = False
    attempts: int = 1
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A finite vector of sufficient statistics of one answer; a metric's `reduce` makes a figure of many."""

    values: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One example answered (or failed) by one arm.

    Attributes:
        example: The example's id.
        key: The example's `key`: what was asked.
        messages: The prompt, as it was sent.
    """

    example: str
    key: str
    result: Answer | Failure
    messages: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One training row: the prompt exactly as it will be asked, and the answer to learn."""

    messages: tuple[Message, ...]
    completion: str
    example: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """Hyperparameters of one training, all of them part of the adapter's fingerprint.

    Attributes:
        method: `lora` (adapter on all linear layers), `qlora` (the same over a 4-bit base) or `full`.
        alpha: LoRA scale; 0 means 2 × rank.
        rate: Peak learning rate of a cosine schedule; 0 means the measured default for the model's size.
        epochs: Passes over the rows.
        batch: Rows per optimiser step; 0 means from the number of rows.
        warmup: Share of the steps with a rising rate.
        max_tokens: Longest row; the prompt is cut from its middle, never the answer. 0 means from the data.
    """

    method: Literal["lora", "qlora", "full"] = "lora"
    rank: int = 16
    alpha: int = 0
    dropout: float = 0.0
    rate: float = 0.0
    epochs: float = 3.0
    batch: int = 0
    warmup: float = 0.05
    weight_decay: float = 0.0
    max_tokens: int = 0
    seed: int = 0
    dtype: str = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """A trained adapter on disk: its folder and what its manifest says.

    Attributes:
        fingerprint: What it was made from; the folder's name.
        base: Hash of the base weights: it fits these and no others.
        losses: (optimiser step, mean training loss per answer token) along the way.
        dev_loss: Loss per answer token on the dev rows at the end, None without dev rows.
    """

    folder: str
    fingerprint: str
    base: str
    rows: int
    tokens: int
    steps: int
    seconds: float
    losses: tuple[tuple[int, float], ...] = ()
    dev_loss: float | None = None
