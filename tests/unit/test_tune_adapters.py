"""Fingerprints, manifests and presets: no model, no torch."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from openbook.core.errors import UsageError
from openbook.core.types import Message, Row, Tuning
from openbook.models import LocalModel
from openbook.tune import TRAINERS, adapter_fingerprint, load_adapter
from openbook.tune.adapters import MANIFEST
from openbook.tune.memorise import MemoriseTrainer
from openbook.tune.presets import resolve

MODEL = LocalModel(name="m", folder=Path("m"), kind="causal", weights="w", tokenizer="t", parameters=135_000_000)
ROW = Row(messages=(Message(role="user", content="Passages:\n\n[a] x\n\nQuestion: how long?"),), completion="27 days")


def fingerprint(**changes: Any) -> str:
    given = {"model": MODEL, "rows": [ROW], "dev": [], "tuning": Tuning(), "trainer": "peft", "dtype": "float32"}
    given |= changes
    return adapter_fingerprint(
        given["model"],
        given["rows"],
        given["dev"],
        given["tuning"],
        trainer=given["trainer"],
        dtype=given["dtype"],
        extra=given.get("extra"),
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"model": replace(MODEL, weights="other")},
        {"model": replace(MODEL, tokenizer="other")},
        {"model": None},
        {"rows": [ROW, ROW]},
        {"rows": [replace(ROW, completion="28 days")]},
        {"dev": [ROW]},
        {"tuning": Tuning(seed=1)},
        {"tuning": Tuning(rate=0.1)},
        {"trainer": "memorise"},
        {"dtype": "bfloat16"},
        {"extra": ["index"]},
    ],
)
def test_whatever_changes_the_adapter_changes_its_fingerprint(changes: dict[str, Any]) -> None:
    assert fingerprint(**changes) != fingerprint()


@pytest.mark.parametrize(
    "changes",
    [{"model": replace(MODEL, name="other", folder=Path("elsewhere"))}, {"rows": [replace(ROW, example="e")]}],
)
def test_names_and_places_do_not_change_the_fingerprint(changes: dict[str, Any]) -> None:
    assert fingerprint(**changes) == fingerprint()


def test_left_open_hyperparameters_follow_the_size_of_the_model() -> None:
    small, large = (resolve(Tuning(rank=8), parameters=size, rows=1) for size in (135_000_000, 7_000_000_000))
    assert (small.rate, small.alpha) == (1e-3, 16)
    assert (large.rate, large.alpha) == (2e-4, 16)
    assert resolve(Tuning(method="full"), parameters=135_000_000, rows=1).rate < small.rate


def test_given_hyperparameters_are_left_as_they_are() -> None:
    given = Tuning(rank=8, rate=5e-4, alpha=8, batch=32)
    assert resolve(given, parameters=1, rows=1) == given


@pytest.mark.parametrize(("rows", "epochs", "batch"), [(20, 3, 2), (80, 5, 2), (187, 5, 4), (10_000, 1, 8)])
def test_few_rows_take_small_batches_so_that_there_are_enough_updates(rows: int, epochs: float, batch: int) -> None:
    assert resolve(Tuning(epochs=epochs), parameters=1, rows=rows).batch == batch


def test_what_is_no_manifest_is_no_adapter(tmp_path: Path) -> None:
    assert load_adapter(tmp_path / "nowhere") is None
    (tmp_path / MANIFEST).write_text("{torn")
    assert load_adapter(tmp_path) is None
    (tmp_path / MANIFEST).write_text('{"schema": 99}')
    assert load_adapter(tmp_path) is None


def test_the_fake_trainer_remembers_the_users_words_and_the_answer(tmp_path: Path) -> None:
    MemoriseTrainer(None).train([ROW], [ROW], Tuning(), folder=tmp_path, fingerprint="f")
    assert '"how long?"' in (tmp_path / "memory.json").read_text()
    adapter = load_adapter(tmp_path)
    assert adapter is not None
    assert adapter.dev_loss == 0.0


def test_an_unknown_trainer_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"no trainer named 'pefd'\. Did you mean 'peft'"):
        TRAINERS.load("pefd")


def test_finding_an_adapter_loads_no_heavy_package() -> None:
    code = (
        "import sys, openbook.tune; print(sorted({'torch', 'peft', 'transformers', 'safetensors'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
