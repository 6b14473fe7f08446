"""Adapters on disk: the manifest that makes a folder a finished adapter, and the fingerprint that finds it again.

Knows nothing of how an adapter is trained; imports no heavy package.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from openbook.core.ids import digest
from openbook.core.types import Adapter, Row, Tuning
from openbook.models import LocalModel
from openbook.workspace import read_json, write_json

MANIFEST = "manifest.json"
SCHEMA = 1
VERSION = 2
"""Raised whenever the same arguments would train another adapter: part of every adapter's fingerprint."""

PACKAGES = ("openbook", "torch", "transformers", "peft")


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """What an adapter weighs.

    Attributes:
        stored_bytes: Of its weights and their settings on disk.
        trainable: Weights that were learned; None where its trainer did not say.
        peak_bytes: The most memory that its training held at once; None where nothing said so.
    """

    stored_bytes: int
    trainable: int | None
    peak_bytes: int | None


def adapter_fingerprint(
    model: LocalModel | None,
    rows: Sequence[Row],
    dev: Sequence[Row],
    tuning: Tuning,
    *,
    trainer: str,
    dtype: str,
    extra: Any = None,
) -> str:
    """What an adapter is made from, as 16 hexadecimal digits; found without loading a model or a tokenizer.

    The rows' text together with the hash of the tokenizer and its chat template stands for the rendered ids.

    Args:
        tuning: As given or resolved: a left-open rate counts as left open.
        dtype: Resolved compute type (`float32`, `bfloat16`): the same rows in another precision are another adapter.
        extra: JSON-like value that also counts (index content and retrieval settings of a hybrid adapter).
    """
    return digest(
        {
            "version": VERSION,
            "trainer": trainer,
            "base": "" if model is None else model.weights,
            "tokenizer": "" if model is None else model.tokenizer,
            "rows": [_row(row) for row in rows],
            "dev": [_row(row) for row in dev],
            "tuning": asdict(tuning),
            "dtype": dtype,
            "extra": extra,
        }
    )


def _row(row: Row) -> list[Any]:
    return [[[message.role, message.content] for message in row.messages], row.completion]


def begin(folder: Path) -> None:
    """Make the folder of an adapter, unfinished from now on even where another adapter was finished in it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST).unlink(missing_ok=True)


def write_manifest(
    folder: Path, adapter: Adapter, *, trainer: str, model: LocalModel | None, tuning: Tuning, extra: Mapping[str, Any]
) -> None:
    """Declare a folder finished; must be the last file that is written to it.

    Args:
        extra: Further JSON-like facts (length report, dtype) that a reader of the manifest may want.
    """
    manifest = {
        **extra,
        "schema": SCHEMA,
        "trainer": trainer,
        "fingerprint": adapter.fingerprint,
        "base": adapter.base,
        "base_name": "" if model is None else model.name,
        "tokenizer": "" if model is None else model.tokenizer,
        "method": tuning.method,
        "tuning": asdict(tuning),
        "rows": adapter.rows,
        "tokens": adapter.tokens,
        "steps": adapter.steps,
        "seconds": adapter.seconds,
        "losses": [list(pair) for pair in adapter.losses],
        "dev_loss": adapter.dev_loss,
        "packages": _packages(),
    }
    write_json(folder / MANIFEST, manifest)


def load_adapter(folder: Path) -> Adapter | None:
    """The finished adapter in a folder, or None where there is none or its training has not finished."""
    manifest = read_json(folder / MANIFEST)
    if not isinstance(manifest, dict) or manifest.get("schema") != SCHEMA:
        return None
    return Adapter(
        folder=str(folder),
        fingerprint=str(manifest["fingerprint"]),
        base=str(manifest["base"]),
        rows=int(manifest["rows"]),
        tokens=int(manifest["tokens"]),
        steps=int(manifest["steps"]),
        seconds=float(manifest["seconds"]),
        losses=tuple((int(step), float(loss)) for step, loss in manifest["losses"]),
        dev_loss=None if manifest["dev_loss"] is None else float(manifest["dev_loss"]),
    )


def weigh(folder: Path) -> Weight:
    """What the finished adapter in a folder weighs."""
    manifest = read_json(folder / MANIFEST) or {}
    files = [file for file in folder.iterdir() if file.is_file() and file.name != MANIFEST]
    return Weight(
        stored_bytes=sum(file.stat().st_size for file in files),
        trainable=manifest.get("trainable"),
        peak_bytes=manifest.get("peak_bytes"),
    )


def _packages() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
