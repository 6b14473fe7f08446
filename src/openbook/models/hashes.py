"""What a model folder holds, by content: a hash of its tensors, its tokenizer, its settings. Standard library only.

Tensors are hashed one by one, read straight from the safetensors files, so that the same weights have the same hash
however they are split into files and whatever wrote the header. Knows nothing of names or of how models run.
"""

import hashlib
import json
import math
import os
from pathlib import Path
from typing import Any, BinaryIO

from openbook.core.errors import ModelError
from openbook.core.ids import LENGTH, digest

TOKENIZER_FILES = (
    "added_tokens.json",
    "chat_template.jinja",
    "chat_template.json",
    "merges.txt",
    "sentencepiece.bpe.model",
    "special_tokens_map.json",
    "spiece.model",
    "tokenizer.json",
    "tokenizer.model",
    "vocab.json",
    "vocab.txt",
)
VOLATILE = {"_from_model_config", "_name_or_path", "dtype", "is_local", "local_files_only", "name_or_path"}
VOLATILE |= {"torch_dtype", "transformers_version", "use_cache"}
BLOCK = 1 << 20


def home() -> Path:
    """Where models and caches lie: `$OPENBOOK_HOME`, else `~/.cache/openbook`."""
    chosen = os.environ.get("OPENBOOK_HOME", "")
    return Path(chosen).expanduser() if chosen else Path.home() / ".cache" / "openbook"


def weights_hash(folder: Path) -> str:
    """Hash of a folder's tensors, remembered against the files' sizes and times of change.

    Raises:
        ModelError: The folder holds no safetensors file, or a broken one.
    """
    return str(weights(folder)["hash"])


def weights(folder: Path) -> dict[str, Any]:
    """`{"hash": …, "parameters": …}` of a folder's safetensors files."""
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise ModelError(
            f"No *.safetensors file in {str(folder)!r}: Openbook loads weights in that format only, because others can"
            " carry code. Save the model with safetensors, or take a revision that has them."
        )
    state = [[file.name, file.stat().st_size, file.stat().st_mtime_ns] for file in files]
    key = str(folder.resolve())
    known = cached("hashes.json", key, state)
    if known is not None:
        return dict(known)
    tensors = sorted(tensor for file in files for tensor in _tensors(file))
    value = {"hash": digest(tensors), "parameters": sum(math.prod(shape) for _, _, shape, _ in tensors)}
    remember("hashes.json", key, state, value)
    return value


def tokenizer_hash(folder: Path) -> str:
    """Hash of everything that turns text into token ids, the chat template included."""
    parts: list[Any] = []
    for name in TOKENIZER_FILES:
        file = folder / name
        if file.exists():
            parts.append([name, hashlib.sha256(file.read_bytes()).hexdigest()])
    parts.append(_settings(folder / "tokenizer_config.json"))
    return digest(parts)


def config_hash(folder: Path) -> str:
    """Hash of the model's settings (`config.json`), less what does not change its output."""
    return digest(_settings(folder / "config.json"))


def _settings(file: Path) -> dict[str, Any]:
    if not file.exists():
        return {}
    return {key: value for key, value in json.loads(file.read_text(encoding="utf-8")).items() if key not in VOLATILE}


def _tensors(path: Path) -> list[tuple[str, str, list[int], str]]:
    """(name, dtype, shape, hash of the bytes) of every tensor in a safetensors file."""
    with path.open("rb") as file:
        try:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length)) if 0 < length <= path.stat().st_size else None
            if header is None:
                raise ValueError("its header is cut off")
            header.pop("__metadata__", None)
            return [_tensor(file, 8 + length, name, entry) for name, entry in header.items()]
        except (ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"{str(path)!r} is not a whole safetensors file ({error}). It was cut off or changed; fetch it again."
            ) from error


def _tensor(file: BinaryIO, base: int, name: str, entry: dict[str, Any]) -> tuple[str, str, list[int], str]:
    start, end = entry["data_offsets"]
    file.seek(base + start)
    seen, left = hashlib.sha256(), end - start
    while left > 0:
        block = file.read(min(BLOCK, left))
        if not block:
            raise ValueError(f"tensor {name!r} is cut off")
        seen.update(block)
        left -= len(block)
    return name, str(entry["dtype"]), [int(size) for size in entry["shape"]], seen.hexdigest()[: 2 * LENGTH]


def cached(name: str, key: str, state: Any) -> Any | None:
    """The value remembered in `home()/<name>` under a key, if it was computed from this very state."""
    try:
        entry = json.loads((home() / name).read_text(encoding="utf-8")).get(key)
    except (OSError, ValueError, AttributeError):
        return None
    return entry["value"] if isinstance(entry, dict) and entry.get("state") == state and "value" in entry else None


def remember(name: str, key: str, state: Any, value: Any) -> None:
    """Keep a value for `cached`. A home that cannot be written costs time at the next call, and nothing else."""
    path = home() / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            entries = json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            entries = {}
        entries = {known: entry for known, entry in entries.items() if not _vanished(known)}
        entries[key] = {"state": state, "value": value}
        part = path.with_name(f".{name}.{os.getpid()}.part")
        part.write_text(json.dumps(entries, indent=1, sort_keys=True), encoding="utf-8")
        os.replace(part, path)
    except OSError:
        return


def _vanished(key: str) -> bool:
    return key.startswith(os.sep) and not Path(key).exists()
