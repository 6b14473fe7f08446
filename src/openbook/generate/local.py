"""Answers from a model on this machine: causal or seq2seq, with or without an adapter, in batches, streamed.

Making one loads nothing; the weights load at the first request. Knows nothing of where prompts come from.
"""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from threading import Event
from typing import Any

from openbook.core.errors import UsageError
from openbook.core.ids import digest
from openbook.core.types import Answer, Delta, Failure, Finish, Message, Request, Usage
from openbook.generate.adapter import adapter_fingerprint, load_with_adapter
from openbook.generate.draft import Draft
from openbook.generate.likelihood import batches, mean_losses, text_ids
from openbook.models import LocalModel, config_hash, load_model, load_tokenizer, resolve_device, resolve_dtype
from openbook.models.loading import need
from openbook.prompt import encode, encode_answer

VERSION = 1
"""Raised whenever the same request would get another answer: part of the fingerprint."""

PREFIX_LEAST = 16
"""Shared prompt beginnings shorter than this many tokens are not worth a pass of their own."""

Item = tuple[int, Delta | Answer | Failure]


@dataclass(slots=True, kw_only=True, eq=False)
class Loaded:
    """What the first request loads."""

    tokenizer: Any
    engine: Any
    ends: frozenset[int]
    context: int | None


@dataclass(slots=True, kw_only=True, eq=False)
class Task:
    """One request under way: its tokens and its text; the answers that it has to choose from, where it has to."""

    index: int
    request: Request
    line: Any
    draft: Draft
    limit: int
    options: Any = None
    first: float | None = None


class LocalGenerator:
    """A generator over a model folder.

    Args:
        model: Where the weights are.
        adapter: Folder of an adapter trained on these very weights.
        dtype: `auto`, `float32`, `bfloat16` or `float16`.
        device: `auto`, `cpu`, `cuda` or `mps`.
        batch: Requests answered together.

    Attributes:
        chooses: An answer that has to be one of some choices is the likeliest of them, found exactly.

    Raises:
        UsageError: The model writes no text.
        AdapterMismatch: The adapter was trained on other weights.
    """

    chooses = "likelihood"

    def __init__(
        self,
        model: LocalModel,
        *,
        adapter: Path | None = None,
        dtype: str = "auto",
        device: str = "auto",
        batch: int = 16,
    ) -> None:
        if model.kind == "encoder":
            raise UsageError(f"{model.name!r} is an encoder: it makes vectors and writes no text. Name another model.")
        self.name = model.name
        self._model, self._adapter, self._batch = model, adapter, batch
        self._device = resolve_device(device)
        self._dtype = resolve_dtype(dtype, self._device)
        self.fingerprint = digest(
            {
                "version": VERSION,
                "weights": model.weights,
                "tokenizer": model.tokenizer,
                "config": config_hash(model.folder),
                "adapter": "" if adapter is None else adapter_fingerprint(adapter, model),
                "dtype": self._dtype,
                "device": self._device.split(":")[0],
                "engine": [_version("torch"), _version("transformers")],
            }
        )
        self._lock = threading.Lock()
        self._loaded: Loaded | None = None

    def stream(self, requests: Sequence[Request], cancel: Event | None = None) -> Iterator[Item]:
        """See `openbook.core.protocols.Generator`. Batches are of like length; an answer comes when it is done.

        `seconds`: `first_token` is the time its batch had taken when the answer's first token was there; `generate`
        is the answer's share of its batch's time, so that shares add up to the time that was spent.
        """
        if not requests:
            return
        loaded = self.load()
        tasks: dict[tuple[str, ...], list[Task]] = {}
        offered = {choices: self._options(loaded, choices) for choices in {one.choices for one in requests}}
        for index, prompt in enumerate(self._prompts(loaded, requests)):
            choices = requests[index].choices
            failure = _too_long(prompt, loaded.context, room=offered[choices].longest if choices else 1)
            if failure is None:
                made = _task(index, requests[index], prompt, loaded, options=offered[choices])
                tasks.setdefault(choices, []).append(made)
            else:
                yield index, failure
        for alike in tasks.values():
            for batch in _batches(alike, loaded, self._batch):
                yield from self._answer(loaded, batch, cancel)

    @property
    def no_loss(self) -> str:
        """See `openbook.core.protocols.Likelihood`."""
        if self._model.kind == "seq2seq":
            return f"{self.name} is an encoder-decoder: it reads one text and writes another"
        return ""

    def loss(self, texts: Sequence[str]) -> list[float | Failure]:
        """See `openbook.core.protocols.Likelihood`. The same adapter and dtype as in answering."""
        if self.no_loss:
            return [Failure(stage="loss", error="NotApplicable", message=f"{self.no_loss}.") for _ in texts]
        if not texts:
            return []
        loaded = self.load()
        rows = [text_ids(loaded.tokenizer, text, context=loaded.context) for text in texts]
        found: list[float | Failure] = [row if isinstance(row, Failure) else 0.0 for row in rows]
        for places in batches(rows, self._batch):
            read = [row for place in places if not isinstance(row := rows[place], Failure)]
            for place, loss in zip(places, self._losses(loaded.engine.network, read), strict=True):
                found[place] = loss
        return found

    def _losses(self, network: Any, rows: Sequence[Sequence[int]]) -> list[float | Failure]:
        """Losses of one batch; where memory does not suffice, of its halves one after the other."""
        try:
            return [*mean_losses(network, rows)]
        except (MemoryError, RuntimeError) as error:
            if not _out_of_memory(error):
                raise
            reason = str(error)[:120]
        _give_back(self._device)
        if len(rows) > 1:
            half = (len(rows) + 1) // 2
            return [*self._losses(network, rows[:half]), *self._losses(network, rows[half:])]
        message = f"Memory does not suffice for one text of {len(rows[0])} tokens ({reason}). Close other programs."
        return [Failure(stage="loss", error="OutOfMemory", message=message, transient=True)]

    def load(self) -> Loaded:
        """Load tokenizer and weights now, unless they are loaded (a server warms up with it)."""
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> Loaded:
        need("torch", "transformers")
        from openbook.generate.decode import CausalEngine, Seq2SeqEngine

        tokenizer = load_tokenizer(self._model)
        if self._adapter is None:
            model = load_model(self._model, dtype=self._dtype, device=self._device)
        else:
            model = load_with_adapter(self._model, self._adapter, dtype=self._dtype, device=self._device)
        seq2seq = self._model.kind == "seq2seq"
        context = None if seq2seq and not _absolute(model) else getattr(model.config, "max_position_embeddings", None)
        return Loaded(
            tokenizer=tokenizer,
            engine=Seq2SeqEngine(model) if seq2seq else CausalEngine(model),
            ends=_ends(model, tokenizer),
            context=context,
        )

    def _options(self, loaded: Loaded, choices: Sequence[str]) -> Any:
        """The choices as a model is trained to write them, less their ends."""
        from openbook.generate.choose import options

        seq2seq = self._model.kind == "seq2seq"
        ids = [encode_answer(loaded.tokenizer, choice, seq2seq=seq2seq)[:-1] for choice in choices]
        return options(ids) if ids else None

    def _prompts(self, loaded: Loaded, requests: Sequence[Request]) -> list[tuple[list[int], int]]:
        """(token ids, how many of them are the messages before the last one) of each request."""
        seq2seq = self._model.kind == "seq2seq"
        heads: dict[tuple[Message, ...], list[int]] = {}
        prompts = []
        for request in requests:
            ids, head = encode(loaded.tokenizer, request.messages, seq2seq=seq2seq), request.messages[:-1]
            if head and not seq2seq and head not in heads:
                heads[head] = encode(loaded.tokenizer, head, seq2seq=False)
            prompts.append((ids, _common(ids[:-1], heads.get(head, []))))
        return prompts

    def _answer(self, loaded: Loaded, batch: Sequence[Task], cancel: Event | None) -> Iterator[Item]:
        """Answer one batch; where memory does not suffice, its halves one after the other."""
        from openbook.generate.choose import choose
        from openbook.generate.decode import decode

        if cancel is not None and cancel.is_set():
            yield from ((task.index, _finished(task, "", "cancelled")) for task in batch)
            return
        try:
            engine, lines, given = loaded.engine.fresh(), [task.line for task in batch], batch[0].options
            steps = choose(engine, lines, given, ends=loaded.ends) if given else decode(engine, lines, ends=loaded.ends)
            for active in steps:
                here = [task for task in batch if task.line in active]
                stopped = cancel is not None and cancel.is_set()
                for task in here:
                    yield from _advance(task, loaded, cancelled=stopped)
            return
        except (MemoryError, RuntimeError) as error:
            if not _out_of_memory(error):
                raise
            reason = str(error)
        _give_back(self._device)
        left = [task for task in batch if not task.line.done]
        if len(left) == 1:
            yield left[0].index, _no_memory(left[0], reason)
            return
        half = (len(left) + 1) // 2
        yield from self._answer(loaded, left[:half], cancel)
        yield from self._answer(loaded, left[half:], cancel)


def _task(index: int, request: Request, prompt: tuple[list[int], int], loaded: Loaded, *, options: Any) -> Task:
    import torch

    from openbook.generate.decode import Line

    ids, common = prompt
    chance = torch.Generator().manual_seed(request.seed) if request.temperature > 0 else None
    limit = request.max_tokens if loaded.context is None else min(request.max_tokens, loaded.context - len(ids))
    line = Line(prompt=ids, prefix=common, temperature=request.temperature, chance=chance)
    draft = Draft(() if request.choices else request.stop)
    return Task(index=index, request=request, line=line, draft=draft, limit=limit, options=options)


def _batches(tasks: Sequence[Task], loaded: Loaded, size: int) -> list[list[Task]]:
    """Tasks with one beginning together, longest first, so that a lack of memory shows at once."""
    shared: dict[tuple[int, ...], list[Task]] = {}
    for task in tasks:
        shared.setdefault(tuple(task.line.prompt[: task.line.prefix]), []).append(task)
    groups: dict[tuple[int, ...], list[Task]] = {}
    for prefix, members in shared.items():
        used = len(members) > 1 or len(tasks) == 1 or loaded.engine.knows(prefix)
        if not used or len(prefix) < PREFIX_LEAST:
            prefix = ()
        for task in members:
            task.line.prefix = len(prefix)
        groups.setdefault(prefix, []).extend(members)
    batches = []
    for members in groups.values():
        members.sort(key=lambda task: -len(task.line.prompt))
        batches += [members[start : start + size] for start in range(0, len(members), size)]
    return batches


def _advance(task: Task, loaded: Loaded, *, cancelled: bool) -> Iterator[Item]:
    """Give out what a step added to an answer, and the answer itself where the step was its last."""
    line = task.line
    if task.first is None and (line.written or line.ended):
        task.first = line.elapsed
    whole = _text(task, loaded)
    new = task.draft.grow(whole)
    if new:
        yield task.index, Delta(text=new)
    full = len(line.written) >= task.limit and not task.options
    if not (line.ended or task.draft.stopped or full or cancelled):
        return
    line.done = True
    rest = task.draft.finish(whole)
    if rest:
        yield task.index, Delta(text=rest)
    finish: Finish = "stop" if line.ended or task.draft.stopped else "length" if full else "cancelled"
    yield task.index, _finished(task, task.draft.text, finish)


def _text(task: Task, loaded: Loaded) -> str:
    """What stands in the answer so far; a chosen one as it was given, whatever its tokens come out as."""
    chosen: int | None = task.line.chosen
    if chosen is not None:
        return task.request.choices[chosen]
    text: str = loaded.tokenizer.decode(task.line.written, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return text


def _finished(task: Task, text: str, finish: Finish) -> Answer:
    line = task.line
    tokens = len(line.written) + line.ended
    return Answer(
        text=text,
        hits=task.request.hits,
        finish=finish,
        prompt=task.request.hash,
        usage=Usage(input_tokens=len(line.prompt), output_tokens=len(line.written)),
        seconds={"first_token": task.first or 0.0, "generate": line.seconds},
        log_probability=line.log_probability / tokens if tokens else None,
    )


def _too_long(prompt: tuple[list[int], int], context: int | None, *, room: int) -> Failure | None:
    tokens = len(prompt[0])
    if context is None or tokens + room <= context:
        return None
    return Failure(
        stage="generate",
        error="PromptTooLong",
        message=f"The prompt has {tokens} tokens and the model reads {context} at most, its answer included. Put fewer"
        " or shorter passages or examples into the prompt.",
        usage=Usage(input_tokens=tokens),
    )


def _no_memory(task: Task, reason: str) -> Failure:
    return Failure(
        stage="generate",
        error="OutOfMemory",
        message=f"Memory does not suffice for one prompt of {len(task.line.prompt)} tokens ({reason[:120]}). Close other"
        " programs, or take a smaller model, a shorter prompt or a narrower dtype.",
        transient=True,
        usage=Usage(input_tokens=len(task.line.prompt), output_tokens=len(task.line.written)),
    )


def _out_of_memory(error: Exception) -> bool:
    said = str(error).lower()
    return isinstance(error, MemoryError) or "out of memory" in said or "can't allocate memory" in said


def _give_back(device: str) -> None:
    """Let the accelerator have the blocks back that torch keeps for later."""
    import torch

    if device.startswith("cuda"):
        torch.cuda.empty_cache()


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    for place, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return place
    return min(len(one), len(other))


def _ends(model: Any, tokenizer: Any) -> frozenset[int]:
    given = [getattr(model.generation_config, "eos_token_id", None), model.config.eos_token_id, tokenizer.eos_token_id]
    flat = [token for item in given for token in (item if isinstance(item, list | tuple) else [item])]
    return frozenset(int(token) for token in flat if token is not None)


def _absolute(model: Any) -> bool:
    """Whether an encoder-decoder has learned positions, which end somewhere; T5's are relative and do not."""
    return model.config.model_type not in ("t5", "mt5", "umt5", "longt5", "switch_transformers")


def _version(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"no {package}"
