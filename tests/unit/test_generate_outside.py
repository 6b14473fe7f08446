"""Outside systems: a command, a function, a file of recorded answers, and whatever they get wrong."""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from openbook.core import jsonl
from openbook.core.errors import ConfigError, DataError, UsageError
from openbook.core.types import Answer, Delta, Failure, Message, Request, Usage
from openbook.generate.call import CallGenerator
from openbook.generate.collect import generate
from openbook.generate.command import CommandGenerator
from openbook.generate.outside import reply
from openbook.generate.recorded import RecordedGenerator

READ = "import json, sys, time, os\nrows = [json.loads(line) for line in sys.stdin]\n"
SAY = "def say(row, **more): print(json.dumps({'id': row['id'], 'text': row['input'].upper(), **more}), flush=True)\n"


def ask(*questions: str, ids: Sequence[str] = (), **changes: Any) -> list[Request]:
    names = ids or [f"q{number}" for number in range(len(questions))]
    return [
        Request(messages=(Message(role="user", content=text),), query=text, id=name, **changes)
        for name, text in zip(names, questions, strict=True)
    ]


def command(folder: Path, body: str, *, timeout: float = 20.0, words: str = "") -> CommandGenerator:
    (folder / "bot.py").write_text(READ + SAY + body, encoding="utf-8")
    return CommandGenerator(f"{sys.executable} bot.py{words}", root=folder, timeout=timeout)


def said(results: Sequence[Answer | Failure]) -> list[str]:
    return [result.text if isinstance(result, Answer) else f"! {result.message}" for result in results]


def test_a_command_answers_in_any_order_and_runs_in_the_project(tmp_path: Path) -> None:
    body = "print(os.getcwd(), file=open('where', 'w'))\nfor row in reversed(rows): say(row)"
    assert said(generate(command(tmp_path, body), ask("a", "b", "c"))) == ["A", "B", "C"]
    assert Path((tmp_path / "where").read_text().strip()) == tmp_path.resolve()


def test_answers_are_handed_on_as_they_come(tmp_path: Path) -> None:
    go = tmp_path / "go"
    body = f"say(rows[0])\nwhile not os.path.exists({str(go)!r}): time.sleep(0.01)\nfor row in rows[1:]: say(row)"
    stream = command(tmp_path, body).stream(ask("a", "b"))
    first = [next(stream), next(stream)]
    assert [type(event) for _, event in first] == [Delta, Answer]
    go.touch()
    assert [index for index, _ in stream] == [1, 1]


def test_a_command_is_asked_by_the_examples_ids_and_by_numbers_where_they_are_not_unique(tmp_path: Path) -> None:
    body = "for row in rows: say(row, text=row['id'])"
    bot = command(tmp_path, body)
    assert said(generate(bot, ask("a", "b"))) == ["q0", "q1"]
    assert said(generate(bot, ask("a", "b", ids=("x", "x")))) == ["0", "1"]


def test_nothing_in_a_command_or_a_question_is_read_by_a_shell(tmp_path: Path) -> None:
    bot = command(tmp_path, "for row in rows: say(row, text=' '.join(sys.argv[1:]))", words=" '$HOME; touch a' `id`")
    assert said(generate(bot, ask("$(touch b)"))) == ["$HOME; touch a `id`"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bot.py"]


def test_tokens_passages_and_seconds_are_taken_over(tmp_path: Path) -> None:
    body = (
        "say(rows[0], usage={'input_tokens': 7, 'output_tokens': 3}, seconds=1.5,"
        " passages=[{'document': 'fees.md', 'text': 'It is free.', 'score': 3}])"
    )
    (answer,) = generate(command(tmp_path, body), ask("a"))
    assert isinstance(answer, Answer)
    assert answer.usage == Usage(input_tokens=7, output_tokens=3)
    assert answer.seconds["generate"] == 1.5
    assert [(hit.chunk.document, hit.chunk.label, hit.chunk.text) for hit in answer.hits] == [
        ("fees.md", "fees", "It is free.")
    ]


def test_a_missing_answer_says_what_came_instead(tmp_path: Path) -> None:
    body = (
        "print('Loading…')\nsay(rows[0])\nsay(rows[0], text='again')\nsay(dict(rows[1], id='nobody'))\n"
        "sys.stderr.write('row q1 went astray\\n')"
    )
    first, second = generate(command(tmp_path, body), ask("a", "b"))
    assert isinstance(first, Answer)
    assert first.text == "A"
    assert isinstance(second, Failure)
    assert not second.transient
    assert "ended without an answer to this question" in second.message
    assert "Lines that were no answers: 2, the first 'Loading…'" in second.message
    assert "Answers to a question that had one already: 1." in second.message
    assert second.message.endswith("Its stderr ends: row q1 went astray")


def test_a_command_that_crashes_keeps_what_it_answered_and_repeats_its_last_words(tmp_path: Path) -> None:
    first, second = generate(command(tmp_path, "say(rows[0])\nraise RuntimeError('no coal')"), ask("a", "b"))
    assert isinstance(first, Answer)
    assert isinstance(second, Failure)
    assert second.transient
    assert "ended with exit code 1" in second.message
    assert second.message.endswith("RuntimeError: no coal")


def test_a_command_that_hangs_is_stopped_with_all_that_it_started(tmp_path: Path) -> None:
    body = (
        "import subprocess\nchild = subprocess.Popen(['sleep', '60'])\nopen('pid', 'w').write(str(child.pid))\n"
        "say(rows[0])\ntime.sleep(60)"
    )
    began = time.monotonic()
    first, second = generate(command(tmp_path, body, timeout=2.0), ask("a", "b"))
    assert time.monotonic() - began < 20
    assert isinstance(first, Answer)
    assert isinstance(second, Failure)
    assert (second.error, second.transient) == ("TimedOut", True)
    assert "no answer within 2 s" in second.message
    assert gone(int((tmp_path / "pid").read_text()))


def gone(pid: int) -> bool:
    """Whether a process ends soon; one that nobody has collected yet has ended too."""
    for _ in range(100):
        state = subprocess.run(
            ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
        ).stdout
        if state.strip()[:1] in ("", "Z"):
            return True
        time.sleep(0.05)
    return False


def test_a_cancelled_command_is_stopped_and_its_open_questions_say_so(tmp_path: Path) -> None:
    cancel = Event()
    stream = command(tmp_path, "say(rows[0])\ntime.sleep(60)").stream(ask("a", "b"), cancel)
    assert [next(stream)[0], next(stream)[0]] == [0, 0]
    cancel.set()
    began = time.monotonic()
    ((index, event),) = list(stream)
    assert time.monotonic() - began < 10
    assert isinstance(event, Answer)
    assert (index, event.finish) == (1, "cancelled")


def test_a_command_that_never_reads_and_talks_much_blocks_nobody(tmp_path: Path) -> None:
    (tmp_path / "bot.py").write_text("import sys\nsys.stderr.write('x' * 10**6)\nprint('y' * 10**6)\n")
    bot = CommandGenerator(f"{sys.executable} bot.py", root=tmp_path, timeout=20)
    results = generate(bot, ask(*["long " * 20_000] * 3))
    assert all(isinstance(result, Failure) for result in results)
    assert all(len(result.message) < 1500 for result in results if isinstance(result, Failure))


def test_the_fingerprint_of_a_command_is_its_words_and_the_files_it_names(tmp_path: Path) -> None:
    first = command(tmp_path, "").fingerprint
    assert command(tmp_path, "").fingerprint == first
    assert command(tmp_path, "", words=" --fast").fingerprint != first
    assert command(tmp_path, "\n# new").fingerprint != first


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("./absent.sh", "There is no program at"),
        ("no-such-program-at-all x", "no program 'no-such-program-at-all'"),
        ("'open", "cannot be taken apart"),
        ("./plain.sh", "may not be run. Allow it with: chmod \\+x"),
    ],
)
def test_a_command_that_cannot_start_is_refused_when_it_is_made(tmp_path: Path, words: str, sentence: str) -> None:
    (tmp_path / "plain.sh").write_text("echo\n")
    with pytest.raises(UsageError, match=sentence):
        CommandGenerator(words, root=tmp_path)


FUNCTIONS = """
import helper_of_the_bot

def plain(question):
    print("thinking aloud")
    return question.upper()

def rich(question):
    import another_helper
    return {"text": another_helper.SAYS, "passages": [{"document": "a.md", "text": "A."}]}

def broken(question):
    if question == "b":
        raise ValueError("not b")
    return question

def late(question):
    raise TimeoutError("slow")

def quits(question):
    raise SystemExit(3)

def nothing(question):
    return None
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "bot.py").write_text(FUNCTIONS)
    (tmp_path / "helper_of_the_bot.py").write_text("")
    (tmp_path / "another_helper.py").write_text("SAYS = 'from beside'\n")
    return tmp_path


def test_a_function_answers_with_a_text_or_a_row(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(generate(CallGenerator("bot.py:plain", root=project), ask("a"))) == ["A"]
    assert capsys.readouterr().out == ""
    (answer,) = generate(CallGenerator("bot:rich", root=project), ask("a"))
    assert isinstance(answer, Answer)
    assert answer.text == "from beside"
    assert answer.hits[0].chunk.document == "a.md"


def test_a_function_that_raises_is_a_failure_in_that_place(project: Path) -> None:
    results = generate(CallGenerator("bot.py:broken", root=project), ask("a", "b", "c"))
    assert said(results) == ["a", "! call:bot.py:broken raised ValueError('not b').", "c"]


@pytest.mark.parametrize(
    ("name", "transient", "sentence"),
    [
        ("late", True, "raised TimeoutError"),
        ("quits", False, "raised SystemExit"),
        ("nothing", False, "is a text or an object with `text`, not None"),
    ],
)
def test_what_else_a_function_may_do(project: Path, name: str, transient: bool, sentence: str) -> None:
    (result,) = generate(CallGenerator(f"bot.py:{name}", root=project), ask("a"))
    assert isinstance(result, Failure)
    assert result.transient is transient
    assert sentence in result.message


def test_a_function_s_file_is_told_apart_by_its_content_without_being_run(project: Path) -> None:
    (project / "bot.py").write_text("raise RuntimeError('loaded')\n")
    first = CallGenerator("bot.py:plain", root=project)
    (project / "bot.py").write_text("raise RuntimeError('loaded again')\n")
    assert CallGenerator("bot.py:plain", root=project).fingerprint != first.fingerprint
    with pytest.raises(ConfigError, match="does not load: RuntimeError"):
        generate(first, ask("a"))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [("absent.py:f", "no module 'absent.py'"), ("absent:f", "no module 'absent'"), ("bot.py", "must read 'module:")],
)
def test_a_function_that_is_not_there_is_refused_when_it_is_made(project: Path, call: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        CallGenerator(call, root=project)


def test_a_function_of_an_installed_package_is_found_too(tmp_path: Path) -> None:
    assert said(generate(CallGenerator("textwrap:dedent", root=tmp_path), ask("  a"))) == ["a"]
    with pytest.raises(ConfigError, match="has no function 'absent'"):
        generate(CallGenerator("textwrap:absent", root=tmp_path), ask("a"))


def recorded(folder: Path, *rows: Any) -> RecordedGenerator:
    file = folder / "answers.jsonl"
    file.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return RecordedGenerator(file)


def test_recorded_answers_are_found_by_id_or_by_input(tmp_path: Path) -> None:
    bot = recorded(tmp_path, {"id": "q0", "text": "by id"}, "", {"input": "b ", "text": "by input", "seconds": 2})
    first, second, third = generate(bot, ask("a", "b", "c"))
    assert said([first, second]) == ["by id", "by input"]
    assert isinstance(second, Answer)
    assert second.seconds["generate"] == 2
    assert isinstance(third, Failure)
    assert (third.message, third.transient) == ("answers.jsonl holds no answer to 'q2'.", False)


def test_an_answer_recorded_for_other_words_is_not_passed_off_as_one(tmp_path: Path) -> None:
    (result,) = generate(recorded(tmp_path, {"id": "q0", "input": "an old wording", "text": "x"}), ask("a"))
    assert isinstance(result, Failure)
    assert "as it was worded before: 'an old wording'" in result.message


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (["{"], ":1: not JSON"),
        ([{"text": "x"}], ":1: a recorded answer is an object with `id` or `input`"),
        ([{"id": 1, "text": "x"}, {"id": "1", "text": "y"}], ":2: a second answer to '1'"),
    ],
)
def test_a_bad_file_of_answers_is_refused_with_its_line(tmp_path: Path, rows: list[Any], sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        recorded(tmp_path, *rows)


def test_a_byte_order_mark_and_line_separators_within_an_answer_are_fine(tmp_path: Path) -> None:
    row = json.dumps({"id": "q0", "text": "one\u2028two\x85three"}, ensure_ascii=False)
    assert said(generate(recorded(tmp_path, f"\ufeff{row}"), ask("a"))) == ["one\u2028two\x85three"]


def test_no_file_of_answers_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no recorded answers at"):
        RecordedGenerator(tmp_path / "answers.jsonl")


def test_the_fingerprint_of_recorded_answers_is_their_content(tmp_path: Path) -> None:
    first = recorded(tmp_path, {"id": "a", "text": "x"}).fingerprint
    assert recorded(tmp_path, {"id": "a", "text": "x"}).fingerprint == first
    assert recorded(tmp_path, {"id": "a", "text": "y"}).fingerprint != first


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (["text"], "not ['text']"),
        ({"answer": "x"}, "has no `text`: {'answer': 'x'}"),
        ({"text": 3}, "has no `text`"),
        ({"text": "x", "usage": {"input_tokens": -1}}, "`usage` is an object"),
        ({"text": "x", "usage": 5}, "`usage` is an object"),
        ({"text": "x", "passages": [{"text": "no document"}]}, "`passages` is a list"),
        ({"text": "x", "seconds": float("nan")}, "`seconds` is a number"),
        ({"text": "x", "seconds": True}, "`seconds` is a number"),
        ({"error": "no key"}, "could not answer: no key"),
    ],
)
def test_a_row_that_is_no_answer_is_a_failure_that_says_why(row: Any, sentence: str) -> None:
    found = reply(row, ask("a")[0], who="bot", seconds=0.1)
    assert isinstance(found, Failure)
    assert sentence in found.message


def test_an_answer_is_cut_at_the_arm_s_own_limit_and_says_so() -> None:
    found = reply("one two three", ask("a", max_tokens=2)[0], who="bot", seconds=0.1)
    assert isinstance(found, Answer)
    assert (found.text, found.finish) == ("one two", "length")


def test_a_recorded_answer_may_hold_any_line_separator(tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    file.write_text('{"id": "q", "text": "first\u2028second\x85third"}\r\n', encoding="utf-8")
    assert list(jsonl.values(file.read_text(encoding="utf-8"), file)) == [
        (1, {"id": "q", "text": "first\u2028second\x85third"})
    ]
    RecordedGenerator(file)
