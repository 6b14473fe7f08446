"""The command line's frame: sentences and exit codes for whatever a verb raises, quiet where nobody watches."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from openbook.cli import main
from openbook.cli.environment import granted_cores, prepare
from openbook.cli.verb import Verb, find_project, project_options, verb
from openbook.core.errors import DataError, GateNotMet, ModelError, OpenbookError, UsageError


@pytest.fixture
def raising(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[BaseException], None]:
    """Puts a verb `raise` into the table which raises what it is given."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENBOOK_HOME", str(tmp_path / "home"))
    module = type(sys)("raising_verb")

    def plant(error: BaseException) -> None:
        @verb("raise", example="openbook raise")
        def raise_() -> None:
            raise error

        vars(module)["raise"] = raise_

    monkeypatch.setitem(sys.modules, "raising_verb", module)
    monkeypatch.setitem(main.VERBS, "raise", ("raising_verb", "Raise."))
    return plant


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OpenbookError("The engine stopped: no oil. Add some."), 1),
        (ModelError("The model 'x' is not here."), 1),
        (UsageError("No store named 'sqllite'."), 2),
        (DataError("This is not JSON.", path="a.jsonl", line=3), 2),
        (GateNotMet("hybrid.facts is .61, required is .7."), 3),
    ],
)
def test_an_error_of_ours_is_one_sentence_and_its_exit_code(
    raising: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str], error: OpenbookError, code: int
) -> None:
    raising(error)
    assert main.run(["raise"]) == code
    captured = capsys.readouterr()
    assert captured.err == f"{error}\n"
    assert captured.out == ""


def test_ctrl_c_says_how_to_go_on(raising: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]) -> None:
    raising(KeyboardInterrupt())
    assert main.run(["raise"]) == 130
    assert "Run the same command to go on." in capsys.readouterr().err


def test_any_other_error_is_written_to_the_projects_crash_file(
    raising: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "openbook.toml").write_text("")
    raising(ZeroDivisionError("division by zero"))
    assert main.run(["raise"]) == 1
    said = capsys.readouterr().err
    crash = tmp_path / ".openbook" / "crash.txt"
    assert said.count("\n") == 1
    assert "ZeroDivisionError: division by zero" in said
    assert str(crash) in said
    assert "Traceback" in crash.read_text()


def test_outside_a_project_the_crash_file_lies_beside_the_models(
    raising: Callable[[BaseException], None], tmp_path: Path
) -> None:
    raising(ValueError())
    assert main.run(["raise"]) == 1
    assert "ValueError" in (tmp_path / "home" / "crash.txt").read_text()


def test_an_empty_error_message_is_no_problem(
    raising: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    raising(AssertionError())
    assert main.run(["raise"]) == 1
    assert "Openbook broke (AssertionError" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--traceback", "raise"], ["raise", "--traceback"]])
def test_traceback_is_shown_on_request_before_or_after_the_verb(
    raising: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    raising(ValueError("odd"))
    assert main.run(arguments) == 1
    assert "Traceback (most recent call last)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["modles"], "Did you mean 'models'?"),
        (["models", "gte"], "Did you mean 'get'?"),
        (["models", "get"], "Missing argument 'NAME'. See: openbook models get --help"),
        (["models", "get", "--form", "x"], "--from"),
        (["config", "show", "extra"], "See: openbook config show --help"),
    ],
)
def test_a_wrong_call_exits_with_2_and_says_what_was_meant(
    capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    assert main.run(arguments) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1


def test_without_arguments_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run([]) == 2
    assert "Verbs:" in capsys.readouterr().err


def test_a_verb_may_return_its_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    module = type(sys)("coded_verb")

    @verb("coded", example="openbook coded")
    def coded() -> int:
        return 3

    vars(module)["coded"] = coded
    monkeypatch.setitem(sys.modules, "coded_verb", module)
    monkeypatch.setitem(main.VERBS, "coded", ("coded_verb", "Return."))
    assert main.run(["coded"]) == 3


def commands() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(main.cli)
    for name in main.VERBS:
        command = main.cli.get_command(context, name)
        assert command is not None
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {inner}", inner_command) for inner, inner_command in command.commands.items())


def test_every_verb_has_an_example_that_begins_with_its_own_name() -> None:
    for name, command in commands():
        example = getattr(command, "example", "")
        assert example, f"openbook {name} has no example"
        assert f"openbook {name}" in example
        with click.Context(command) as context:
            assert example.splitlines()[0] in command.get_help(context)


def test_examples_name_only_options_that_exist() -> None:
    by_name = dict(commands())
    for name, command in by_name.items():
        known = {option for parameter in command.params for option in parameter.opts}
        for line in getattr(command, "example", "").splitlines():
            if not isinstance(command, Verb) or not line.startswith(f"openbook {name}"):
                continue
            used = {word.partition("=")[0] for word in line.partition("|")[0].split() if word.startswith("-")}
            assert used <= known, f"{line!r} uses {used - known}"


def test_every_option_has_a_help_line() -> None:
    for name, command in commands():
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"openbook {name} {parameter.opts[0]} has no help"


def test_the_project_is_the_nearest_folder_above(tmp_path: Path) -> None:
    (tmp_path / "openbook.toml").touch()
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert find_project(below) == tmp_path
    (below / "openbook.toml").touch()
    assert find_project(below) == below


def test_a_named_folder_that_is_missing_says_how_to_make_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["config", "show", "-C", "nowhere"]) == 2
    assert "openbook init nowhere" in capsys.readouterr().err


def test_outside_a_project_a_project_verb_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main.run(["config", "show"]) == 2
    assert "openbook init DIR" in capsys.readouterr().err


def test_project_options_hand_over_a_resolved_root(tmp_path: Path) -> None:
    seen: list[tuple[Path, str]] = []

    @verb("look", example="openbook look")
    @project_options
    def look(root: Path, file: str) -> None:
        seen.append((root, file))

    (tmp_path / "x").mkdir()
    look.main(["-C", str(tmp_path / "x" / ".."), "--config", "b.toml"], standalone_mode=False)
    assert seen == [(tmp_path.resolve(), "b.toml")]


def test_what_the_user_has_set_stays_as_it_is(tmp_path: Path) -> None:
    environment = {"OMP_WAIT_POLICY": "ACTIVE"}
    prepare(environment, cgroup=tmp_path / "none")
    assert environment["OMP_WAIT_POLICY"] == "ACTIVE"
    assert environment["TOKENIZERS_PARALLELISM"] == "false"
    assert "OMP_NUM_THREADS" not in environment


def test_a_containers_share_of_the_cores_limits_the_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    share = tmp_path / "cpu.max"
    share.write_text("150000 100000\n")
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    environment: dict[str, str] = {}
    prepare(environment, cgroup=share)
    assert environment["OMP_NUM_THREADS"] == "2"
    share.write_text("max 100000\n")
    assert granted_cores(share) is None


def openbook(*arguments: str, cwd: Path, home: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "OPENBOOK_HOME": str(home)}
    return subprocess.run(
        [sys.executable, "-c", "from openbook.cli.main import main; main()", *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_piped_output_has_no_colours_and_stderr_is_silent(tmp_path: Path) -> None:
    done = openbook("models", "list", cwd=tmp_path, home=tmp_path)
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert done.stderr == ""


def test_a_reader_that_goes_away_ends_the_command_quietly(tmp_path: Path) -> None:
    (tmp_path / "openbook.toml").write_text('[documents]\nsources = ["*.md"]\n')
    code = "from openbook.cli.main import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "config", "show"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait() in (0, 1)
