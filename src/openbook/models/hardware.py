"""What this machine is and does fast: cores, memory, accelerator, and whether bfloat16 is native.

CPUs of one kind of machine differ: where bfloat16 is native it is several times faster than float32, elsewhere it is
emulated and slower, so it is asked and not assumed. The answers that need torch are remembered against the torch
version and the CPU, so that later calls do without it.
"""

import hashlib
import importlib.metadata
import importlib.util
import os
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openbook.core.errors import UsageError, unknown
from openbook.models.hashes import cached, remember

DTYPES = ("float32", "bfloat16", "float16")
DEVICES = ("cpu", "cuda", "mps")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The machine, as far as answers and timings depend on it.

    Attributes:
        cpu: The processor's own name.
        cores: Cores this process may use.
        bf16: The CPU multiplies bfloat16 natively.
        accelerator: `cuda` or `mps` where torch can use one, else `cpu`.
        accelerator_bf16: The accelerator multiplies bfloat16 natively.
        memory_bytes: Main memory.
    """

    cpu: str
    cores: int
    bf16: bool
    accelerator: str
    accelerator_bf16: bool
    memory_bytes: int


def machine() -> Machine:
    """This machine; loads torch only where its answers are not remembered yet."""
    answers = _asked()
    return Machine(
        cpu=_cpu(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        bf16=bool(answers["bf16"]),
        accelerator=str(answers["accelerator"]),
        accelerator_bf16=bool(answers["accelerator_bf16"]),
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
    )


def resolve_device(device: str) -> str:
    """`auto` → the best device there is.

    Raises:
        UsageError: A device of another name, or one that this machine lacks.
    """
    if device == "auto":
        return machine().accelerator
    kind = device.split(":")[0]
    if kind not in DEVICES:
        raise UsageError(unknown("device", device, ["auto", *DEVICES]))
    if kind not in ("cpu", machine().accelerator):
        raise UsageError(f"torch finds no {kind!r} device on this machine. Use device 'auto' or 'cpu'.")
    return device


def resolve_dtype(dtype: str, device: str) -> str:
    """`auto` → what this device does fast: bfloat16 where it is native, float16 on older GPUs, else float32.

    Raises:
        UsageError: A dtype of another name.
    """
    if dtype != "auto":
        if dtype not in DTYPES:
            raise UsageError(unknown("dtype", dtype, ["auto", *DTYPES]))
        return dtype
    here, kind = machine(), resolve_device(device).split(":")[0]
    if kind == "cuda":
        return "bfloat16" if here.accelerator_bf16 else "float16"
    # On mps half precision has not been measured, so it is not chosen.
    return "bfloat16" if kind == "cpu" and here.bf16 else "float32"


def _asked() -> dict[str, Any]:
    if importlib.util.find_spec("torch") is None:
        return {"bf16": False, "accelerator": "cpu", "accelerator_bf16": False}
    version = importlib.metadata.version("torch")
    state = [version, _cpu(), _cpu_flags(), os.environ.get("CUDA_VISIBLE_DEVICES", "")]
    key = f"{platform.node()} torch"
    known = cached("machine.json", key, state)
    if known is not None:
        return dict(known)
    answers = _ask_torch()
    remember("machine.json", key, state, answers)
    return answers


def _ask_torch() -> dict[str, Any]:
    import torch

    bf16 = torch.backends.mkldnn.is_available() and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    if torch.cuda.is_available():
        native = torch.cuda.get_device_capability()[0] >= 8
        return {"bf16": bf16, "accelerator": "cuda", "accelerator_bf16": native}
    mps = torch.backends.mps.is_available()
    return {"bf16": bf16, "accelerator": "mps" if mps else "cpu", "accelerator_bf16": False}


def _cpu() -> str:
    for line in _cpuinfo():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    if platform.system() == "Darwin":
        told = subprocess.run(
            ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True, check=False
        )
        return told.stdout.strip() or platform.machine()
    return platform.processor() or platform.machine()


def _cpu_flags() -> str:
    """A virtual machine may show one name on hosts with different instructions."""
    for line in _cpuinfo():
        if line.startswith(("flags", "Features")):
            return hashlib.sha256(" ".join(sorted(line.split())).encode()).hexdigest()[:12]
    return ""


def _cpuinfo() -> list[str]:
    file = Path("/proc/cpuinfo")
    return file.read_text(encoding="utf-8", errors="replace").splitlines() if file.exists() else []
