"""The embedded embedder: all-MiniLM-L6-v2 through transformers. Knows nothing of stores.

Mean of the last hidden states over the text's tokens, L2-normalised, as its authors use it
(https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2). Torch is loaded at the first text, not before.
"""

from collections.abc import Sequence
from functools import cached_property
from threading import Lock
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from openbook.core.ids import digest
from openbook.core.protocols import Vector
from openbook.core.types import Failure
from openbook.models import describe, load_model, resolve_device, resolve_dtype, weights_hash
from openbook.retrieve.texts import problem
from openbook.retrieve.tokens import load_tokenizer, minilm_folder

MAX_TOKENS = 256


class MiniLM:
    """Texts to vectors of 384 numbers; of a long text its first 256 tokens count.

    Args:
        dtype: `auto` (what the device does fast), `float32`, `bfloat16` or `float16`; vectors are float32 always.
        device: `auto`, `cpu`, `cuda` or `mps`.
        batch: Texts computed together.

    Raises:
        MissingExtra: The model's package is not installed.
    """

    dimension = 384

    def __init__(self, *, dtype: str = "auto", device: str = "auto", batch: int = 16) -> None:
        self._folder = minilm_folder()
        self._dtype = dtype
        self._device = device
        self._batch = batch
        self._lock = Lock()

    @cached_property
    def fingerprint(self) -> str:
        """Weights, pooling and cut; not the dtype, whose vectors differ by less than .0002 in cosine."""
        return "minilm-" + digest([weights_hash(self._folder), "mean", "l2", MAX_TOKENS])

    def embed(self, texts: Sequence[str], *, kind: Literal["passage", "query"]) -> list[Vector | Failure]:
        """One L2-normalised float32 vector for each text, in order.

        A Failure stands in place of what is no text or an empty one. The model takes passages and queries alike.
        """
        results: list[Vector | Failure | None] = [problem(text, stage="embed") for text in texts]
        good = [index for index, result in enumerate(results) if result is None]
        if good:
            for index, vector in zip(good, self._vectors([texts[index] for index in good]), strict=True):
                results[index] = vector
        return [result for result in results if result is not None]

    def _vectors(self, texts: list[str]) -> NDArray[np.float32]:
        encoded = [encoding.ids for encoding in self._tokenizer.encode_batch(texts)]
        # Texts of one length together: hardly any padding is computed.
        order = sorted(range(len(encoded)), key=lambda index: len(encoded[index]))
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for start in range(0, len(order), self._batch):
            rows = order[start : start + self._batch]
            vectors[rows] = self._forward([encoded[row] for row in rows])
        return vectors

    def _forward(self, rows: list[list[int]]) -> NDArray[np.float32]:
        import torch

        longest = max(len(row) for row in rows)
        ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
        mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
        model = self._model
        with torch.inference_mode():
            ids, mask = ids.to(model.device), mask.to(model.device)
            states = model(input_ids=ids, attention_mask=mask).last_hidden_state.float()
            weights = mask.unsqueeze(-1).float()
            means = (states * weights).sum(1) / weights.sum(1)
            unit = torch.nn.functional.normalize(means, dim=1)
        result: NDArray[np.float32] = unit.cpu().numpy()
        return result

    @cached_property
    def _tokenizer(self) -> Any:
        tokenizer = load_tokenizer(self._folder)
        tokenizer.enable_truncation(MAX_TOKENS)
        return tokenizer

    @property
    def _model(self) -> Any:
        # Two threads' first texts must not load it twice.
        with self._lock:
            return self._loaded

    @cached_property
    def _loaded(self) -> Any:
        device = resolve_device(self._device)
        return load_model(describe("minilm", self._folder), dtype=resolve_dtype(self._dtype, device), device=device)
