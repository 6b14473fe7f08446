"""A training's state on disk, replaced in one step: a kill at any moment leaves the old one or the new one.

Safetensors, no pickle. Knows tensors and numbers, nothing of models.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from openbook.core.errors import DiskFull, disk_errors

FOLDER = "checkpoint"
FILE = "state.safetensors"
RANDOM = "random/"
WEIGHTS = "weights/"
MOMENTS = "moments/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far a training has come.

    Attributes:
        fingerprint: Of the adapter in the making: a checkpoint of another one is of no use.
        plan: Hash of rows, steps and hyperparameters: it must be the very same training.
        step: Optimiser steps done.
        seconds: Time spent so far, earlier calls included.
        losses: (step, mean loss per answer token since the one before).
        pending: Loss and answer tokens summed since the last of `losses`.
    """

    fingerprint: str
    plan: str
    step: int = 0
    seconds: float = 0.0
    losses: tuple[tuple[int, float], ...] = ()
    pending: tuple[float, int] = (0.0, 0)


def save_state(
    folder: Path,
    position: Position,
    weights: Mapping[str, torch.nn.Parameter],
    optimiser: torch.optim.Optimizer,
    device: torch.device,
) -> None:
    """Write everything that the next step depends on.

    Raises:
        DiskFull: No room; the checkpoint before this one is still there.
    """
    tensors = {WEIGHTS + name: weight.detach() for name, weight in weights.items()}
    tensors |= {f"{MOMENTS}{name}/{key}": value for name, key, value in _moments(weights, optimiser)}
    tensors |= {RANDOM + name: state for name, state in _random_state(device).items()}
    whole = {name: tensor.contiguous().cpu() for name, tensor in tensors.items()}
    write_bytes(folder / FILE, save(whole, metadata={"position": json.dumps(asdict(position))}))


def load_state(
    folder: Path,
    expected: Position,
    weights: Mapping[str, torch.nn.Parameter],
    optimiser: torch.optim.Optimizer,
    device: torch.device,
) -> Position | None:
    """Put weights, optimiser and random numbers back as they were; None where this training has no checkpoint."""
    path = folder / FILE
    if not path.exists():
        return None
    with safe_open(path, framework="pt") as file:
        position = _position(file.metadata())
        if (position.fingerprint, position.plan) != (expected.fingerprint, expected.plan):
            return None
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    with torch.no_grad():
        for name, weight in weights.items():
            weight.copy_(tensors[WEIGHTS + name])
            moments = {
                key.removeprefix(f"{MOMENTS}{name}/"): value
                for key, value in tensors.items()
                if key.startswith(f"{MOMENTS}{name}/")
            }
            optimiser.state[weight] = {
                key: value if key == "step" else value.to(weight.device) for key, value in moments.items()
            }
    _set_random_state({key.removeprefix(RANDOM): value for key, value in tensors.items() if key.startswith(RANDOM)})
    return position


def write_bytes(path: Path, data: bytes) -> None:
    """Replace a file in one step, flushed to the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    with disk_errors(str(path)):
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)


@contextmanager
def room_errors(what: str) -> Iterator[None]:
    """As `disk_errors`, for writers of other packages whose errors only say so in their text."""
    try:
        with disk_errors(what):
            yield
    except SafetensorError as error:
        if "No space left" not in str(error) and "quota" not in str(error).lower():
            raise
        raise DiskFull(
            f"The disk is full: could not write {what}. The checkpoint is kept: free some room and run again."
        ) from error


def _position(metadata: Mapping[str, str]) -> Position:
    raw: dict[str, Any] = json.loads(metadata["position"])
    raw["losses"] = tuple((int(step), float(loss)) for step, loss in raw["losses"])
    raw["pending"] = (float(raw["pending"][0]), int(raw["pending"][1]))
    return Position(**raw)


def _moments(
    weights: Mapping[str, torch.nn.Parameter], optimiser: torch.optim.Optimizer
) -> Iterator[tuple[str, str, torch.Tensor]]:
    for name, weight in weights.items():
        for key, value in optimiser.state.get(weight, {}).items():
            yield name, key, value


def _random_state(device: torch.device) -> dict[str, torch.Tensor]:
    states = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    return states


def _set_random_state(states: Mapping[str, torch.Tensor]) -> None:
    torch.set_rng_state(states["cpu"])
    if "cuda" in states and torch.cuda.is_available():
        torch.cuda.set_rng_state(states["cuda"])
