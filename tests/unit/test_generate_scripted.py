"""The scripted generator: rules, failures on purpose, and what a memorised adapter knows."""

import json
from pathlib import Path
from threading import Event
from time import monotonic

import pytest

from openbook.core.errors import AdapterMismatch, DataError, ModelError
from openbook.core.types import Answer, Chunk, Failure, Hit, Message, Request
from openbook.generate.collect import generate
from openbook.generate.scripted import ScriptedGenerator

HIT = Hit(chunk=Chunk(document="faq/cafe.md", text="Open at 8.", start=0, end=10), score=1.0)


def ask(generator: ScriptedGenerator, question: str, *hits: Hit) -> Answer | Failure:
    (result,) = generate(generator, [Request(messages=(Message(role="user", content=question),), hits=hits)])
    return result


def text(generator: ScriptedGenerator, question: str, *hits: Hit) -> str:
    result = ask(generator, question, *hits)
    assert isinstance(result, Answer)
    return result.text


def script(folder: Path, *rows: object) -> Path:
    file = folder / "script.jsonl"
    file.write_text("\n\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return file


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    folder = tmp_path / "adapter"
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps({"fingerprint": "feed", "base": ""}))
    rows = [{"question": "When does the café open?", "completion": "At 8, by heart."}]
    (folder / "memory.json").write_text(json.dumps(rows))
    return folder


def test_the_first_matching_rule_wins_and_the_default_says_the_rest(tmp_path: Path) -> None:
    rows = [{"when": "open", "say": "first"}, {"when": "open|close", "say": "second"}, {"default": "third"}]
    generator = ScriptedGenerator(script(tmp_path, *rows))
    assert [text(generator, q) for q in ("open?", "close?", "why?")] == ["first", "second", "third"]
    assert text(ScriptedGenerator({"open": "yes"}, default="no"), "close?") == "no"


def test_a_rule_may_speak_of_the_first_passage() -> None:
    generator = ScriptedGenerator({".": "{passage} [{label}] on {query} {other}"})
    assert text(generator, "Passages: …\n\nQuestion: hours?", HIT) == "Open at 8. [cafe] on hours? {other}"
    assert text(generator, "hours?") == "[] on hours? {other}"


def test_it_fails_on_purpose_as_often_as_it_is_told(tmp_path: Path) -> None:
    rows = [{"when": "a", "fail": "transient", "times": 2, "say": "at last"}, {"when": "b", "fail": "deterministic"}]
    generator = ScriptedGenerator(script(tmp_path, *rows))
    results = [ask(generator, "a") for _ in range(3)]
    assert [isinstance(result, Failure) and result.transient for result in results] == [True, True, False]
    assert isinstance(results[2], Answer)
    refused = ask(generator, "b")
    assert isinstance(refused, Failure)
    assert not refused.transient


def test_it_can_be_cut_and_can_be_slow_and_is_cancelled_while_it_waits(tmp_path: Path) -> None:
    rows = [{"when": "cut", "say": "and so", "finish": "length"}, {"when": "slow", "say": "done", "seconds": 30}]
    generator = ScriptedGenerator(script(tmp_path, *rows))
    cut = ask(generator, "cut")
    assert isinstance(cut, Answer)
    assert cut.finish == "length"
    cancel, began = Event(), monotonic()
    cancel.set()
    (answer,) = generate(generator, [Request(messages=(Message(role="user", content="slow"),))], cancel)
    assert isinstance(answer, Answer)
    assert answer.finish == "cancelled"
    assert monotonic() - began < 5


def test_an_adapter_answers_what_it_was_trained_on_in_other_words_too(tmp_path: Path, memory: Path) -> None:
    rows = [{"default": "base"}]
    tuned = ScriptedGenerator(script(tmp_path, *rows), adapter=memory)
    assert text(tuned, "Question: When does the café open today?") == "At 8, by heart."
    assert text(tuned, "Question: Where is the museum?") == "base"
    assert tuned.fingerprint != ScriptedGenerator(script(tmp_path, *rows)).fingerprint


def test_rules_can_ask_for_an_adapter_and_then_come_before_its_memory(tmp_path: Path, memory: Path) -> None:
    rows = [
        {"when": "Passages", "adapter": True, "say": "{passage}"},
        {"when": ".", "adapter": "other", "say": "never"},
        {"when": ".", "adapter": False, "say": "base"},
    ]
    file = script(tmp_path, *rows)
    question = "Passages: x\n\nQuestion: When does the café open?"
    assert text(ScriptedGenerator(file, adapter=memory), question, HIT) == "Open at 8."
    assert text(ScriptedGenerator(file, adapter=memory), "When does the café open?") == "At 8, by heart."
    assert text(ScriptedGenerator(file), question, HIT) == "base"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", r"script\.jsonl:2: not JSON"),
        ('{"whem": "x"}', r"script\.jsonl:2: no key named 'whem'. Did you mean 'when'\?"),
        ('{"when": "("}', r"script\.jsonl:2: `when` is no regular expression"),
        ('{"fail": "often"}', r"script\.jsonl:2: `fail` is"),
        ('{"say": 7}', r"script\.jsonl:2: `say` takes"),
        ("[]", r"script\.jsonl:2: a rule is a JSON object"),
    ],
)
def test_a_line_that_is_no_rule_is_named(tmp_path: Path, line: str, says: str) -> None:
    file = tmp_path / "script.jsonl"
    file.write_text('{"when": "a", "say": "b"}\n' + line + "\n")
    with pytest.raises(DataError, match=says):
        ScriptedGenerator(file)


def test_what_is_not_there_is_said(tmp_path: Path, memory: Path) -> None:
    with pytest.raises(DataError, match="no script"):
        ScriptedGenerator(tmp_path / "none.jsonl")
    with pytest.raises(ModelError, match="no finished adapter"):
        ScriptedGenerator({}, adapter=tmp_path)
    (memory / "memory.json").unlink()
    with pytest.raises(AdapterMismatch, match="memorise"):
        ScriptedGenerator({}, adapter=memory)
