"""A team's own checks, and how they break."""

import socket
from pathlib import Path

import pytest

from openbook.core.errors import ConfigError, UsageError
from openbook.core.types import Answer, Example, Failure
from openbook.score import CHECKS, METRICS
from openbook.score.checks import CallCheck, PatternCheck, SchemaCheck, first_json

EXAMPLE = Example(id="e7", input="?", references=("r",))


def mark(metric: PatternCheck | SchemaCheck | CallCheck, text: str) -> object:
    return metric.mark(EXAMPLE, Answer(text=text))


def test_a_pattern_must_match_the_whole_stripped_answer_across_lines() -> None:
    check = PatternCheck(name="voice", pattern=r"Hello .*! Bye\.")
    assert mark(check, "  Hello you!\nGood day! Bye.\n") == 1
    assert mark(check, "Well. Hello you! Bye.") == 0


def test_a_bad_pattern_is_refused_when_it_is_made() -> None:
    with pytest.raises(ConfigError, match=r"KPI 'voice': '\(' is not a regular expression.*`pattern`"):
        PatternCheck(name="voice", pattern="(")


LABELLED = {"type": "object", "required": ["label"], "properties": {"label": {"enum": ["refund", "other"]}}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"label": "refund"}', 1),
        ('I found 3 things:\n```json\n{"label": "refund"}\n```', 1),
        ('{"label": "theft"}', 0),
        ('{"label": "theft"} {"label": "refund"}', 0),
        ('{"label": ', 0),
        ('[broken] {"label": "other"}', 1),
        ("refund", 0),
        ("", 0),
        ('{"label": "refund", "score": NaN}', 0),
        ("[" * 5000, 0),
    ],
)
def test_the_first_json_value_must_fulfil_the_schema(text: str, expected: int) -> None:
    assert mark(SchemaCheck(name="form", schema=LABELLED), text) == expected


def test_a_bare_value_is_read_where_there_is_no_object_or_array() -> None:
    assert mark(SchemaCheck(name="n", schema={"type": "integer"}), " 7 ") == 1
    assert first_json("seven") is None


def test_a_bad_schema_is_refused_when_it_is_made() -> None:
    with pytest.raises(ConfigError, match="KPI 'form': not a JSON schema"):
        SchemaCheck(name="form", schema={"type": "objekt"})


def test_a_schema_may_refer_to_itself_and_to_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", None)
    inner = {"$ref": "#/$defs/word", "$defs": {"word": {"type": "string"}}}
    assert mark(SchemaCheck(name="form", schema=inner), '"word"') == 1
    for reference in ("https://example.org/schema.json", "#/$defs/absent"):
        with pytest.raises(ConfigError, match="nothing is fetched"):
            SchemaCheck(name="form", schema={"$ref": reference})


CALLS = """
import helper_of_the_check

def short(example, text):
    return len(text) < helper_of_the_check.LONG

def share(example, text):
    return {"half": 0.5, "two": 2, "nan": float("nan"), "text": "1", "none": None}[text]

number = 3
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "kpis.py").write_text(CALLS)
    (tmp_path / "helper_of_the_check.py").write_text("LONG = 10\n")
    return tmp_path


def test_a_call_is_a_function_of_the_project(project: Path) -> None:
    assert mark(CallCheck(name="short", call="kpis:short", root=project), "word") == 1
    assert mark(CallCheck(name="short", call="kpis:short", root=project), "word " * 9) == 0
    assert mark(CallCheck(name="share", call="kpis:share", root=project), "half") == 0.5


@pytest.mark.parametrize("text", ["two", "nan", "text", "none", "unheard of"])
def test_a_call_that_breaks_or_leaves_its_range_is_a_failure_in_that_place(project: Path, text: str) -> None:
    found = mark(CallCheck(name="share", call="kpis:share", root=project), text)
    assert isinstance(found, Failure)
    assert found.stage == "score"
    assert "KPI 'share': kpis:share r" in found.message
    assert "example 'e7'" in found.message


def test_two_projects_checks_of_one_name_stay_apart(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "kpis.py").write_text("def short(example, text):\n    return 0.25\n")
    first = CallCheck(name="short", call="kpis:short", root=project)
    second = CallCheck(name="short", call="kpis:short", root=other)
    assert (mark(first, "word"), mark(second, "word")) == (1, 0.25)
    assert first.signature != second.signature


def test_a_call_of_an_installed_package_is_found_too(tmp_path: Path) -> None:
    assert mark(CallCheck(name="eq", call="operator:ne", root=tmp_path), "word") == 1


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        ("kpis", "must read 'module:function'"),
        ("absent:short", "no module 'absent'"),
        ("kpis:absent", "has no function 'absent'"),
        ("kpis:number", "has no function 'number'"),
        ("broken:short", "does not load: ZeroDivisionError"),
    ],
)
def test_a_bad_call_is_refused_when_it_is_made(project: Path, call: str, sentence: str) -> None:
    (project / "broken.py").write_text("1 / 0\n")
    with pytest.raises(ConfigError, match=sentence):
        CallCheck(name="short", call=call, root=project)


def test_an_unknown_metric_gets_a_suggestion() -> None:
    with pytest.raises(UsageError, match=r"no metric named 'exact_mach'\. Did you mean 'exact_match'"):
        METRICS.load("exact_mach")
    assert CHECKS.names() == ["call", "pattern", "schema", "style"]
