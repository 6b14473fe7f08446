"""How well a causal model foresees texts: the mean negative log-likelihood of a token, text by text.

Knows a network and token ids; nothing of files, adapters or what the texts are for.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from openbook.core.types import Failure


def text_ids(tokenizer: Any, text: object, *, context: int | None) -> list[int] | Failure:
    """Token ids of a text as it stands, with the tokenizer's own beginning and without an end.

    Args:
        context: The most tokens that the model reads; None where there is no such limit.
    """
    if not isinstance(text, str):
        return _unread("TypeError", f"{text!r} is no text.")
    ids = list(tokenizer(text).input_ids)
    if ids and ids[-1] == tokenizer.eos_token_id:
        ids.pop()
    if len(ids) < 2:
        return _unread("TextTooShort", "A text of fewer than two tokens has nothing to be foreseen.")
    if context is not None and len(ids) > context:
        return _unread("TextTooLong", f"The text has {len(ids)} tokens and the model reads {context} at most.")
    return ids


def batches(rows: Sequence[Sequence[int] | Failure], size: int) -> Iterator[list[int]]:
    """Places of rows that are of like length, longest first, so that a lack of memory shows at once."""
    places = sorted((p for p, row in enumerate(rows) if not isinstance(row, Failure)), key=lambda p: -_length(rows[p]))
    for start in range(0, len(places), size):
        yield places[start : start + size]


def mean_losses(network: Any, rows: Sequence[Sequence[int]]) -> list[float]:
    """Nats per token of each row of ids, its first token given; logits are taken to float32 before the logarithm.

    Rows are padded on the right and not masked: no position sees what comes after it.
    """
    import torch
    from torch.nn.functional import cross_entropy

    width = max(map(len, rows))
    ids = torch.tensor([[*row, *([0] * (width - len(row)))] for row in rows], device=network.device)
    with torch.inference_mode():
        logits = network(input_ids=ids, use_cache=False).logits
        found = [cross_entropy(logits[p, : len(r) - 1].float(), ids[p, 1 : len(r)]) for p, r in enumerate(rows)]
        return [float(loss) for loss in found]


def _length(row: Sequence[int] | Failure) -> int:
    return 0 if isinstance(row, Failure) else len(row)


def _unread(error: str, message: str) -> Failure:
    return Failure(stage="loss", error=error, message=message)
