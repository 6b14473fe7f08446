"""A judge in a whole comparison: asked once, resumed, shown with its agreement, and refused where it may not decide."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import small_project
from chat_server import answering, chat_server
from openbook.compare.comparison import compare
from openbook.compare.marking.judging import bench_of
from openbook.compare.outcome import conclude
from openbook.compare.planning.plan import estimate
from openbook.core import jsonl
from openbook.core.errors import ConfigError, DataError, EndpointError, UsageError
from openbook.project import Project
from small_project import lines, open_project

JUDGE = """
[compare]
arms = ["base", "rag"]
{metric}

[judge]
model = "{model}"
criteria = "It names a price or an hour."
{more}
"""
FAIR = [{"when": r"(?s)<answer>\n[^<]*think", "say": "no"}, {"default": "Yes."}]
"""Says no of what the arm without passages says, and yes of the others."""
LABELS = [
    {
        "input": f"Question {n}?",
        "answer": f"Let me think, {n}." if n % 2 else f"It is £{n}.",
        "label": "no" if n % 2 else "yes",
    }
    for n in range(24)
]


def judged_project(folder: Path, script: list[dict[str, Any]], *, metric: str = "", labels: bool = True) -> Project:
    lines(folder / "judge.jsonl", script)
    lines(folder / "labels.jsonl", LABELS)
    more = 'labels = "labels.jsonl"' if labels else ""
    decides = f'metric = "{metric}"' if metric else ""
    return open_project(folder, more=JUDGE.format(model="scripted:judge.jsonl", metric=decides, more=more))


def concluded(project: Project) -> dict[str, Any]:
    outcome = conclude(project, compare(project))
    schema = json.loads((files("openbook.compare") / "report.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(outcome.report, schema)
    return dict(outcome.report)


def judge_row(report: dict[str, Any]) -> dict[str, Any]:
    return next(row for row in report["metrics"] if row["name"] == "judge")


def replies(project: Project) -> list[dict[str, Any]]:
    return list(jsonl.read(project.workspace.folder / f"judgements/{bench_of(project).id}.jsonl"))


def test_the_judges_figure_stands_with_its_agreement_and_is_not_asked_for_twice(tmp_path: Path) -> None:
    project = judged_project(tmp_path, FAIR)
    report = concluded(project)
    scores = {arm: row["scores"]["judge"]["all"]["mean"] for arm, row in report["arms"].items()}
    assert scores == {"base": 0.0, "rag": 1.0}
    assert judge_row(report)["remarks"][0].startswith("Validated: Cohen's kappa 1.00 [0.")
    assert not judge_row(report)["primary"]
    asked = len(replies(project))
    assert asked == 2 * (len(LABELS) + len({q["input"] for q in report["answers"]}) * 2)
    assert concluded(Project.open(tmp_path)) == report
    assert len(replies(project)) == asked
    assert [step.done for step in estimate(Project.open(tmp_path)).steps if step.what.startswith("judge")] == [True]


def test_a_judge_without_labels_is_unvalidated_and_its_refusals_are_failures(tmp_path: Path) -> None:
    refusing = [{"when": r"(?s)<answer>\n[^<]*think", "say": "I would rather not say."}, {"default": "yes"}]
    report = concluded(judged_project(tmp_path, refusing, labels=False))
    assert judge_row(report)["remarks"][0].startswith("Unvalidated")
    n = len(report["answers"])
    assert judge_row(report)["remarks"][1].startswith(f"Of {4 * n} judgements so far {2 * n} were refusals")
    assert report["arms"]["base"]["scores"]["judge"] == {}
    assert report["arms"]["rag"]["scores"]["judge"]["all"]["mean"] == 1.0


def test_a_judge_that_agrees_with_people_may_decide(tmp_path: Path) -> None:
    report = concluded(judged_project(tmp_path, FAIR, metric="judge"))
    assert report["metric"] == "judge"
    assert judge_row(report)["primary"]


def test_a_judge_that_does_not_is_refused_before_anything_is_answered(tmp_path: Path) -> None:
    project = judged_project(tmp_path, [{"when": "Question (1|2|3)", "say": "yes"}, {"default": "no"}], metric="judge")
    with pytest.raises(UsageError, match=r"The judge may not decide: kappa with your labels must not lie below 0\.4"):
        compare(project)
    assert not (project.workspace.folder / "runs").exists()


def test_a_judge_without_labels_may_not_decide(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a judge may decide only where it is shown to agree with people"):
        compare(judged_project(tmp_path, FAIR, metric="judge", labels=False))


@pytest.mark.parametrize(
    ("text", "says"),
    [("x\n", "labels.jsonl:1: not JSON"), ('{"input": "a", "answer": "b", "label": "maybe"}\n', "each line needs")],
)
def test_a_wrong_label_is_named_by_its_line(tmp_path: Path, text: str, says: str) -> None:
    project = judged_project(tmp_path, FAIR)
    (tmp_path / "labels.jsonl").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=says):
        compare(project)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ('model = "quote"', "a judge needs both `model` and `criteria`"),
        ('model = "quote"\ncriteria = "c"\nrepeats = 3', "set a `temperature`"),
    ],
)
def test_half_a_judge_is_refused(tmp_path: Path, settings: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        open_project(tmp_path, more=f"[judge]\n{settings}")


def test_an_endpoint_judges_and_a_dead_one_is_said_and_resumed(tmp_path: Path) -> None:
    small_project.write(tmp_path, more=JUDGE.format(model="openai:big", metric="", more='base_url = "BASE"'))
    settings = (tmp_path / "openbook.toml").read_text(encoding="utf-8")

    def at(url: str) -> Project:
        text = settings.replace("BASE", url).replace(
            'name = "scripted:script.jsonl"', 'name = "scripted:script.jsonl"\nretries = 0'
        )
        (tmp_path / "openbook.toml").write_text(text, encoding="utf-8")
        return Project.open(tmp_path)

    with pytest.raises(EndpointError, match="5 questions in a row got no answer from the judge"):
        compare(at("http://127.0.0.1:9/v1"))
    with chat_server(answering(lambda question: "no" if "think" in question else "yes")) as server:
        report = concluded(at(server.base_url))
        assert {arm: row["scores"]["judge"]["all"]["mean"] for arm, row in report["arms"].items()} == {
            "base": 0.0,
            "rag": 1.0,
        }
        asked = len(server.asked)
        concluded(at(server.base_url))
        assert len(server.asked) == asked
