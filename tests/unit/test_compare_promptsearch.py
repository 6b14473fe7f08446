"""The prompt search, against a real endpoint on this machine that answers well or badly by what it is told to."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from chat_server import ChatServer, Exchange, answering, chat_server
from openbook.compare.comparison import compare
from openbook.compare.material import gather
from openbook.compare.outcome import conclude
from openbook.compare.planning.plan import estimate
from openbook.compare.promptsearch import questions
from openbook.config import parse
from openbook.core.errors import ConfigError, EndpointError, UsageError
from openbook.project import Project
from openbook.project.plans import plan
from openbook.project.prompts import candidates, simplicity
from small_project import edit, fee, hour, open_project

GOOD = "Say exactly what the pages say."
SEARCH = """
search = 11
candidates = ["Be witty.", "{good}"]
[model]
name = "openai:parrot"
base_url = "{url}"
concurrency = 1
retries = 0
[compare]
arms = ["base", "prompted", "rag"]
"""


pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")


def told(exchange: Exchange) -> None:
    """Right where it has the good instructions and no more than two worked examples."""
    messages = exchange.body["messages"]
    right = messages[0]["content"] == GOOD and len(messages) <= 6
    everything = " ".join([*map(fee, range(30)), *map(hour, range(23))])
    answering(lambda _: everything if right else "Ho ho.")(exchange)


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with chat_server(told) as served:
        yield served


def searching(folder: Path, server: ChatServer) -> Project:
    open_project(folder)
    text = (folder / "openbook.toml").read_text(encoding="utf-8")
    section = SEARCH.format(url=server.base_url, good=GOOD)
    instructions = 'instructions = "Answer from the pages."\n'
    text = text.replace('[model]\nname = "scripted:script.jsonl"\n', "").replace(instructions, instructions + section)
    (folder / "openbook.toml").write_text(text, encoding="utf-8")
    return Project.open(folder)


def test_the_best_prompt_on_dev_is_taken_and_all_are_shown(tmp_path: Path, server: ChatServer) -> None:
    project = searching(tmp_path / "shops", server)
    outcome = conclude(project, compare(project))
    arms = outcome.report["arms"]
    for name in ("prompted", "rag"):
        row = arms[name]["search"]
        (chosen,) = [one for one in row["candidates"] if one["chosen"]]
        assert (chosen["instructions"], chosen["mean"], chosen["shots"]) == (GOOD, 1.0, 0)
        assert (arms[name]["settings"]["instructions"], arms[name]["settings"]["shots"]) == (GOOD, [])
        assert len(row["candidates"]) == 11
        assert row["candidates"][0]["instructions"] == "Answer from the pages."
        assert row["tokens"]["input"] == sum(one["tokens"]["input"] for one in row["candidates"]) > 0
        assert row["usd"] is None
        assert arms[name]["scores"]["facts"]["all"]["mean"] == 1.0
    assert arms["base"]["search"] is None
    page = (outcome.folder / "report.md").read_text(encoding="utf-8")
    assert "Prompts searched on" in page
    assert "rag (chosen) | Say exactly" in page
    schema = json.loads((Path(__file__).parents[2] / "src/openbook/compare/report.schema.json").read_text())
    jsonschema.validate(dict(outcome.report), schema)


def test_every_arm_has_the_same_candidates_and_the_test_is_never_asked_for_them(
    tmp_path: Path, server: ChatServer
) -> None:
    project = searching(tmp_path / "shops", server)
    prompts = {name: [one.prompt for one in candidates(project.plan(name))] for name in ("prompted", "rag")}
    assert prompts["prompted"] == prompts["rag"]
    compare(project)
    test = {question.input for question in project.exam.division.test}
    dev = {question.input for question in questions(project)}
    assert not dev & test
    tried = [exchange for exchange in server.asked if "Be witty." in exchange.body["messages"][0]["content"]]
    assert tried
    asked = {exchange.question.rpartition("Question: ")[2] for exchange in tried}
    assert asked == dev


def test_a_search_that_is_done_is_not_made_again(tmp_path: Path, server: ChatServer) -> None:
    project = searching(tmp_path / "shops", server)
    compare(project)
    before = len(server.asked)
    again = Project.open(project.root)
    compare(again)
    assert len(server.asked) == before
    assert all(step.done for step in estimate(again).steps if step.what.startswith("search"))


def test_a_search_that_was_interrupted_goes_on(tmp_path: Path, server: ChatServer) -> None:
    project = searching(tmp_path / "shops", server)
    server.behaviour = lambda e: told(e) if e.number <= 20 else e.error(503, "down")
    with pytest.raises(EndpointError):
        compare(project)
    answered = 20
    with pytest.raises(UsageError, match="not chosen yet"):
        project.arm("prompted")
    partial = gather(project, partial=True)
    assert {row.name: row.reason for row in partial.absent}["prompted"] == "not yet: its prompt is not chosen"
    failed, server.behaviour = len(server.asked) - answered, told
    compare(Project.open(project.root))
    with chat_server(told) as other:
        whole = searching(tmp_path / "whole", other)
        compare(whole)
        assert len(server.asked) - failed == len(other.asked)


def test_other_dev_questions_or_another_metric_choose_again(tmp_path: Path, server: ChatServer) -> None:
    project = searching(tmp_path / "shops", server)
    compare(project)
    assert project.arm("prompted").template.instructions == GOOD
    other = edit(project.root, "[compare]", '[compare]\nmetric = "f1"')
    with pytest.raises(UsageError, match="not chosen yet"):
        other.arm("prompted")


def test_the_search_is_planned(tmp_path: Path, server: ChatServer) -> None:
    project = searching(tmp_path / "shops", server)
    steps = [step for step in estimate(project).steps if step.what.startswith("search")]
    asked = len(questions(project))
    assert [step.what for step in steps] == [
        f"search a prompt for {name}: 11 candidates, {asked} dev questions each" for name in ("prompted", "rag")
    ]
    assert all(step.seconds > 0 and not step.done for step in steps)
    assert not server.asked


def test_arms_that_train_or_have_no_prompt_search_nothing(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops")
    searching_too = edit(project.root, "[prompt]", "[prompt]\nsearch = 4")
    for name in ("base", "tuned", "hybrid"):
        assert candidates(searching_too.plan(name)) == []
    assert searching_too.study("tuned").fingerprint == project.study("tuned").fingerprint
    found = conclude(searching_too, compare(searching_too)).report
    assert found["arms"]["tuned"]["search"] is None
    assert found["arms"]["rag"]["search"]["usd"] >= 0
    assert found["costs"]["arms"]["rag"]["set_up"] >= found["arms"]["rag"]["search"]["usd"]


def test_of_equal_prompts_the_simplest_is_taken(tmp_path: Path) -> None:
    """The script does not look at instructions or worked examples, so all candidates are equal."""
    project = open_project(tmp_path / "shops")
    project = edit(project.root, "[prompt]", '[prompt]\nsearch = 11\ncandidates = ["First.", "Second."]')
    found = conclude(project, compare(project)).report["arms"]["rag"]["search"]
    means = {one["mean"] for one in found["candidates"]}
    assert len(means) == 1
    (chosen,) = [one for one in found["candidates"] if one["chosen"]]
    assert (chosen["instructions"], chosen["shots"]) == ("First.", 0)


def prompts(**settings: Any) -> list[Any]:
    config = parse({"documents": {"sources": ["*.md"]}, "prompt": settings})
    return [one.prompt for one in candidates(plan(config, "rag"))]


def test_candidates_begin_with_the_given_prompt_and_are_all_different() -> None:
    found = prompts(search=50, candidates=["One.", "Two."], instructions="Own.", shots=2)
    assert found[0].instructions == "Own."
    assert len(found) == 11
    assert len({(one.instructions, one.shots, one.shots_by) for one in found}) == 11
    assert len(prompts(search=50, instructions="Own.", shots=0)) == 5


def test_a_larger_budget_keeps_the_candidates_of_a_smaller_one() -> None:
    def told_apart(search: int) -> list[tuple[str, int, str]]:
        found = prompts(search=search, candidates=["One.", "Two."])
        return [(one.instructions, one.shots, one.shots_by) for one in found]

    assert told_apart(9)[:4] == told_apart(4)


def test_simpler_is_fewer_examples_then_the_same_for_all_then_an_earlier_wording() -> None:
    found = prompts(search=50, candidates=["One.", "Two."])
    order = [(p.shots, p.shots_by, p.instructions) for p in sorted(found, key=simplicity)]
    assert order[0] == (0, "fixed", "One.")
    assert order.index((2, "fixed", "Two.")) < order.index((2, "nearest", "One.")) < order.index((4, "fixed", "One."))


def test_a_judge_cannot_choose_and_neither_can_no_questions(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", shops=("anvil",))
    project = edit(project.root, "[prompt]", "[prompt]\nsearch = 4")
    if not project.exam.division.dev:
        with pytest.raises(UsageError, match="there are none"):
            compare(project)
    labels = "".join(
        json.dumps({"input": f"q{n}", "answer": "a", "label": "yes" if n % 2 else "no"}) + "\n" for n in range(40)
    )
    (project.root / "labels.jsonl").write_text(labels, encoding="utf-8")
    judge = '[judge]\nmodel = "scripted:script.jsonl"\ncriteria = "Is it right?"\nlabels = "labels.jsonl"\n'
    judged = edit(project.root, "[probes]", f'{judge}\n[compare]\nmetric = "judge"\n\n[probes]')
    with pytest.raises(ConfigError, match="judge says what an answer is worth"):
        compare(judged)
