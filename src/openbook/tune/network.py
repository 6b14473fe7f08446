"""The network that is trained: a base model with what `lora`, `qlora` or `full` makes trainable in it, and its saving.

One road for causal and seq2seq models. Knows nothing of rows, steps or checkpoints.
"""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict, prepare_model_for_kbit_training
from safetensors.torch import save

from openbook.core.errors import MissingExtra
from openbook.core.types import Tuning
from openbook.models import LocalModel, load_model, load_tokenizer
from openbook.tune.checkpoint import room_errors, write_bytes

TASKS = {"causal": "CAUSAL_LM", "seq2seq": "SEQ_2_SEQ_LM"}


def build(model: LocalModel, tuning: Tuning, *, dtype: str, device: str) -> Any:
    """The base model with trainable weights in float32; what is not trained stays frozen, in `dtype`.

    Args:
        tuning: Resolved: rank and alpha given.
        dtype: What the frozen weights are kept in; with `full` all weights are kept in float32.
    """
    if tuning.method == "full":
        network = load_model(model, dtype="float32", device=device)
        network.requires_grad_(True)
        return network
    if tuning.method == "qlora":
        network = prepare_model_for_kbit_training(
            _four_bit(model, dtype=dtype, device=device), use_gradient_checkpointing=False
        )
    else:
        network = load_model(model, dtype=dtype, device=device)
    return get_peft_model(
        network,
        LoraConfig(
            r=tuning.rank,
            lora_alpha=tuning.alpha,
            lora_dropout=tuning.dropout,
            target_modules="all-linear",
            task_type=TASKS[model.kind],
        ),
    )


def trainable(network: Any) -> dict[str, torch.nn.Parameter]:
    """The weights that are learned, by name."""
    return {name: weight for name, weight in network.named_parameters() if weight.requires_grad}


def save_network(network: Any, model: LocalModel, tuning: Tuning, *, folder: Path) -> None:
    """Write a PEFT adapter, or with `full` a whole model folder with its tokenizer; safetensors only.

    Raises:
        DiskFull: No room in the folder.
    """
    if tuning.method == "full":
        with room_errors(str(folder)):
            network.save_pretrained(folder, safe_serialization=True)
            load_tokenizer(model).save_pretrained(folder)
        return
    tensors = get_peft_model_state_dict(network, save_embedding_layers=False)
    whole = {name: tensor.detach().contiguous().cpu() for name, tensor in tensors.items()}
    write_bytes(folder / "adapter_model.safetensors", save(whole, metadata={"format": "pt"}))
    write_bytes(folder / "adapter_config.json", _adapter_config(network, model).encode())


def _adapter_config(network: Any, model: LocalModel) -> str:
    """The config as PEFT writes it, its sets in sorted order: the same training gives the same bytes."""
    config = network.peft_config["default"].to_dict()
    config |= {"base_model_name_or_path": model.name, "inference_mode": True}
    plain = {key: sorted(value) if isinstance(value, set) else value for key, value in config.items()}
    return json.dumps(plain, indent=1, sort_keys=True) + "\n"


def _four_bit(model: LocalModel, *, dtype: str, device: str) -> Any:
    if find_spec("bitsandbytes") is None:
        raise MissingExtra("bitsandbytes", "qlora")
    from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, BitsAndBytesConfig

    kind = AutoModelForSeq2SeqLM if model.kind == "seq2seq" else AutoModelForCausalLM
    quantised = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=getattr(torch, dtype),
    )
    return kind.from_pretrained(
        model.folder,
        quantization_config=quantised,
        device_map={"": device},
        dtype=getattr(torch, dtype),
        use_safetensors=True,
        trust_remote_code=False,
    )
