"""`openbook advise` as it is called: flags, questions on a terminal, one JSON object, and what it does not load."""

import json
import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import pytest

from openbook.advise.claims import claims
from openbook.cli.main import run

FLAGS = {
    "--task": "answer",
    "--facts": "documents",
    "--change": "monthly",
    "--form": "voice",
    "--examples": "300",
    "--speed": "any",
    "--hardware": "cpu",
    "--leave": "no",
    "--cite": "yes",
}
CALL = "import sys; from openbook.cli.main import run; code = run(['advise', *sys.argv[1:]])"


def call(*more: str, without: str = "") -> list[str]:
    return ["advise", *(word for flag, value in FLAGS.items() if flag != without for word in (flag, value)), *more]


def test_it_works_outside_a_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(call()) == 0
    out = capsys.readouterr().out
    assert "Expected best: hybrid or rag." in out
    assert not list(tmp_path.iterdir())


def test_json_is_one_object_with_arms_arguments_settings_and_sources(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(call("--json")) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["schema"] == 1
    assert said["expected"] == ["hybrid", "rag"]
    assert {claim["id"] for claim in said["claims"]} <= {claim.id for claim in claims()}
    named = {argument["ground"] for argument in said["arguments"]} - {"rule of thumb of this tool"}
    assert named == {claim["id"] for claim in said["claims"]}
    assert [row["spread"] for row in said["label"]["needed"]] == [0.2, 0.3, 0.5]
    assert said["measure"]["arms"] == ["prompted", "rag", "hybrid"]


def test_where_nobody_can_be_asked_the_missing_flags_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(call(without="--form")) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "add --form free|structure|voice." in said.err


def test_flags_that_do_not_arise_are_not_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--task", "extract", "--facts", "input", "--form", "structure", "--examples", "60", "--speed", "any"]
    assert run(["advise", *flags, "--hardware", "cpu", "--leave", "no", "--json"]) == 0
    assert "change" not in json.loads(capsys.readouterr().out)["answers"]


def test_own_spread_margin_and_groups_are_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(call("--json", "--spread", "0.3", "--margin", "0.1", "--per-group", "1", "--correlation", "0")) == 0
    label = json.loads(capsys.readouterr().out)["label"]
    assert [row["test_equivalence"] for row in label["needed"]] == [83]
    assert (label["margin"], label["examples_per_group"]) == (0.1, 1)


def test_it_loads_neither_a_model_nor_the_settings_and_is_quick() -> None:
    heavy = "'torch', 'transformers', 'lancedb', 'pyarrow', 'sacrebleu', 'pydantic', 'rich', 'httpx'"
    code = f"{CALL}; assert not {{{heavy}}} & set(sys.modules), set(sys.modules); sys.exit(code)"
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code, *call()[1:]], capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - began
    print(f"openbook advise: {seconds:.2f} s (budget 0.5 s on a quiet machine)")
    assert done.returncode == 0, done.stderr
    assert seconds < 3


def test_on_a_terminal_it_asks_what_no_flag_answers() -> None:
    ours, theirs = pty.openpty()
    words = [sys.executable, "-c", f"{CALL}; sys.exit(code)", *call(without="--form")[1:]]
    process = subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True)
    os.close(theirs)
    os.write(ours, b"shape\nvoice\n")
    said = drained(ours)
    assert process.wait(timeout=30) == 0
    assert "Must an answer have a form of its own?" in said
    assert "'shape' is not one of" in said
    assert "What is the model for?" not in said
    assert "Expected best: hybrid or rag." in said


def drained(descriptor: int) -> str:
    """What is written to a terminal until its writer is gone."""
    parts = []
    while True:
        try:
            part = os.read(descriptor, 65536)
        except OSError:  # Linux says so at the end of a terminal
            break
        if not part:
            break
        parts.append(part)
    os.close(descriptor)
    return b"".join(parts).decode()
