"""The loss on texts: what transformers says it is, of the adapter that answers, and where memory or context ends."""

from pathlib import Path
from typing import Any

import pytest

import tiny_models
from openbook.core.types import Failure, Message, Row, Tuning
from openbook.generate import likelihood, local
from openbook.generate.local import LocalGenerator
from openbook.models import LocalModel, load_model, load_tokenizer, locate

pytest.importorskip("torch", reason="the extra 'local' is not installed")

TEXTS = [*tiny_models.TEXTS, "Boots.", "Where ropes are checked, boots are not taken back. " * 5]


def generator(model: LocalModel, **changes: Any) -> LocalGenerator:
    return LocalGenerator(model, **{"dtype": "float32", "device": "cpu", "batch": 4, **changes})


def numbers(found: list[float | Failure]) -> list[float]:
    assert all(isinstance(one, float) for one in found), found
    return [one for one in found if isinstance(one, float)]


def test_the_loss_is_that_of_transformers(llama: LocalModel) -> None:
    import torch

    tokenizer, network = load_tokenizer(llama), load_model(llama, dtype="float32", device="cpu")
    expected = []
    for text in TEXTS:
        ids = torch.tensor([tokenizer(text).input_ids])
        with torch.inference_mode():
            expected.append(float(network(input_ids=ids, labels=ids).loss))
    assert numbers(generator(llama).loss(TEXTS)) == pytest.approx(expected, abs=1e-4)
    assert len({round(value, 2) for value in expected}) > 1


def test_an_adapter_that_learnt_a_text_foresees_it_better(llama: LocalModel, tmp_path: Path) -> None:
    from openbook.tune.lora import PeftTrainer

    row = Row(messages=(Message(role="user", content=TEXTS[0][:20]),), completion=TEXTS[0][20:])
    tuning = Tuning(epochs=30, batch=1, rate=1e-2, dtype="float32")
    PeftTrainer(llama, device="cpu").train([row], [], tuning, folder=tmp_path / "a", fingerprint="f" * 16)
    base, tuned = (numbers(generator(llama, adapter=adapter).loss(TEXTS[:1]))[0] for adapter in (None, tmp_path / "a"))
    assert tuned < base - 0.5


def test_an_encoder_decoder_has_no_such_loss_and_says_so_without_loading(tmp_path: Path) -> None:
    made = generator(locate(f"hf:{tiny_models.t5(tmp_path)}"))
    assert "encoder-decoder" in made.no_loss
    (found,) = made.loss(["Boots."])
    assert isinstance(found, Failure)
    assert made._loaded is None


def test_a_text_longer_than_the_context_is_a_failure_in_its_place(tmp_path: Path) -> None:
    short = locate(f"hf:{tiny_models.llama(tmp_path, context=48)}")
    first, second = generator(short).loss(["ropes and boots " * 30, "Boots."])
    assert isinstance(first, Failure)
    assert "48 at most" in first.message
    assert isinstance(second, float)


def test_where_memory_does_not_suffice_the_batch_is_halved(llama: LocalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, read = numbers(generator(llama).loss(TEXTS)), likelihood.mean_losses

    def cramped(network: Any, rows: Any) -> list[float]:
        if len(rows) > 1:
            raise RuntimeError("CUDA out of memory")
        return read(network, rows)

    monkeypatch.setattr(local, "mean_losses", cramped)
    assert numbers(generator(llama).loss(TEXTS)) == pytest.approx(whole, abs=1e-4)


def test_memory_that_does_not_suffice_for_one_text_is_a_failure_that_may_pass(
    llama: LocalModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> list[float]:
        raise MemoryError

    monkeypatch.setattr(local, "mean_losses", full)
    assert all(isinstance(one, Failure) and one.transient for one in generator(llama).loss(TEXTS[:2]))


def test_another_error_is_not_taken_for_a_lack_of_memory(llama: LocalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> list[float]:
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(local, "mean_losses", broken)
    with pytest.raises(RuntimeError, match="shapes"):
        generator(llama).loss(TEXTS[:2])
