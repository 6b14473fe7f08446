"""The training loop: forward, backward, clip, update, checkpoint, step by step over a lesson.

Knows encoded rows and a network; nothing of tokenizers, adapters on disk or what the rows mean.
"""

import inspect
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from openbook.core.protocols import Progress
from openbook.core.types import Tuning
from openbook.tune.batches import Family, families, micro_batches
from openbook.tune.checkpoint import Position, load_state, save_state
from openbook.tune.loss import Batch, causal_batch, family_batch, seq2seq_batch, summed_loss
from openbook.tune.network import trainable
from openbook.tune.rows import EncodedRow

CLIP = 1.0
"""Largest norm of a step's gradient."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """All that the loop reads: encoded rows, the rows of each step, and hyperparameters."""

    rows: Sequence[EncodedRow]
    dev: Sequence[EncodedRow]
    steps: Sequence[tuple[int, ...]]
    per_pass: int
    tuning: Tuning
    budget: int


class Loop:
    """Steps over a lesson: forward, backward, clip, update, checkpoint."""

    def __init__(self, network: Any, lesson: Lesson, *, seq2seq: bool, dtype: str, device: torch.device) -> None:
        self._network = network
        self._seq2seq = seq2seq
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
