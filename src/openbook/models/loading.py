"""A model folder to a tokenizer and a model in memory, safetensors only and never with code from the folder.

torch and transformers load when a function is called. Knows nothing of prompts or adapters.
"""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from openbook.core.errors import MissingExtra, ModelError
from openbook.models.names import LocalModel


def load_tokenizer(model: LocalModel) -> Any:
    """The tokenizer (transformers' `PreTrainedTokenizerBase`).

    Raises:
        MissingExtra: transformers is not installed.
        ModelError: The folder's tokenizer does not load.
    """
    need("transformers")
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(model.folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise _broken("tokenizer", model, error) from error


def load_model(model: LocalModel, *, dtype: str, device: str) -> Any:
    """The model, in evaluation mode on its device.

    Args:
        dtype: `float32`, `bfloat16` or `float16` (see `resolve_dtype`).
        device: `cpu`, `cuda`, `cuda:1`, `mps` (see `resolve_device`).

    Raises:
        MissingExtra: torch or transformers is not installed.
        ModelError: The folder's model does not load.
    """
    need("torch", "transformers")
    import torch
    import transformers

    heads = {"causal": "AutoModelForCausalLM", "seq2seq": "AutoModelForSeq2SeqLM", "encoder": "AutoModel"}
    head = getattr(transformers, heads[model.kind])
    try:
        with quiet():
            loaded = head.from_pretrained(
                model.folder,
                dtype=getattr(torch, dtype),
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
            )
    except (OSError, ValueError, KeyError) as error:
        raise _broken("model", model, error) from error
    return loaded.to(device).eval()


def need(*packages: str) -> None:
    """Raise MissingExtra for the first package of the `local` extra that is not installed."""
    for package in packages:
        if importlib.util.find_spec(package) is None:
            raise MissingExtra(package, "local")


@contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers' own progress bars off the terminal; ours says what is going on."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _broken(part: str, model: LocalModel, error: Exception) -> ModelError:
    first = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
    return ModelError(f"The {part} of {model.name!r} in {str(Path(model.folder))!r} does not load: {first}")
