"""Makes `.venv` with Openbook and what it needs, at the size that this machine needs. Standard library only.

    python3 tools/setup.py          to use it
    python3 tools/setup.py --dev    to change it (linters, types, tests)

Says what it fetches before it does; a second call with nothing to do ends at once. Knows nothing of models.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
STAMP = VENV / "openbook-setup.json"
LOG = VENV / "openbook-setup.log"
OLDEST = (3, 11)
TORCH = "2.13.0"
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
"""PyTorch's own index of builds without CUDA: the package index has none for Linux."""

# Megabytes, measured.
FETCHED = {"cpu": 190, "macos": 90, "cuda": 2600, "local": 320, "dev": 390}
ON_DISK = {"cpu": 2000, "macos": 1700, "cuda": 7000}


class Stop(Exception):
    """One sentence: what is wrong and what to do."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Make .venv with Openbook in it.")
    parser.add_argument("--dev", action="store_true", help="with linters, types and tests")
    extra = "dev" if parser.parse_args(arguments).dev else "local"
    try:
        check_python()
        set_up(extra)
    except Stop as stop:
        print(stop, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted; run the same command to go on, what was fetched is kept.", file=sys.stderr)
        return 130
    return 0


def check_python() -> None:
    if sys.version_info < OLDEST:
        raise Stop(
            f"Openbook needs Python 3.11 or newer, and {sys.executable} is {platform.python_version()}. Install a newer"
            " one, then name it: make demo PYTHON=python3.12"
        )
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            raise Stop(
                f"This Python cannot make virtual environments: its module {module!r} is missing. On Debian and Ubuntu:"
                " sudo apt install python3-venv"
            )
    if (sys.platform, platform.machine()) == ("darwin", "x86_64"):
        raise Stop("PyTorch is no longer built for Intel Macs. On Apple silicon, use a Python that is built for arm64.")


def set_up(extra: str) -> None:
    kind = torch_kind()
    if ready(extra, kind):
        return
    announce(extra, kind)
    remade = not usable(VENV / "bin" / "python")
    if remade:
        step("virtual environment", [sys.executable, "-m", "venv", "--clear", str(VENV)])
    install_torch(kind)
    pip(f"openbook[{extra}]", "-e", f"{ROOT}[{extra}]")
    STAMP.write_text(json.dumps({"key": key(kind), "extra": extra}) + "\n")


def torch_kind() -> str:
    """`macos`, `cuda` or `cpu`: which build of torch this machine can use."""
    if sys.platform == "darwin":
        return "macos"
    try:
        found = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return "cpu"
    return "cuda" if found.returncode == 0 and "GPU" in found.stdout else "cpu"


def key(kind: str) -> str:
    """What the environment was made from; another key means another environment."""
    parts = [(ROOT / "pyproject.toml").read_text(encoding="utf-8"), platform.python_version(), TORCH, kind]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def ready(extra: str, kind: str) -> bool:
    try:
        stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return False
    return stamp.get("key") == key(kind) and stamp.get("extra") in (extra, "dev")


def usable(python: Path) -> bool:
    """The environment's Python runs, is of our version and has pip."""
    code = "import pip, sys; print('.'.join(map(str, sys.version_info[:2])))"
    try:
        told = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=False)
    except OSError:
        return False
    return told.stdout.strip() == ".".join(map(str, sys.version_info[:2]))


def announce(extra: str, kind: str) -> None:
    what = {"cpu": "torch without CUDA", "macos": "torch", "cuda": "torch with CUDA for this machine's NVIDIA GPU"}[
        kind
    ]
    fetched, disk = FETCHED[kind] + FETCHED[extra], ON_DISK[kind]
    print(
        f"Setting up {VENV.relative_to(ROOT)} with Python {platform.python_version()}. To fetch, where pip does not have"
        f" it yet: about {fetched} MB ({what} {FETCHED[kind]} MB, the rest {FETCHED[extra]} MB); on disk about"
        f" {disk / 1000:.1f} GB.",
        flush=True,
    )
    free = shutil.disk_usage(ROOT).free // 10**6
    if not VENV.exists() and free < disk + fetched:
        raise Stop(f"Only {free} MB are free in {ROOT}: free some room, then run the same command again.")


def install_torch(kind: str) -> None:
    """Install torch first, so that nothing else chooses its build.

    Without a GPU the local version `+cpu` is required by name: no CUDA build can take its place.
    """
    if kind != "cpu":
        pip(f"torch {TORCH}", f"torch=={TORCH}")
        return
    wanted, name = f"torch=={TORCH}+cpu", f"torch {TORCH}+cpu"
    try:
        pip(name, wanted)
    except Stop as stop:
        if "No matching distribution found for torch" not in str(stop):
            raise
        pip(f"{name}, from {CPU_INDEX}", wanted, "--extra-index-url", CPU_INDEX)


def pip(name: str, *arguments: str) -> None:
    quiet = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    step(name, [str(VENV / "bin" / "python"), "-m", "pip", "install", *quiet, *arguments])


def step(name: str, command: list[str]) -> None:
    """Run a command, its output in the log; one line with its seconds.

    Raises:
        Stop: It failed; carries the end of its output.
    """
    live = sys.stdout.isatty()
    if live:
        print(f"  {name} …", end="\r", flush=True)
    began = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    seconds = time.monotonic() - began
    if VENV.is_dir():
        with LOG.open("a", encoding="utf-8") as log:
            log.write(f"$ {' '.join(command)}\n{done.stdout}\n")
    if done.returncode != 0:
        tail = "\n".join(f"    {line}" for line in done.stdout.strip().splitlines()[-15:])
        raise Stop(
            f"{tail}\nSetting up failed at {name!r} after {seconds:.0f} s; the lines above are the end of what it said,"
            f" all of it is in {LOG.relative_to(ROOT)}. Run the same command again once that is mended."
        )
    print(f"  {name:<60} {seconds:6.1f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
