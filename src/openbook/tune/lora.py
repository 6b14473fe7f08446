"""The trainer for local models: LoRA, QLoRA or all weights, causal or seq2seq, in one plain loop.

Killed at any moment, a second call goes on from the last checkpoint and ends in the same weights, bit for bit.
Knows nothing of what the rows mean.
"""

import math
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from openbook.core.errors import ModelError, UsageError
from openbook.core.ids import digest
from openbook.core.protocols import Progress, silent
from openbook.core.types import Adapter, Row, Tuning
from openbook.models import LocalModel, load_tokenizer, machine, resolve_device, resolve_dtype, weights_hash
from openbook.tune import presets
from openbook.tune.adapters import begin, load_adapter, write_manifest
from openbook.tune.batches import families, plan_steps
from openbook.tune.checkpoint import FOLDER, Position
from openbook.tune.loop import Lesson, Loop
from openbook.tune.memory import peak_bytes, start_watching
from openbook.tune.network import build, save_network, trainable
from openbook.tune.rows import Lengths, encode_rows

CHECKPOINT_SECONDS = 30.0
BUDGETS = {"cpu": 2048, "mps": 4096, "cuda": 16384}
"""Padded tokens of one forward and backward; a step is cut into as many as it takes."""


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
            shutil.rmtree(folder / FOLDER, ignore_errors=True)  # a kill may have come right before this was done
            progress(finished.steps, finished.steps, "tune")
            return finished
        if not rows:
            raise UsageError("There are no rows to train on: every training example was filtered out or held back.")
        begin(folder)
        tuning = presets.resolve(tuning, parameters=self._model.parameters, rows=len(rows))
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
        watched = start_watching(device)
        network = build(model, tuning, dtype=dtype, device=self._device)
        lesson, lengths = self._lesson(rows, dev, tuning, context=_context(network))
        loop = Loop(network, lesson, seq2seq=model.kind == "seq2seq", dtype=dtype, device=device)
        start = Position(fingerprint=fingerprint, plan=digest([dtype, asdict(tuning), model.weights, _content(lesson)]))
        end = loop.run(start, folder / FOLDER, progress, every=self._checkpoint_seconds)
        peak = peak_bytes(device) if watched else None
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
        extra = {
            "dtype": dtype,
            "device": self._device,
            "lengths": asdict(lengths),
            "cpu": machine().cpu,
            "peak_bytes": peak,
            "trainable": sum(weight.numel() for weight in trainable(network).values()),
        }
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
        budget = BUDGETS[torch.device(self._device).type]
        return Lesson(rows=encoded, dev=held, steps=steps, per_pass=per_pass, tuning=tuning, budget=budget), lengths

    def _assert_base_untouched(self) -> None:
        if weights_hash(self._model.folder) != self._model.weights:
            raise ModelError(
                f"The weights in {str(self._model.folder)!r} changed while training on them, so the adapter fits"
                " neither the old ones nor the new ones. Nothing was saved; run the same command again."
            )


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
    devices = [torch.device(device)] if device.startswith("cuda") else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield


@contextmanager
def _memory_errors(model: LocalModel, tuning: Tuning) -> Iterator[None]:
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not isinstance(error, MemoryError) and "memory" not in str(error).lower():
            raise
        raise ModelError(
            f"Not enough memory to train {model.name!r} with method {tuning.method!r}. Set a smaller [tune]"
            ' max_tokens or batch, use method = "qlora", or a smaller model.'
        ) from error
