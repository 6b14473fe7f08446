"""Whatever goes wrong is one sentence and the right exit code, and nothing that was done is lost."""

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chat_server import Exchange, answering, chat_server
from openbook.cli.main import run
from openbook.core import jsonl
from small_project import SCRIPT, edit, lines, write

BASE_ONLY = "\n[compare]\narms = ['base']\n"


pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")


Told = Callable[..., tuple[int, str]]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    """Runs a verb on a project: its exit code and what it said on standard error."""

    def call(project: Path, verb: str = "compare", *options: str) -> tuple[int, str]:
        capsys.readouterr()
        code = run([verb, "-C", str(project), *options])
        return code, capsys.readouterr().err

    return call


def records(project: Path) -> int:
    return sum(1 for path in project.glob(".openbook/runs/*/records.jsonl") for _ in jsonl.read(path))


def append(file: Path, line: str) -> None:
    file.write_text(file.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")


def one_sentence(said: str) -> None:
    assert len(said.strip().splitlines()) == 1
    assert "Traceback" not in said
    assert "Openbook broke" not in said


WRONG: dict[str, tuple[Callable[[Path], Any], str]] = {
    "an unknown key": (
        lambda p: append(p / "openbook.toml", "[tun]\nepochs = 2"),
        "no key named 'tun'. Did you mean 'tune'",
    ),
    "no TOML": (lambda p: append(p / "openbook.toml", "[[["), "is not valid TOML"),
    "no configuration": (lambda p: (p / "openbook.toml").unlink(), "No openbook.toml at"),
    "no examples file": (lambda p: (p / "examples.jsonl").unlink(), "examples.jsonl"),
    "no examples": (lambda p: (p / "examples.jsonl").write_text(""), "The file holds no examples"),
    "a broken line": (lambda p: append(p / "examples.jsonl", '{"id": "x", "input"'), "examples.jsonl:41:"),
    "an id twice": (
        lambda p: append(p / "examples.jsonl", '{"id": "anvil-0", "input": "a", "reference": "b"}'),
        "examples.jsonl:41: The id 'anvil-0' is already used on line 1.",
    ),
    "an unknown document": (
        lambda p: append(
            p / "examples.jsonl", '{"id": "x", "input": "a", "reference": "b", "documents": ["anvli.md"]}'
        ),
        "examples.jsonl:41:",
    ),
    "a glob that matches nothing": (lambda p: edit(p, "pages/*.md", "pagse/*.md"), "'pagse/*.md' matches nothing"),
    "pages without text": (
        lambda p: [page.write_text("") for page in (p / "pages").iterdir()],
        "None of the 10 documents holds text",
    ),
    "an unknown arm": (lambda p: append(p / "openbook.toml", "[compare]\narms = ['ragg']"), "no arm named 'ragg'"),
    "an unknown metric": (
        lambda p: append(p / "openbook.toml", "[compare]\nmetric = 'fatcs'"),
        "no metric named 'fatcs'",
    ),
    "an unknown embedder": (lambda p: edit(p, "hashing", "hashign"), "no embedder named 'hashign'"),
    "an unknown store": (lambda p: edit(p, '"memory"', '"memroy"'), "no store named 'memroy'"),
    "an unknown trainer": (lambda p: edit(p, "memorise", "memorize"), "no trainer named 'memorize'"),
    "an unknown model": (lambda p: edit(p, "scripted:script.jsonl", "skripted:x"), "no model named 'skripted:x'"),
    "no script": (lambda p: (p / "script.jsonl").unlink(), "There is no script at"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_file_is_told_in_one_sentence_before_anything_is_asked(tmp_path: Path, told: Told, case: str) -> None:
    project = write(tmp_path / "shops")
    spoil, says = WRONG[case]
    spoil(project)
    code, said = told(project)
    assert (code, says in said) == (2, True), said
    one_sentence(said)
    assert records(project) == 0


def test_an_index_of_another_embedder_is_refused_and_can_be_made_anew(tmp_path: Path, told: Told) -> None:
    project = write(tmp_path / "shops", updates=True)
    assert told(project)[0] == 0
    before = records(project)
    for state in project.glob(".openbook/index*/state.json"):
        made = json.loads(state.read_text(encoding="utf-8"))
        state.write_text(json.dumps({**made, "embedder": "another-1"}), encoding="utf-8")
    code, said = told(project)
    assert code == 1
    assert "made with the embedder 'another-1'" in said
    one_sentence(said)
    assert told(project, "ingest", "--rebuild")[0] == 0
    assert told(project) == (0, "")
    assert records(project) == before


def test_a_second_writer_is_sent_away(tmp_path: Path, told: Told) -> None:
    project = write(tmp_path / "shops")
    hold = (
        "import sys, time; from pathlib import Path; from openbook.workspace import Workspace\n"
        "with Workspace(Path(sys.argv[1])).writing():\n    print('held', flush=True)\n    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(project)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        for verb in ("compare", "ingest", "report"):
            code, said = told(project, verb)
            assert code == 1
            assert "Another openbook process is writing to" in said
            one_sentence(said)
        other.communicate("")
    assert told(project)[0] == 0


def endpoint(folder: Path, url: str, *, arms: str = "'base'") -> Path:
    more = f"\n[compare]\narms = [{arms}]\n"
    project = write(folder, model="openai:some", more=more)
    edit(project, '"openai:some"', f'"openai:some"\nbase_url = "{url}"\nretries = 0\ntimeout = 5')
    return project


def test_an_endpoint_that_is_down_stops_the_run_and_the_next_call_goes_on(tmp_path: Path, told: Told) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    project = endpoint(tmp_path / "shops", f"http://127.0.0.1:{port}/v1", arms="'base', 'rag'")
    code, said = told(project)
    assert code == 1
    assert "5 questions in a row got no answer from openai:some (arm 'base')" in said
    assert "no connection" in said
    one_sentence(said)
    assert 5 <= records(project) < 13
    with chat_server(answering(lambda _: "It is £100. [anvil]")) as server:
        edit(project, f"http://127.0.0.1:{port}/v1", server.base_url)
        assert told(project)[0] == 0


def test_garbage_from_an_endpoint_is_a_failure_in_its_place(tmp_path: Path, told: Told) -> None:
    def garbage(exchange: Exchange) -> None:
        exchange.send(200, "<html>Welcome to the portal</html>", kind="text/html")

    with chat_server(garbage) as server:
        code, said = told(endpoint(tmp_path / "shops", server.base_url, arms="'base', 'rag'"))
    assert code == 1
    assert "Welcome to the portal" in said
    assert said.count("--retry-failures") == 1
    assert "Traceback" not in said


def test_a_refused_key_is_told_and_nothing_of_it_is_written(
    tmp_path: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    with chat_server(lambda exchange: exchange.error(401, "bad key sk-very-secret")) as server:
        project = endpoint(tmp_path / "shops", server.base_url)
        code, said = told(project)
    assert code == 1
    assert "sk-very-secret" not in said
    for path in (project / ".openbook").rglob("*"):
        assert not path.is_file() or b"sk-very-secret" not in path.read_bytes()


def test_once_the_key_is_mended_the_next_call_asks_again(tmp_path: Path, told: Told) -> None:
    with chat_server(lambda exchange: exchange.error(401, "bad key")) as server:
        project = endpoint(tmp_path / "shops", server.base_url)
        code, said = told(project)
        assert code == 1
        assert "5 questions in a row got no answer" in said
        assert "'bad key'. Check the key" in said
        server.behaviour = answering(lambda _: "It is £100. [anvil]")
        assert told(project)[0] == 0


def test_a_missing_key_is_a_usage_error(tmp_path: Path, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    project = write(tmp_path / "shops", model="openai:some", more=BASE_ONLY)
    code, said = told(project)
    assert code == 2
    assert "'OPENAI_API_KEY', which is not set" in said
    one_sentence(said)


def test_too_many_failed_answers_fail_the_run_and_a_few_do_not(tmp_path: Path, told: Told) -> None:
    rule = {"when": "opening time", "fail": "deterministic"}
    project = write(tmp_path / "shops", script=[rule, *SCRIPT], more=f"{BASE_ONLY}max_failures = 0.05")
    code, said = told(project)
    assert code == 1
    assert "of the answers of base failed, for example: ScriptedFailure" in said
    assert list(project.glob(".openbook/reports/*/report.html"))
    edit(project, "max_failures = 0.05", "max_failures = 0.6")
    assert told(project) == (0, "")


def test_failures_for_good_are_asked_again_on_request_alone(tmp_path: Path, told: Told) -> None:
    # The script's first answer fails; which rule fails is part of the model, so the second try must find it mended.
    rule = {"when": "opening time", "fail": "deterministic", "times": 1, "say": "Mended."}
    project = write(tmp_path / "shops", script=[rule, *SCRIPT], more=f"{BASE_ONLY}max_failures = 0.0")
    assert told(project)[0] == 1
    before = records(project)
    assert told(project)[0] == 1
    assert records(project) == before
    assert told(project, "compare", "--retry-failures")[0] == 1  # a new process of the script fails its first again
    assert records(project) == before + 1


def test_a_full_disk_is_told_and_the_next_call_goes_on(
    tmp_path: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = write(tmp_path / "shops", more=BASE_ONLY)
    real, written = jsonl.append, []

    def small_disk(path: Path, rows: Any) -> None:
        if path.name == "records.jsonl":
            written.append(path)
        if len(written) > 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(path, rows)

    with monkeypatch.context() as patch:
        patch.setattr("openbook.core.jsonl.append", small_disk)
        code, said = told(project)
    assert code == 1
    assert said.startswith("The disk is full: could not write")
    one_sentence(said)
    assert records(project) == 4
    assert told(project) == (0, "")


def test_a_file_that_can_grow_no_more_loses_nothing(tmp_path: Path, told: Told) -> None:
    """The kernel cuts the write in the middle of a line: what was whole stays, and the next call goes on."""
    project = write(tmp_path / "shops", more=BASE_ONLY)
    limited = (
        "import resource, sys; from openbook.cli.main import run\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))\n"
        "sys.exit(run(['compare', '-C', sys.argv[1]]))\n"
    )
    done = subprocess.run([sys.executable, "-c", limited, str(project)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    kept = records(project)
    assert kept > 0
    assert told(project) == (0, "")
    keys = [row["key"] for path in project.glob(".openbook/runs/*/records.jsonl") for row in jsonl.read(path)]
    assert len(keys) == len(set(keys)) > kept


def test_ctrl_c_ends_with_130_and_the_next_call_goes_on(tmp_path: Path, told: Told) -> None:
    slow = [{**rule, "seconds": 0.1} for rule in SCRIPT if "when" in rule] + [
        {"when": "", "say": "Hm.", "seconds": 0.1}
    ]
    project = write(tmp_path / "shops", script=slow, more=BASE_ONLY)
    # A shell without job control starts its children with Ctrl-C switched off.
    code = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    code += "from openbook.cli.main import run; sys.exit(run(['compare', '-C', sys.argv[1]]))"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(project)], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        deadline = time.monotonic() + 60
        while records(project) < 2 and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert said.strip() == "Interrupted; nothing that was recorded is lost. Run the same command to go on."
    kept = records(project)
    assert kept >= 2
    lines(project / "unrelated.jsonl", [])
    assert told(project, "report")[0] == 0
    assert records(project) == kept
