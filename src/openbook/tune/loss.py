"""Loss on answer tokens of causal and seq2seq models, the vocabulary projection computed only where there is a label.

Knows encoded rows and a model; nothing of optimisers or files.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from openbook.core.errors import ModelError
from openbook.tune.rows import IGNORED, EncodedRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Padded tensors.

    Attributes:
        inputs: Arguments of the model's forward, each of shape (rows, tokens).
        labels: Label of each position that the vocabulary projection sees, `IGNORED` where there is none.
    """

    inputs: dict[str, torch.Tensor]
    labels: torch.Tensor


def causal_batch(rows: Sequence[EncodedRow], *, pad: int, device: torch.device) -> Batch:
    """Rows padded on the right; position t answers for the label at t + 1.

    No mask is needed, and attention is faster without: no position sees what comes after it, so none that counts sees
    padding.
    """
    ids = _padded([row.ids for row in rows], pad)
    labels = _padded([(*row.labels[1:], IGNORED) for row in rows], IGNORED)
    return Batch(inputs={"input_ids": ids.to(device)}, labels=labels.to(device))


def family_batch(rows: Sequence[EncodedRow], *, shared: int, dtype: torch.dtype, device: torch.device) -> Batch:
    """Rows with a common beginning as one sequence: the beginning once, then every row's rest beside the others.

    Each rest sees the beginning and itself, at the positions that it has in its own row, so the loss is that of the
    rows apart.

    Args:
        shared: How many first ids are common to the rows.
        dtype: Of the mask: what attention computes in.
    """
    ids, labels, places = list(rows[0].ids[:shared]), [IGNORED] * shared, list(range(shared))
    branch = [0] * shared
    for number, row in enumerate(rows, start=1):
        ids += row.ids[shared:]
        labels += [*row.labels[shared + 1 :], IGNORED]
        places += range(shared, len(row.ids))
        branch += [number] * (len(row.ids) - shared)
    inputs = {
        "input_ids": torch.tensor([ids], device=device),
        "position_ids": torch.tensor([places], device=device),
        "attention_mask": _branching_mask(torch.tensor(branch, device=device), dtype),
    }
    return Batch(inputs=inputs, labels=torch.tensor([labels], device=device))


def seq2seq_batch(rows: Sequence[EncodedRow], *, pad: int, start: int, device: torch.device) -> Batch:
    """Prompts for the encoder, answers shifted right by the `start` id for the decoder."""
    ids = _padded([row.ids for row in rows], pad)
    mask = _padded([[1] * len(row.ids) for row in rows], 0)
    decoder = _padded([(start, *row.labels[:-1]) for row in rows], pad)
    labels = _padded([row.labels for row in rows], IGNORED)
    inputs = {"input_ids": ids, "attention_mask": mask, "decoder_input_ids": decoder}
    return Batch(inputs={name: tensor.to(device) for name, tensor in inputs.items()}, labels=labels.to(device))


def summed_loss(model: Any, batch: Batch) -> torch.Tensor:
    """Cross-entropy summed over the labelled positions, in float32."""
    wanted = batch.labels != IGNORED
    with _projection_at(model, wanted):
        logits = model(**batch.inputs, use_cache=False).logits
    labels = batch.labels[wanted]
    if logits.shape[:2] != (1, labels.shape[0]):
        raise ModelError(
            f"The model {type(model).__name__!r} projects to the vocabulary in a way that training does not know: it"
            f" gave logits of shape {tuple(logits.shape)} for {labels.shape[0]} labels. Use another base model."
        )
    return cross_entropy(logits[0].float(), labels, reduction="sum")


@contextmanager
def _projection_at(model: Any, wanted: torch.Tensor) -> Iterator[None]:
    """Let the output layer see only the hidden states of the wanted positions, as one row of shape (1, n, width).

    Whatever the model does around its output layer (scaling, soft caps) still happens, and happens only there.
    """

    def select(_module: torch.nn.Module, arguments: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        return (arguments[0][wanted].unsqueeze(0), *arguments[1:])

    handle = model.get_output_embeddings().register_forward_pre_hook(select)
    try:
        yield
    finally:
        handle.remove()


def _branching_mask(branch: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Added to attention scores, shape (1, 1, tokens, tokens): 0 for what came before in the trunk (branch 0) or in
    the same branch, else the lowest number."""
    order = torch.arange(len(branch), device=branch.device)
    before = order[None, :] <= order[:, None]
    visible = before & ((branch[None, :] == branch[:, None]) | (branch[None, :] == 0))
    mask = torch.zeros(visible.shape, dtype=dtype, device=branch.device)
    return mask.masked_fill(~visible, torch.finfo(dtype).min)[None, None]


def _padded(rows: Sequence[Sequence[int]], value: int) -> torch.Tensor:
    width = max(len(row) for row in rows)
    return torch.tensor([[*row, *([value] * (width - len(row)))] for row in rows])
