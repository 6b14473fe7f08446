"""Run by test_tune_kill.py in a process of its own: trainings that are killed with SIGKILL, again and again.

The heavy packages are imported once; every training runs in a fork. Prints one JSON object: for each model the number
of kills that hit, and whether the adapter equals that of the unbroken training.
"""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import openbook.tune.lora
import tiny_models
from openbook import models
from openbook.core.types import Message, Row, Tuning

ROWS = [
    Row(
        messages=(Message(role="user", content=f"Question: what follows {n}? {'Please. ' * (n % 3)}"),),
        completion=f"{n + 1}",
    )
    for n in range(24)
]
TUNING = Tuning(epochs=3.0, batch=4, rank=4, dropout=0.1)


def train(model: models.LocalModel, folder: Path, pipe: int | None) -> None:
    def progress(done: int, total: int, what: str) -> None:
        if pipe is not None:
            os.write(pipe, b".")

    trainer = openbook.tune.lora.PeftTrainer(model, device="cpu", checkpoint_seconds=0.0)
    trainer.train(ROWS, [], TUNING, folder=folder, fingerprint="f" * 16, progress=progress)


def forked(model: models.LocalModel, folder: Path, *, kill_after: int | None, draw: random.Random) -> bool:
    """Train in a fork; with `kill_after` kill it that many steps on, at a random moment. True if the kill hit."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            train(model, folder, write)
            code = 0
        finally:
            os._exit(code)
    os.close(write)
    if kill_after is not None:
        for _ in range(kill_after):
            os.read(read, 1)
        time.sleep(draw.random() * 0.05)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    os.close(read)
    if kill_after is None and status != 0:
        raise SystemExit(f"a training failed with status {status}")
    return os.WIFSIGNALED(status)


def contents(folder: Path) -> dict[str, str]:
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["seconds"], manifest["peak_bytes"]
    found = {path.name: path.read_bytes().hex() for path in folder.iterdir() if path.name != "manifest.json"}
    return {**found, "manifest": json.dumps(manifest, sort_keys=True)}


def main(folder: Path) -> None:
    draw = random.Random(0)
    report = {}
    made = {"llama": tiny_models.llama(folder / "llama"), "t5": tiny_models.t5(folder / "t5")}
    for name, base in made.items():
        model = models.describe(name, base)
        forked(model, folder / f"{name}-whole", kill_after=None, draw=draw)
        kills = [forked(model, folder / f"{name}-broken", kill_after=after, draw=draw) for after in (2, 3, 1, 4, 3)]
        forked(model, folder / f"{name}-broken", kill_after=None, draw=draw)
        same = contents(folder / f"{name}-whole") == contents(folder / f"{name}-broken")
        report[name] = {"kills": sum(kills), "same": same}
    print(json.dumps(report))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
