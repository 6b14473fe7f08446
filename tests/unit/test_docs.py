"""The documentation cannot rot: its commands exist, its settings load, its code runs, its links lead somewhere."""

import json
import re
import runpy
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from openbook.cli.main import VERBS, cli, run

ROOT = Path(__file__).parents[2]
EVIDENCE = ROOT / "docs" / "evidence"
WRITTEN = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
WRITTEN += sorted(file for file in (ROOT / "docs").rglob("*.md") if EVIDENCE not in file.parents)
WRITTEN += sorted((ROOT / "design").glob("*.md"))
TUTORIAL = ROOT / "docs/tutorials/first-comparison.md"
PLAIN = {"cd", "export", "jq", "pip", ".venv/bin/pip", ".venv/bin/pytest"}
SMALLEST: dict[str, Any] = {"documents": {"sources": ["documents/*.md"]}}


def blocks(file: Path, *languages: str) -> list[str]:
    """The fenced blocks of a page in one of the languages."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", file.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [text for language, text in found if language in languages]


def commands(text: str) -> Iterator[list[str]]:
    """Words of every command of a shell block: pipes, chains and redirections cut off, comments and settings dropped."""
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        command: list[str] = []
        for word in [*words, "&&"]:
            if word in ("&&", "|", ";"):
                if command:
                    yield command
                command = []
            else:
                command.append(word)


def without_redirection(words: list[str]) -> list[str]:
    return words[: words.index(">")] if ">" in words else words


ALL_BLOCKS = [(file, text) for file in WRITTEN for text in blocks(file, "sh", "console", "bash")]
ALL_SETTINGS = [(file, text) for file in WRITTEN for text in blocks(file, "toml")]


def name(value: object) -> str:
    return value.name if isinstance(value, Path) else ""


def test_there_are_pages_with_commands_and_settings() -> None:
    assert len(WRITTEN) > 20
    assert len(ALL_BLOCKS) > 20
    assert len(ALL_SETTINGS) > 10


@pytest.mark.parametrize(("file", "text"), ALL_BLOCKS, ids=name)
def test_every_command_exists_and_has_these_options(file: Path, text: str) -> None:
    for words in commands(text):
        check(without_redirection(words))


def check(words: list[str]) -> None:
    """Fail where a command of ours, a make target or a script is not there."""
    first, rest = words[0], words[1:]
    if first in ("openbook", ".venv/bin/openbook"):
        check_verb(rest)
    elif first == "make":
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        for target in (word for word in rest if "=" not in word):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"no make target {target!r}"
    elif first in ("python", "python3", ".venv/bin/python") and rest[0] != "-m":
        assert (ROOT / rest[0]).is_file(), f"no script {rest[0]!r}"
    else:
        assert first in PLAIN or first.startswith("python"), f"what is {first!r}?"


def check_verb(words: list[str]) -> None:
    command: click.Command = cli
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        inner = command.get_command(click.Context(command), words[0])
        assert inner is not None, f"no verb {words[0]!r}"
        command, words = inner, words[1:]
    if "--help" in words:
        return
    options, left, _ = command.make_parser(click.Context(command)).parse_args(list(words))
    assert not left, f"{left} is more than {command.name!r} takes"
    for parameter in command.params:
        given = isinstance(options.get(parameter.name or ""), str | tuple | list)
        assert given or not parameter.required, f"{command.name}: {parameter.name} is missing"


@pytest.mark.parametrize("file", sorted((ROOT / "docs/how-to/ci").glob("*.yml")), ids=name)
def test_the_ready_made_jobs_call_commands_that_exist_and_keep_what_was_answered(file: Path) -> None:
    yaml = pytest.importorskip("yaml")
    text = file.read_text(encoding="utf-8")
    assert yaml.safe_load(text)
    found = re.findall(r"^\s*(?:- run: |run: |- )((?:openbook|pip) .+)$", text, re.MULTILINE)
    assert len(found) >= 3
    for line in found:
        for words in commands(line.replace(">>", ">")):
            check(without_redirection(words))
    assert "bot/.openbook" in text
    assert "OPENBOOK_HOME" in text


def test_a_command_that_is_none_fails() -> None:
    for wrong in (
        "openbook compair",
        "openbook compare --tast",
        "openbook ask",
        "make demoo",
        "python tools/no.py",
        "rm x",
    ):
        with pytest.raises((AssertionError, click.UsageError)):
            check(shlex.split(wrong))


@pytest.mark.parametrize(("file", "text"), ALL_SETTINGS, ids=name)
def test_every_settings_block_loads(file: Path, text: str) -> None:
    from openbook.config import parse
    from openbook.project.plans import plans
    from openbook.retrieve.filters import parse_filter

    raw = tomllib.loads(text)
    if raw.keys() <= {"project", "build-system"} and "entry-points" in raw.get("project", {}):
        return  # a package's own file
    extends = raw.pop("extends", None)
    config = parse(SMALLEST | raw if extends else raw)
    assert plans(config)
    if config.retrieve.filter:
        parse_filter(config.retrieve.filter)


@pytest.mark.parametrize("file", WRITTEN, ids=name)
def test_every_example_line_is_one(file: Path) -> None:
    from openbook.ingest.examples import ExampleRow

    for text in blocks(file, "json"):
        for line in text.splitlines():
            assert ExampleRow.model_validate(json.loads(line))


@pytest.mark.parametrize("file", WRITTEN, ids=name)
def test_every_link_leads_somewhere(file: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", file.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", text)):
        target = link.split("#")[0]
        if not target.startswith(("http://", "https://")) and target:
            assert (file.parent / target).exists(), f"{file.name}: {link}"


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_stands_in_the_readme(verb: str) -> None:
    assert f"openbook {verb}" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_dependency_has_its_reason_in_the_readme() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(line for extra in project["optional-dependencies"].values() for line in extra),
    ]
    names = {re.split(r"[\[<>=~! ]", line)[0] for line in wanted} - {"openbook"}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert not [package for package in sorted(names) if f"`{package}`" not in readme]


def test_the_readme_says_the_sizes_that_setup_says() -> None:
    from openbook.models import builtin

    setup = runpy.run_path(str(ROOT / "tools/setup.py"))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for kind in ("cpu", "macos", "cuda"):
        for extra in ("local", "dev"):
            assert f"{setup['FETCHED'][kind] + setup['FETCHED'][extra]:,} MB" in readme, (kind, extra)
        assert f"{setup['ON_DISK'][kind] / 1000:g} GB" in readme, kind
    plain, reader = builtin()
    assert f"{plain.fetched_bytes / 1e6:.0f} MB" in readme
    assert f"{(plain.size_bytes + reader.size_bytes) / 1e9:.1f} GB" in readme


def test_every_how_to_is_linked_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pages = [*(ROOT / "docs/how-to").glob("*.md"), *(ROOT / "docs/why").glob("*.md"), TUTORIAL]
    assert not [page.name for page in pages if page.relative_to(ROOT).as_posix() not in readme]


def test_the_tutorial_runs_as_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every command of the tutorial, in order, over the model that needs no weights."""
    monkeypatch.chdir(tmp_path)
    said = {}
    for words in (words for text in blocks(TUTORIAL, "sh") for words in commands(text)):
        if words[0] == "cd":
            monkeypatch.chdir(tmp_path / words[1])
            without_weights(tmp_path / words[1] / "openbook.toml")
        elif words[0] == "openbook" and words[1:3] != ["models", "get"]:
            code = run(words[1:])
            said[" ".join(words[1:])] = capsys.readouterr().out
            assert code == 0 or words[1] == "doctor", words
    assert "The test has 11 groups: only large differences" in said["compare --taste"]
    assert "report.html" in said["compare"]
    assert "## Freshness" in said["report --markdown"]
    assert said["ask --arm rag how long can I keep a drill?"].strip()


def without_weights(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert 'name = "smollm2-reader"' in text
    text = text.replace('name = "smollm2-reader"', 'name = "quote"')
    file.write_text(text + '\n[embedder]\nname = "hashing"\n[store]\nname = "memory"\n', encoding="utf-8")


def test_the_kpi_function_works(tmp_path: Path) -> None:
    from openbook.core.types import Answer, Example, Score
    from openbook.score.checks import CallCheck

    save(ROOT / "docs/how-to/add-a-kpi.md", tmp_path)
    check = CallCheck(name="one price", call="checks:says_one_price", root=tmp_path)
    example = Example(id="a", input="?", references=("£5",))
    answers = [Answer(text="It costs £34."), Answer(text="£3 or £4"), Answer(text="free")]
    assert check.score([example] * 3, answers) == [Score(values=(value,)) for value in (1.0, 0.0, 0.0)]


def test_the_bot_works_as_a_command_and_as_a_function(tmp_path: Path) -> None:
    from openbook.core.types import Answer, Message, Request
    from openbook.generate.call import CallGenerator
    from openbook.generate.collect import generate
    from openbook.generate.command import CommandGenerator

    save(ROOT / "docs/how-to/compare-any-system.md", tmp_path)
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "fees.md").write_text("Joining costs £34 a year.")
    asked = [
        Request(messages=(Message(role="user", content=text),)) for text in ("What does joining cost?", "Is it so?")
    ]
    for bot in (
        CommandGenerator(f"{sys.executable} bot.py", root=tmp_path),
        CallGenerator("bot.py:answer", root=tmp_path),
    ):
        first, second = generate(bot, asked)
        assert isinstance(first, Answer)
        assert isinstance(second, Answer)
        assert first.text == "Joining costs £34 a year. [fees]"
        assert [hit.chunk.document for hit in first.hits] == ["fees.md"]
        assert second.text == "I don't know."


def test_the_back_end_passes_its_conformance_suite(tmp_path: Path) -> None:
    save(ROOT / "docs/how-to/write-a-back-end.md", tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_brevity.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout


def save(page: Path, folder: Path) -> None:
    """Write a page's Python blocks to the files that their first lines name."""
    for text in blocks(page, "python"):
        file = re.match(r"# (\S+\.py)\n", text)
        assert file, f"{page.name}: a block does not name its file"
        (folder / file[1]).write_text(text, encoding="utf-8")


def test_design_notes_have_the_four_parts() -> None:
    notes = sorted((ROOT / "design").glob("*.md"))
    assert [note.name[:3] for note in notes] == [f"{number:03}" for number in range(1, len(notes) + 1)]
    for note in notes:
        heads = re.findall(r"^## (.+)$", note.read_text(encoding="utf-8"), re.MULTILINE)
        assert heads == ["Problem", "Choice", "What we gave up", "How we would know it was wrong"], note.name
