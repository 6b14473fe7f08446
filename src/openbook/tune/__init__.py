"""Rows to an adapter: learning prompts and their answers, resumably. Knows nothing of retrieval, arms or scores.

A trainer is made with `(model: LocalModel | None, *, device: str)`.
"""

from openbook.core.registry import Registry
from openbook.tune.adapters import adapter_fingerprint, load_adapter

TRAINERS = Registry(
    "trainer",
    {
        "peft": "openbook.tune.lora:PeftTrainer",
        "memorise": "openbook.tune.memorise:MemoriseTrainer",
    },
)

__all__ = ["TRAINERS", "adapter_fingerprint", "load_adapter"]
