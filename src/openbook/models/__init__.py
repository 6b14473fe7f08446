"""Local models: a name to a folder, its hashes, its kind; the machine's device and dtype; loading.

Importing it loads no heavy package, and neither does `locate` for a folder or a built-in that is there. Knows nothing
of prompts, generation or training.

names.py      what a name stands for, and where it lies
hashes.py     what a folder's weights and tokenizer are, by content
fetch.py      the one place that downloads, and only on request
merge.py      a LoRA adapter added into the weights
hardware.py   what this machine does fast
loading.py    folder to tokenizer and model, in memory
"""

from openbook.models.fetch import get
from openbook.models.hardware import Machine, machine, resolve_device, resolve_dtype
from openbook.models.hashes import config_hash, home, weights_hash
from openbook.models.loading import load_model, load_tokenizer
from openbook.models.names import BuiltIn, LocalModel, builtin, describe, is_local, locate

__all__ = [
    "BuiltIn",
    "LocalModel",
    "Machine",
    "builtin",
    "config_hash",
    "describe",
    "get",
    "home",
    "is_local",
    "load_model",
    "load_tokenizer",
    "locate",
    "machine",
    "resolve_device",
    "resolve_dtype",
    "weights_hash",
]
