"""The trainer for local models: it learns, what it writes is a PEFT adapter, and what can go wrong is a sentence."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

import tiny_models
from openbook import models
from openbook.core.errors import DiskFull, MissingExtra, ModelError, UsageError
from openbook.core.types import Message, Request, Row, Tuning
from openbook.generate.collect import generate
from openbook.generate.local import LocalGenerator
from openbook.tune import TRAINERS, load_adapter
from openbook.tune.checkpoint import FILE, FOLDER
from openbook.tune.loop import rate_at
from openbook.tune.lora import BUDGETS, PeftTrainer

WORDS = ["boots", "ropes", "tents", "spring", "returns", "café"]
CODES = ["27", "every spring", "Zürich", "no", "8 Uhr", "a hard fall"]


def asked(word: str) -> tuple[Message, ...]:
    return (Message(role="user", content=f"Question: {word}?"),)


ROWS = [Row(messages=asked(word), completion=code) for word, code in zip(WORDS, CODES, strict=True)]


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> models.LocalModel:
    return models.describe("tiny", tiny_models.llama(tmp_path_factory.mktemp("llama")))


@pytest.fixture(scope="module")
def t5(tmp_path_factory: pytest.TempPathFactory) -> models.LocalModel:
    return models.describe("tiny", tiny_models.t5(tmp_path_factory.mktemp("t5")))


def train(model: models.LocalModel, folder: Path, tuning: Tuning, rows: Any = ROWS) -> Any:
    return PeftTrainer(model, device="cpu").train(rows, [], tuning, folder=folder, fingerprint="f" * 16)


def answers(model: models.LocalModel, adapter: Path | None) -> list[str]:
    generator = LocalGenerator(model, adapter=adapter, dtype="float32", device="cpu")
    results = generate(generator, [Request(messages=asked(word), max_tokens=16) for word in WORDS])
    return [getattr(result, "text", "").strip() for result in results]


def test_a_llama_learns_by_lora_what_it_is_taught_and_says_it(llama: models.LocalModel, tmp_path: Path) -> None:
    assert answers(llama, None) != CODES
    adapter = train(llama, tmp_path, Tuning(rate=0.01, epochs=60, batch=6, dtype="float32"))
    assert adapter.losses[-1][1] < 0.1 < adapter.losses[0][1]
    assert answers(llama, tmp_path) == CODES


def test_a_t5_learns_by_lora_what_it_is_taught_and_says_it(t5: models.LocalModel, tmp_path: Path) -> None:
    adapter = train(t5, tmp_path, Tuning(rank=32, rate=0.01, epochs=60, batch=6, dtype="float32"))
    assert adapter.losses[-1][1] < 0.05
    assert answers(t5, tmp_path) == CODES


def test_full_training_makes_a_whole_model_that_answers(llama: models.LocalModel, tmp_path: Path) -> None:
    train(llama, tmp_path, Tuning(method="full", rate=0.003, epochs=60, batch=6, dtype="float32"))
    assert (tmp_path / "config.json").exists()
    assert (tmp_path / "tokenizer.json").exists()
    assert not list(tmp_path.glob("*.bin"))
    assert answers(llama, tmp_path) == CODES


def test_what_is_written_is_a_peft_adapter(llama: models.LocalModel, tmp_path: Path) -> None:
    from peft import PeftModel

    train(llama, tmp_path, Tuning(rank=4, rate=0.02, epochs=20, batch=6))
    config = json.loads((tmp_path / "adapter_config.json").read_text())
    assert (config["peft_type"], config["r"], config["lora_alpha"]) == ("LORA", 4, 8)
    assert config["base_model_name_or_path"] == "tiny"
    kinds = {name.rsplit(".", 1)[-1] for name in config["target_modules"]}
    assert kinds == {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}
    base = models.load_model(llama, dtype="float32", device="cpu")
    ids = torch.tensor([[10, 11, 12]])
    plain = base(ids).logits
    tuned = PeftModel.from_pretrained(base, str(tmp_path))
    assert not torch.allclose(plain, tuned(ids).logits)
    assert all(p.dtype == torch.float32 for name, p in tuned.named_parameters() if "lora" in name)


def test_the_size_of_micro_batches_does_not_change_what_is_learned(
    llama: models.LocalModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tuning = Tuning(rank=4, epochs=2, batch=6, dtype="float32")
    whole = train(llama, tmp_path / "whole", tuning)
    monkeypatch.setitem(BUDGETS, "cpu", 20)
    parts = train(llama, tmp_path / "parts", tuning)
    assert [loss for _, loss in parts.losses] == pytest.approx([loss for _, loss in whole.losses], rel=1e-4)


def test_a_full_disk_is_a_sentence_and_the_last_checkpoint_is_kept(llama: models.LocalModel, tmp_path: Path) -> None:
    tuning = Tuning(rank=4, epochs=2, batch=3)
    (tmp_path / ".adapter_model.safetensors.part").symlink_to("/dev/full")
    with pytest.raises(DiskFull, match=r"disk is full.*same command again"):
        train(llama, tmp_path, tuning)
    assert (tmp_path / FOLDER / FILE).exists()
    assert load_adapter(tmp_path) is None
    (tmp_path / ".adapter_model.safetensors.part").unlink()
    assert train(llama, tmp_path, tuning).steps == 4


def test_a_checkpoint_of_other_rows_is_not_gone_on_from(llama: models.LocalModel, tmp_path: Path) -> None:
    class Stop(BaseException):
        pass

    def stop(done: int, total: int, what: str) -> None:
        if done == 2:
            raise Stop

    tuning, other = Tuning(rank=4, epochs=2, batch=3), [replace(row, completion="other") for row in ROWS]
    trainer = PeftTrainer(llama, device="cpu", checkpoint_seconds=0.0)
    with pytest.raises(Stop):
        trainer.train(other, [], tuning, folder=tmp_path / "a", fingerprint="f" * 16, progress=stop)
    train(llama, tmp_path / "a", tuning)
    train(llama, tmp_path / "b", tuning)
    name = "adapter_model.safetensors"
    assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_base_that_changes_meanwhile_is_noticed(tmp_path: Path) -> None:
    model = models.describe("tiny", tiny_models.llama(tmp_path / "base"))

    def change(done: int, total: int, what: str) -> None:
        if done == 1:
            tiny_models.llama(tmp_path / "base", seed=1)

    with pytest.raises(ModelError, match=r"changed while training"):
        PeftTrainer(model, device="cpu").train(
            ROWS, [], Tuning(rank=4, epochs=1), folder=tmp_path / "a", fingerprint="f" * 16, progress=change
        )
    assert load_adapter(tmp_path / "a") is None


def test_training_leaves_the_callers_random_numbers_alone(llama: models.LocalModel, tmp_path: Path) -> None:
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    train(llama, tmp_path, Tuning(rank=4, epochs=1, dropout=0.2))
    assert torch.equal(torch.rand(3), expected)


def test_a_trainer_without_a_local_model_is_refused_in_a_sentence() -> None:
    with pytest.raises(UsageError, match=r"no local model"):
        TRAINERS.load("peft")(None, device="cpu")


def test_qlora_without_its_package_names_what_to_install(
    llama: models.LocalModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openbook.tune.network.find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"bitsandbytes"):
        train(llama, tmp_path, Tuning(method="qlora"))


def test_a_llama_learns_over_a_four_bit_base_and_its_adapter_answers(tmp_path: Path) -> None:
    wide = models.describe("tiny", tiny_models.llama(tmp_path / "base", width=128))  # 4-bit blocks are 64 wide
    adapter = train(wide, tmp_path / "adapter", Tuning(method="qlora", rank=16, rate=0.01, epochs=40, batch=6))
    assert adapter.losses[-1][1] < 0.1 < adapter.losses[0][1]
    assert answers(wide, tmp_path / "adapter") == CODES
    assert load_adapter(tmp_path / "adapter") == adapter


def test_the_rate_rises_then_falls_to_nearly_nothing() -> None:
    tuning = Tuning(rate=1e-3, warmup=0.1)
    rates = [rate_at(step, 100, tuning) for step in range(100)]
    assert rates[:10] == pytest.approx([1e-4 * step for step in range(1, 11)])
    assert max(rates) == pytest.approx(1e-3)
    assert all(left >= right for left, right in pairwise(rates[10:]))
    assert rates[-1] < 1e-5
