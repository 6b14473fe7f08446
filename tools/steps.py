"""What the demo and the evidence runs share: a copy of a project that keeps its state, and a ledger of seconds."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OPENBOOK = ROOT / ".venv" / "bin" / "openbook"
STATE = ".openbook"


class Stop(Exception):
    """A step failed and has said why; carries its exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Ledger:
    """Seconds by step, in the order of the steps."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, float]] = []

    def add(self, name: str, began: float) -> None:
        self.rows.append((name, time.monotonic() - began))

    def run(self, name: str, *arguments: str | Path, into: Path | None = None) -> None:
        """Run an `openbook` command; with `into`, what it prints becomes that file once it ended well.

        Raises:
            Stop: It did not end well.
        """
        began = time.monotonic()
        command = [str(OPENBOOK), *map(str, arguments)]
        print(f"\n$ openbook {' '.join(command[1:])}{f' > {relative(into)}' if into else ''}", flush=True)
        done = subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.PIPE if into else None, text=True)
        self.add(name, began)
        if done.returncode != 0:
            raise Stop(done.returncode)
        if into:
            into.parent.mkdir(parents=True, exist_ok=True)
            into.write_text(done.stdout, encoding="utf-8")

    def __str__(self) -> str:
        total = sum(seconds for _, seconds in self.rows)
        lines = [f"  {name:<24}{seconds:8.1f} s" for name, seconds in [*self.rows, ("in all", total)]]
        return "\n".join(["Where the time went:", *lines])


def refresh(source: Path, target: Path) -> Path:
    """Make `target` a copy of a project, keeping the state that is there: an interrupted run goes on from it."""
    target.mkdir(parents=True, exist_ok=True)
    for old in target.iterdir():
        if old.name == STATE:
            continue
        if old.is_dir() and not old.is_symlink():
            shutil.rmtree(old)
        else:
            old.unlink()
    # Times of change are kept, so that unchanged documents are known by their stat.
    shutil.copytree(source, target, ignore=shutil.ignore_patterns(STATE, "__pycache__"), dirs_exist_ok=True)
    return target


def relative(path: Path) -> Path:
    """As a user in the repository's root would type it."""
    return path.relative_to(ROOT)


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
