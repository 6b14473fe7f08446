"""The trainer for local models: LoRA, QLoRA or all weights, causal or seq2seq, in one plain loop.

Killed at any moment, a second call goes on from the last checkpoint and ends in the same weights, bit for bit.
Knows nothing of what the rows mean.
"""

import inspect
import math
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from openbook.core.errors import ModelError, UsageError
from openbook.core.ids import digest
from openbook.core.protocols import Progress, silent
from openbook.core.types import Adapter, Row, Tuning
from openbook.models import LocalModel, load_tokenizer, resolve_device, resolve_dtype, weights_hash
from openbook.tune import presets
from openbook.tune.adapters import begin, load_adapter, write_manifest
from openbook.tune.batches import Family, families, micro_batches, plan_steps
from openbook.tune.checkpoint import FOLDER, Position, load_state, save_state
from openbook.tune.loss import Batch, causal_batch, family_batch, seq2seq_batch, summed_loss
from openbook.tune.network import build, save_network, trainable
from openbook.tune.rows import EncodedRow, Lengths, encode_rows

CLIP = 1.0
CHECKPOINT_SECONDS = 30.0
BUDGETS = {"cpu": 2048, "mps": 4096, "cuda": 16384}
"""Padded tokens of one forward and backward; a step is cut into as many as it takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """All that the loop reads: encoded rows, the rows of each step, and hyperparameters."""

    rows: Sequence[EncodedRow]
    dev: Sequence[EncodedRow]
    steps: Sequence[tuple[int, ...]]
    per_pass: int
    tuning: Tuning
    budget: int


class PeftTrainer:
    """Trains on rows with a local base model.

    Args:
        model: The base; its files are read and never written.
        device: `auto`, `cpu`, `cuda` or `mps`.
        checkpoint_seconds: Time between two checkpoints within a pass.
    """

    def __init__(
        self, model: LocalModel | None, *, device: str = "auto", checkpoint_seconds: float = CHECKPOINT_SECONDS
    ) -> None:
        if model is None or model.kind not in ("causal", "seq2seq"):
            shown = "no local model" if model is None else f"{model.name!r}, which writes no text,"
            raise UsageError(
                f"The trainer 'peft' was given {shown} to train. Name a local model under [model], such as 'smollm2'."
            )
        self._model = model
        self._device = resolve_device(device)
        self._checkpoint_seconds = checkpoint_seconds

    def train(
        self,
        rows: Sequence[Row],
        dev: Sequence[Row],
        tuning: Tuning,
        *,
        folder: Path,
        fingerprint: str,
        progress: Progress = silent,
    ) -> Adapter:
        """Train, or return what is finished already.

        Args:
            rows: What to learn; at least one.
            dev: Rows whose loss is measured at the end; may be empty.
            folder: Gets the adapter, and the checkpoint while under way.
            fingerprint: What the adapter is made from, by which it is found again.
            progress: Called with (steps done, steps in all, what) after every step.

        Raises:
            UsageError: No rows.
            ModelError: The base does not fit into memory, or its files changed meanwhile.
            MissingExtra: `qlora` without bitsandbytes.
            DiskFull: No room; the last checkpoint is kept.
        """
        finished = load_adapter(folder)
        if finished is not None and finished.fingerprint == fingerprint:
            progress(finished.steps, finished.steps, "tune")
            return finished
        if not rows:
            raise UsageError("There are no rows to train on: every training example was filtered out or held back.")
        begin(folder)
        tuning = presets.resolve(tuning, parameters=self._model.parameters)
        with _own_random_numbers(tuning.seed, self._device), _memory_errors(self._model, tuning):
            return self._train(rows, dev, tuning, folder=folder, fingerprint=fingerprint, progress=progress)

    def _train(
        self,
        rows: Sequence[Row],
        dev: Sequence[Row],
        tuning: Tuning,
        *,
        folder: Path,
        fingerprint: str,
        progress: Progress,
    ) -> Adapter:
        model, device = self._model, torch.device(self._device)
        dtype = _training_dtype(tuning.dtype, self._device)
        network = build(model, tuning, dtype=dtype, device=self._device)
        lesson, lengths = self._lesson(rows, dev, tuning, context=_context(network))
        loop = Loop(network, model, lesson, dtype=dtype, device=device)
        start = Position(fingerprint=fingerprint, plan=digest([dtype, asdict(tuning), model.weights, _content(lesson)]))
        end = loop.run(start, folder / FOLDER, progress, every=self._checkpoint_seconds)
        dev_loss = loop.mean_loss(lesson.dev)
        self._assert_base_untouched()
        save_network(network, model, tuning, folder=folder)
        adapter = Adapter(
            folder=str(folder),
            fingerprint=fingerprint,
            base=model.weights,
            rows=len(rows),
            tokens=sum(len(lesson.rows[row].ids) for step in lesson.steps for row in step),
            steps=end.step,
            seconds=round(end.seconds, 3),
            losses=end.losses,
            dev_loss=dev_loss,
        )
        extra = {"dtype": dtype, "device": self._device, "lengths": asdict(lengths)}
        write_manifest(folder, adapter, trainer="peft", model=model, tuning=tuning, extra=extra)
        shutil.rmtree(folder / FOLDER, ignore_errors=True)
        return adapter

    def _lesson(
        self, rows: Sequence[Row], dev: Sequence[Row], tuning: Tuning, *, context: int
    ) -> tuple[Lesson, Lengths]:
        tokenizer, seq2seq = load_tokenizer(self._model), self._model.kind == "seq2seq"
        encoded, lengths = encode_rows(rows, tokenizer, seq2seq=seq2seq, max_tokens=tuning.max_tokens, context=context)
        held, _ = encode_rows(dev, tokenizer, seq2seq=seq2seq, max_tokens=lengths.limit, context=context)
        kin = families(encoded, largest=1 if seq2seq else tuning.batch)
        steps = plan_steps(encoded, kin, batch=tuning.batch, epochs=tuning.epochs, seed=tuning.seed)
        per_pass = math.ceil(len(encoded) / tuning.batch)
        budget = BUDGETS.get(self._device, BUDGETS["cpu"])
        return Lesson(rows=encoded, dev=held, steps=steps, per_pass=per_pass, tuning=tuning, budget=budget), lengths

    def _assert_base_untouched(self) -> None:
        if weights_hash(self._model.folder) != self._model.weights:
            raise ModelError(
                f"The weights in {str(self._model.folder)!r} changed while training on them, so the adapter fits"
                " neither the old ones nor the new ones. Nothing was saved; run the same command again."
            )


class Loop:
    """Steps over a lesson: forward, backward, clip, update, checkpoint."""

    def __init__(self, network: Any, model: LocalModel, lesson: Lesson, *, dtype: str, device: torch.device) -> None:
        self._network = network
        self._seq2seq = model.kind == "seq2seq"
        self._lesson = lesson
        self._dtype = getattr(torch, dtype)
        self._device = device
        self._share = not self._seq2seq and self._reads_families_right()
        self._weights = trainable(network)
        self._optimiser = torch.optim.AdamW(
            self._weights.values(), lr=lesson.tuning.rate, weight_decay=lesson.tuning.weight_decay
        )

    def run(self, start: Position, folder: Path, progress: Progress, *, every: float) -> Position:
        """All steps that are not done yet; `start` says which training this is."""
        position = load_state(folder, start, self._weights, self._optimiser, self._device) or start
        total = len(self._lesson.steps)
        progress(position.step, total, "tune")
        saved = begun = time.monotonic()
        spent = position.seconds
        # Without dropout asked for, the base's own (T5 has some by default) is off too: it costs, and it blurs few rows.
        self._network.train(self._lesson.tuning.dropout > 0)
        while position.step < total:
            position = self._after_step(position)
            now = time.monotonic()
            position = replace(position, seconds=spent + now - begun)
            ends_pass = position.step % self._lesson.per_pass == 0 or position.step == total
            if ends_pass or now - saved >= every:
                save_state(folder, position, self._weights, self._optimiser, self._device)
                saved = time.monotonic()
            progress(position.step, total, "tune")
        return position

    def mean_loss(self, rows: Sequence[EncodedRow]) -> float | None:
        """Loss per answer token over rows; None of none."""
        if not rows:
            return None
        self._network.eval()
        groups = micro_batches(rows, budget=self._lesson.budget, share=self._share)
        with torch.no_grad():
            total = sum(float(self._loss(rows, group)) for group in groups)
        return total / sum(row.answer_tokens for row in rows)

    def _reads_families_right(self) -> bool:
        """Whether this architecture gives a family in one piece the loss of its rows apart; asked, not assumed.

        Some take no mask of four dimensions or no positions; they get padded rows.
        """
        rows = self._lesson.rows
        family = next((family for family in families(rows, largest=2) if family.shared), None)
        if family is None or "position_ids" not in inspect.signature(type(_base(self._network)).forward).parameters:
            return False
        self._network.eval()
        try:
            with torch.no_grad():
                together = float(self._loss(rows, family))
        except (TypeError, ValueError, IndexError, RuntimeError):
            return False
        with torch.no_grad():
            apart = float(self._loss(rows, Family(rows=family.rows)))
        return math.isclose(together, apart, rel_tol=0.02, abs_tol=0.02)

    def _after_step(self, position: Position) -> Position:
        chosen = [self._lesson.rows[index] for index in self._lesson.steps[position.step]]
        tokens = sum(row.answer_tokens for row in chosen)
        total = 0.0
        for group in micro_batches(chosen, budget=self._lesson.budget, share=self._share):
            loss = self._loss(chosen, group)
            (loss / tokens).backward()
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(self._weights.values(), CLIP)
        for parameters in self._optimiser.param_groups:
            parameters["lr"] = rate_at(position.step, len(self._lesson.steps), self._lesson.tuning)
        self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)
        return _noted(position, total, tokens, steps=len(self._lesson.steps))

    def _loss(self, rows: Sequence[EncodedRow], group: Family) -> torch.Tensor:
        mixed = self._dtype != torch.float32
        with torch.autocast(self._device.type, dtype=self._dtype, enabled=mixed):
            return summed_loss(self._network, self._batch([rows[index] for index in group.rows], group.shared))

    def _batch(self, rows: Sequence[EncodedRow], shared: int) -> Batch:
        if shared:
            return family_batch(rows, shared=shared, dtype=self._dtype, device=self._device)
        config = self._network.config
        pad = config.pad_token_id if isinstance(config.pad_token_id, int) else 0
        if self._seq2seq:
            return seq2seq_batch(rows, pad=pad, start=config.decoder_start_token_id, device=self._device)
        return causal_batch(rows, pad=pad, device=self._device)


def rate_at(step: int, steps: int, tuning: Tuning) -> float:
    """Learning rate of a step: rising over the warm-up, then half a cosine down to nearly nothing."""
    warmup = math.ceil(steps * tuning.warmup)
    if step < warmup:
        return tuning.rate * (step + 1) / warmup
    done = (step - warmup) / max(steps - warmup, 1)
    return tuning.rate * 0.5 * (1 + math.cos(math.pi * done))


def _noted(position: Position, loss: float, tokens: int, *, steps: int) -> Position:
    """One step further; about a hundred points of the loss curve are kept, whatever the length."""
    step = position.step + 1
    summed = (position.pending[0] + loss, position.pending[1] + tokens)
    if step % max(steps // 100, 1) and step != steps:
        return replace(position, step=step, pending=summed)
    point = (step, round(summed[0] / summed[1], 6))
    return replace(position, step=step, losses=(*position.losses, point), pending=(0.0, 0))


def _base(network: Any) -> Any:
    return network.get_base_model() if hasattr(network, "get_base_model") else network


def _content(lesson: Lesson) -> str:
    return digest([[[row.ids, row.labels] for row in lesson.rows], lesson.steps, lesson.budget])


def _context(network: Any) -> int:
    """Tokens that the model can read at most; 0 where its positions are relative and have no end."""
    found = getattr(network.config, "max_position_embeddings", None)
    return found if isinstance(found, int) else 0


def _training_dtype(dtype: str, device: str) -> str:
    """Half precision without scaled losses loses small gradients, so float16 machines train in float32."""
    resolved = resolve_dtype(dtype, device)
    return "float32" if resolved == "float16" else resolved


@contextmanager
def _own_random_numbers(seed: int, device: str) -> Iterator[None]:
    """Seeded inside, and the caller's random numbers go on outside as if nothing had been."""
    devices = [torch.cuda.current_device()] if device == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield


@contextmanager
def _memory_errors(model: LocalModel, tuning: Tuning) -> Iterator[None]:
    try:
        yield
    except (torch.cuda.OutOfMemoryError, MemoryError) as error:
        raise ModelError(
            f"Not enough memory to train {model.name!r} with method {tuning.method!r}. Set a smaller [tune]"
            ' max_tokens or batch, use method = "qlora", or a smaller model.'
        ) from error
