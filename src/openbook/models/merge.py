"""A LoRA adapter added into a model's weights: W + scale · B A.

Sums run in float64 and are rounded once. With an adapter stored in float16 every product and sum is exact, so the
merged weights are the same bits on every machine. Knows nothing of where either comes from.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PREFIX = "base_model.model."


def plain_lora(folder: Path) -> bool:
    """Whether an adapter is W + scale · B A on linear layers and nothing else, which is what `add_lora` can add."""
    config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    other = ("use_dora", "use_rslora", "modules_to_save", "rank_pattern", "alpha_pattern", "fan_in_fan_out")
    return (
        config.get("peft_type") == "LORA"
        and config.get("bias", "none") == "none"
        and not any(config.get(key) for key in other)
    )


def add_lora(model: Any, folder: Path, *, half: bool = False) -> int:
    """Add a plain LoRA adapter into a model's weights, in place.

    Args:
        model: A torch model in float32, freshly loaded.
        folder: PEFT adapter folder for which `plain_lora` holds.
        half: Round A and B to float16 first, for bits that do not depend on the machine.

    Returns:
        How many weight matrices changed.

    Raises:
        KeyError: The adapter names a layer that the model does not have.
        ValueError: A layer of the adapter has another shape than the model's.
    """
    import torch

    modules = dict(model.named_modules())
    changed = 0
    with torch.no_grad():
        for name, delta in deltas(folder, half=half):
            weight = modules[name].weight
            if weight.shape != delta.shape:
                raise ValueError(f"layer {name!r} is {tuple(weight.shape)} and its adapter {tuple(delta.shape)}")
            weight.copy_((weight.double() + delta.to(weight.device)).to(weight.dtype))
            changed += 1
    return changed


def deltas(folder: Path, *, half: bool = False) -> Iterator[tuple[str, Any]]:
    """(layer name, float64 matrix to add) for every layer of a plain LoRA adapter."""
    import torch
    from safetensors.torch import load_file

    config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    scale = config["lora_alpha"] / config["r"]
    tensors = load_file(folder / "adapter_model.safetensors")
    middle = torch.float16 if half else torch.float64
    for key in sorted(tensors):
        if not key.endswith(".lora_A.weight"):
            continue
        layer = key.removesuffix(".lora_A.weight")
        a, b = tensors[key].to(middle).double(), tensors[f"{layer}.lora_B.weight"].to(middle).double()
        yield layer.removeprefix(PREFIX), scale * (b @ a)
