"""What a run will do and how long it takes: every step, what is done of it, and nothing is opened to say so."""

from pathlib import Path
from typing import Any

import pytest

from openbook.compare.comparison import compare
from openbook.compare.planning.expected import BF16, FP32
from openbook.compare.planning.plan import Plan, estimate
from openbook.core.errors import ConfigError
from openbook.project import Project
from small_project import edit, open_project

pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")


def steps(found: Plan) -> dict[str, bool]:
    return {step.what: step.done for step in found.steps}


def test_every_step_of_a_run_is_planned(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", updates=True)
    asked = len(project.exam.division.test)
    rows = len(project.exam.division.train)
    assert steps(estimate(project)) == {
        "ingest 10 documents": False,
        f"tune tuned: {rows} rows, 1 passes": False,
        f"tune hybrid: {rows} rows, 1 passes": False,
        f"answer base: {asked + 8} questions": False,
        f"answer prompted: {asked + 8} questions": False,
        f"answer rag: {asked + 16} questions": False,
        f"answer tuned: {asked + 8 + 8} questions": False,
        f"answer hybrid: {asked + 16 + 8} questions": False,
        "latency: 5 questions one at a time": False,
    }


def test_nothing_is_written_by_planning(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops")
    estimate(project)
    assert not project.workspace.folder.exists()


def test_after_the_run_everything_is_done(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", updates=True)
    compare(project)
    assert all(steps(estimate(Project.open(project.root))).values())


def test_what_is_answered_already_is_not_counted_again(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", more="[compare]\narms = ['base']\nquestions = 4")
    compare(project)
    again = edit(project.root, "questions = 4", "questions = 10")
    assert steps(estimate(again))["answer base: 6 questions"] is False


def test_every_seed_is_asked(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", more="[compare]\narms = ['tuned']\nseeds = [0, 1, 2]\nquestions = 4")
    assert "answer tuned: 20 questions" in steps(estimate(project))


def test_arms_that_cannot_be_had_are_not_planned(tmp_path: Path) -> None:
    assert [what.split(":")[0] for what in steps(estimate(open_project(tmp_path / "shops", model="quote")))] == [
        "ingest 10 documents",
        "answer rag",
        "latency",
    ]


def seconds(folder: Path, **options: Any) -> float:
    return sum(step.seconds for step in estimate(open_project(folder, **options)).steps)


def test_a_model_takes_longer_than_a_script_and_more_passes_longer_than_one(tmp_path: Path) -> None:
    script = seconds(tmp_path / "script")
    model = seconds(tmp_path / "model", model="hf:/nowhere")
    project = open_project(tmp_path / "passes", model="hf:/nowhere")
    longer = sum(step.seconds for step in estimate(edit(project.root, "epochs = 1", "epochs = 6")).steps)
    assert script < model < longer


def test_an_endpoint_is_planned_by_its_calls(tmp_path: Path) -> None:
    base = {
        step.what.split(":")[0]: step.seconds
        for step in estimate(open_project(tmp_path / "shops", model="openai:some")).steps
    }
    assert base["answer base"] < 60


@pytest.mark.parametrize("known", [True, False])
def test_a_machine_that_was_not_asked_yet_is_taken_for_a_slow_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    asked = []
    machine = type("Machine", (), {"bf16": True, "accelerator": "cpu"})
    monkeypatch.setenv("OPENBOOK_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("openbook.models.machine", lambda: asked.append(1) or machine)
    if known:
        (tmp_path / "home").mkdir()
        (tmp_path / "home" / "machine.json").write_text("{}")
    found = estimate(open_project(tmp_path / "shops", model="hf:/nowhere"))
    assert bool(asked) is known
    assert ("bfloat16" in found.basis) is known
    assert FP32.read < BF16.read


def test_a_wrong_metric_is_said_before_the_plan(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        estimate(open_project(tmp_path / "shops", more="[compare]\nmetric = 'fatcs'"))
