"""A trained adapter put on a local model: does it fit, what is it, and the merge. Base files are never written.

Merged, an adapter costs nothing per token. Knows nothing of how it was trained; torch loads when a model does.
"""

import json
from pathlib import Path
from typing import Any

from openbook.core.errors import AdapterMismatch, ModelError
from openbook.core.ids import digest, file_sha256
from openbook.models import LocalModel, describe, load_model
from openbook.models.loading import need, quiet
from openbook.models.merge import add_lora, plain_lora


def adapter_fingerprint(folder: Path, model: LocalModel) -> str:
    """The adapter's fingerprint: its manifest's, or a hash of its files for an adapter trained elsewhere.

    Raises:
        ModelError: The folder holds no finished adapter.
        AdapterMismatch: It was trained on other base weights.
    """
    manifest = _json(folder / "manifest.json")
    base = manifest.get("base")
    if base and base != model.weights:
        name = manifest.get("base_name") or "another model"
        raise AdapterMismatch(
            f"The adapter in {str(folder)!r} was trained on {name!r} (weights {base}) and {model.name!r} has weights"
            f" {model.weights}: an adapter fits only the weights it was trained on. Train it again with: openbook tune"
        )
    if manifest.get("fingerprint"):
        return str(manifest["fingerprint"])
    if whole_model(folder):
        return describe(model.name, folder).weights
    weights, config = folder / "adapter_model.safetensors", folder / "adapter_config.json"
    if not weights.exists() or not config.exists():
        raise ModelError(
            f"{str(folder)!r} holds no finished adapter: it needs adapter_config.json and adapter_model.safetensors"
            " (other formats can carry code and are not loaded)."
        )
    return digest([file_sha256(weights), file_sha256(config)])


def whole_model(folder: Path) -> bool:
    """All weights were trained, and lie in the folder instead of a difference to the base."""
    return (folder / "config.json").exists() and not (folder / "adapter_config.json").exists()


def load_with_adapter(model: LocalModel, folder: Path, *, dtype: str, device: str) -> Any:
    """The base with its adapter merged, in evaluation mode.

    The sum is made in the wider of the file's and the wanted precision, then cast.

    Raises:
        AdapterMismatch: A layer of the adapter does not fit.
    """
    if whole_model(folder):
        return load_model(describe(model.name, folder), dtype=dtype, device=device)
    import torch

    loaded = load_model(model, dtype=_sum_dtype(model, dtype), device="cpu")
    try:
        merged = _merged(loaded, folder)
    except (KeyError, ValueError, RuntimeError) as error:
        raise AdapterMismatch(
            f"The adapter in {str(folder)!r} does not fit {model.name!r}: {str(error)[:200]}. An adapter fits only the"
            " base it was trained on."
        ) from error
    return merged.to(dtype=getattr(torch, dtype), device=device).eval()


def _merged(loaded: Any, folder: Path) -> Any:
    if plain_lora(folder):
        add_lora(loaded, folder)
        return loaded
    need("peft")
    from peft import PeftModel

    with quiet():
        return PeftModel.from_pretrained(loaded, str(folder), is_trainable=False).merge_and_unload()


def _sum_dtype(model: LocalModel, dtype: str) -> str:
    config = _json(model.folder / "config.json")
    stored = str(config.get("dtype") or config.get("torch_dtype") or "float32")
    return dtype if stored == dtype else "float32"


def _json(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ModelError(f"{str(file)!r} is not valid JSON: {error}.") from error
    return value if isinstance(value, dict) else {}
