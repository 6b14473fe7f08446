"""The most memory that something took, where this machine says so. Knows nothing of what took it."""

from pathlib import Path

import torch

_RESET, _STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")


def start_watching(device: torch.device) -> bool:
    """Forget the peak so far; False where it cannot be forgotten, and a later peak would say nothing.

    On a graphics card the peak of what torch holds there is meant, else that of the whole process.
    """
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        return True
    try:
        _RESET.write_text("5")
    except OSError:
        return False  # Only Linux has it, and some sandboxes do not let it be written.
    return _STATUS.exists()


def peak_bytes(device: torch.device) -> int | None:
    """The most bytes held at once since `start_watching`; None where nothing says so."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    lines = _STATUS.read_text(encoding="utf-8").splitlines() if _STATUS.exists() else []
    found = next((line.split() for line in lines if line.startswith("VmHWM:")), None)
    return None if found is None else int(found[1]) * 1024
