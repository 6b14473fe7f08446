"""The published schemas of `advise --json` and `report diff --json`: real output fulfils them, and a key more is refused."""

import copy
import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from openbook.advise.advice import advise, public
from openbook.advise.claims import ARMS
from openbook.advise.interview import QUESTIONS, arising
from openbook.advise.labels import Assumed
from openbook.cli.main import run
from openbook.core.errors import UsageError
from small_project import MANY_SHOPS, edit, write

Json = dict[str, Any]


def schema(package: str, name: str) -> Json:
    found: Json = json.loads((files(package) / name).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(found)
    return found


ADVICE = schema("openbook.advise", "advise.schema.json")
DIFF = schema("openbook.compare", "diff.schema.json")


def refusals(value: Any, whole: Any) -> Iterator[Any]:
    """Copies of the whole, each with a key more in one of its objects."""
    if isinstance(value, dict):
        value["no such key"] = 1
        yield copy.deepcopy(whole)
        del value["no such key"]
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from refusals(part, whole)


def refuses_more(found: Json, published: Json) -> None:
    validator = jsonschema.Draft202012Validator(published)
    validator.validate(found)
    for key in found:
        assert not validator.is_valid({name: value for name, value in found.items() if name != key}), key
    for more in refusals(found, found):
        assert not validator.is_valid(more)


def given(**changed: str) -> dict[str, str]:
    """The first option of every question that arises, but for what is changed."""
    answers = {key: value for key, value in changed.items() if key != "examples"}
    for question in QUESTIONS:
        if question in arising(answers) and question.key not in answers and question.key != "examples":
            answers[question.key] = next(iter(question.options))
    return answers


@pytest.mark.parametrize("question", [one for one in QUESTIONS if one.key != "examples"], ids=lambda one: one.key)
def test_the_advice_for_any_answer_fulfils_its_schema(question: Any) -> None:
    for option in question.options:
        for examples in (0, 40, 5000):
            try:
                found = public(advise(given(**{question.key: option}), examples=examples))
            except UsageError:
                continue  # Answers that contradict each other get no advice.
            jsonschema.validate(found, ADVICE)


def test_the_advice_refuses_keys_that_it_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["advise", "--json", "--examples", "300", *(w for k, v in given().items() for w in (f"--{k}", v))]) == 0
    refuses_more(json.loads(capsys.readouterr().out), ADVICE)
    jsonschema.validate(public(advise(given(), examples=9, assumed=Assumed(spreads=(0.1,), size=1))), ADVICE)


def test_the_advices_schema_names_the_interviews_questions_options_and_arms() -> None:
    answers = ADVICE["properties"]["answers"]["properties"]
    assert {key: row["enum"] for key, row in answers.items()} == {q.key: [*q.options] for q in QUESTIONS}
    assert {key: row["description"] for key, row in answers.items()} == {q.key: q.asks for q in QUESTIONS}
    assert ADVICE["$defs"]["arm"]["enum"] == [*ARMS]


def test_a_diff_fulfils_its_schema_and_refuses_keys_that_it_does_not_know(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write(tmp_path / "shops", shops=MANY_SHOPS, updates=True, more='[compare]\narms = ["base", "rag"]')
    assert run(["compare", "-C", str(folder), "--json"]) == 0
    edit(folder, 'instructions = "Answer from the pages."', 'instructions = "Answer."\nshots = 0')
    edit(folder, 'arms = ["base", "rag"]', 'arms = ["base", "rag", "prompted", "tuned"]')
    (folder / "script.jsonl").write_text('{"when": "Passages:", "say": "{label}"}\n', encoding="utf-8")
    assert run(["compare", "-C", str(folder), "--json"]) == 0
    capsys.readouterr()
    assert run(["report", "diff", "-C", str(folder), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    for part in ("settings", "changes", "figures", "pairs"):
        assert found[part], part
    assert found["arms"]["only_after"] == ["prompted", "tuned"]
    refuses_more(found, DIFF)


def test_a_diff_of_a_report_with_itself_fulfils_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write(tmp_path / "shops", more='[compare]\narms = ["base"]')
    assert run(["compare", "-C", str(folder), "--json"]) == 0
    capsys.readouterr()
    assert run(["report", "diff", "latest", "latest", "-C", str(folder), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {row["verdict"] for row in found["changes"]} == {"same run", "not comparable"}
    jsonschema.validate(found, DIFF)


@pytest.mark.parametrize("wrong", [{"schema": 2}, {"same_machine": "yes"}, {"changes": [{"arm": "rag"}]}])
def test_a_diffs_schema_refuses_what_is_wrong(wrong: Json) -> None:
    empty = {"only_before": [], "only_after": []}
    counts = dict.fromkeys(("before", "after", "same", "reworded", "only_before", "only_after"), 0)
    advice = {"arm": None, "verdict": "None."}
    right = {
        "schema": 1, "before": "a", "after": "b", "settings": [], "arms": empty, "questions": counts, "changes": [],
        "figures": [], "same_machine": True, "pairs": [],
        "recommendation": {"before": advice, "after": advice, "changed": False},
    }  # fmt: skip
    jsonschema.validate(right, DIFF)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**right, **wrong}, DIFF)
