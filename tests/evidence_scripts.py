"""The projects under `evidence/`: `prepare` makes one from its public data, `scripts` lends its modules by their names."""

import importlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest


def prepare(source: Path, data: Path, out: Path, *, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a project's `prepare.py`; with `check` it must end well."""
    command = [sys.executable, source / "prepare.py", "--data", data, "--out", out]
    return subprocess.run(command, capture_output=True, text=True, check=check)


@contextmanager
def scripts(source: Path, names: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[list[ModuleType]]:
    """Scripts import one another by name: their folder comes first, and they are taken out again."""
    monkeypatch.syspath_prepend(source)
    try:
        yield [importlib.import_module(name) for name in names]
    finally:
        for name in names:
            sys.modules.pop(name, None)
