"""The reading probe over whole comparisons: who is asked what, once, resumed; and what planted losses look like."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from openbook.compare.comparison import compare
from openbook.compare.material import gather
from openbook.compare.outcome import conclude
from openbook.compare.planning.plan import estimate
from openbook.core import jsonl
from openbook.core.types import Answer
from openbook.project import Project
from small_project import MANY_SHOPS, SCRIPT, open_project
from watchers import Stages

ON = "reading = true\nreading_questions = {}\n{}\n[compare]\narms = {}\n"
READS = {"when": "Passages:", "say": "{passage} [{label}]", "adapter": True}
"""With any adapter it quotes the passage, as the script does without."""
BABBLES = {"when": "Passages:", "say": "la la la", "adapter": True}


pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")


def reading_stages(watcher: Stages) -> list[str]:
    return [name for name in watcher.names if name.startswith("reading")]


def opened(
    folder: Path, *, arms: str = "['prompted', 'tuned']", questions: int = 0, more: str = "", **options: Any
) -> Project:
    return open_project(folder, more=ON.format(questions, more, arms), **options)


def found(project: Project) -> Any:
    return conclude(project, gather(project)).report["probes"]["reading"]


def test_it_is_off_unless_asked_for(tmp_path: Path) -> None:
    project, heard = open_project(tmp_path / "shops", more="[compare]\narms = ['prompted', 'tuned']"), Stages()
    assert compare(project, watcher=heard).reading is None
    assert reading_stages(heard) == []
    assert found(project) is None
    assert not [step for step in estimate(project).steps if step.what.startswith("reading")]


def test_tuned_arms_are_asked_over_the_right_passages_once_and_a_base_before_its_adapters(tmp_path: Path) -> None:
    arms = "['base', 'rag', 'tuned', 'hybrid', 'tuned+rag']"
    project, heard = opened(tmp_path / "shops", arms=arms, questions=6), Stages()
    (step,) = [step for step in estimate(project).steps if step.what.startswith("reading")]
    assert (step.what, step.done) == ("reading: 6 questions over the right passages, 4 models", False)
    compare(project, watcher=heard)
    assert reading_stages(heard) == ["reading of the base of tuned", "reading of tuned", "reading of hybrid"]
    again = Stages()
    compare(Project.open(project.root), watcher=again)
    assert again.names == []
    (step,) = [step for step in estimate(Project.open(project.root)).steps if step.what.startswith("reading")]
    assert step.done
    rows = found(project)["arms"]
    assert rows["tuned"] == rows["tuned+rag"], "one adapter, asked and tested once"


def test_the_prompt_is_alike_for_both_and_holds_the_answer(tmp_path: Path) -> None:
    project = opened(tmp_path / "shops", questions=6)
    probe = compare(project).reading
    assert probe is not None
    (trial,) = probe.trials
    plain, tuned = trial.ordinary.arm.settings, trial.desk.arm.settings
    assert {key for key in plain if plain[key] != tuned[key]} == {"generator"}
    for question in probe.questions:
        records = [desk.log.records[question.key] for desk in (trial.ordinary, trial.desk)]
        assert records[0].messages == records[1].messages
        result = records[1].result
        assert isinstance(result, Answer)
        assert any(question.facts[0][0] in hit.chunk.text for hit in result.hits)
        assert {hit.chunk.document for hit in result.hits} == set(question.documents)


def test_planted_lost_reading_is_found_and_told(tmp_path: Path) -> None:
    project = opened(tmp_path / "shops", shops=MANY_SHOPS, script=[BABBLES, *SCRIPT])
    outcome = conclude(project, compare(project))
    row = outcome.report["probes"]["reading"]["arms"]["tuned"]
    assert (row["base"], row["tuned"], row["difference"], row["verdict"]) == (1.0, 0.0, -1.0, "worse")
    assert row["low"] <= row["high"] < 0
    assert 8 <= row["groups"] < row["n"], "intervals are over groups, not over questions"
    assert "| tuned | 1.00 | .00 | −1.00 [" in (outcome.folder / "report.md").read_text("utf-8")
    page = (outcome.folder / "report.html").read_text("utf-8")
    assert '<section id="reading">' in page
    assert "reads worse" in page


def test_an_adapter_that_keeps_reading_is_not_accused(tmp_path: Path) -> None:
    project = opened(tmp_path / "shops", shops=MANY_SHOPS, script=[READS, *SCRIPT])
    compare(project)
    row = found(project)["arms"]["tuned"]
    assert (row["base"], row["tuned"], row["difference"]) == (1.0, 1.0, 0.0)
    assert row["low"] < 0 < row["high"]
    assert row["verdict"] != "worse"


def test_a_base_that_cannot_read_has_no_reading_to_lose_but_can_be_taught(tmp_path: Path) -> None:
    mute = [{"default": "Hm."}]
    project = opened(tmp_path / "a" / "shops", shops=MANY_SHOPS, script=[BABBLES, *mute])
    compare(project)
    row = found(project)["arms"]["tuned"]
    assert (row["base"], row["verdict"]) == (0.0, "floor")
    assert "no reading to lose" in row["reason"]
    taught = opened(tmp_path / "b" / "shops", shops=MANY_SHOPS, script=[READS, *mute])
    compare(taught)
    assert found(taught)["arms"]["tuned"]["verdict"] == "better"


def test_an_index_is_made_for_it_where_no_arm_looks_things_up(tmp_path: Path) -> None:
    project, heard = opened(tmp_path / "shops", questions=4), Stages()
    assert next(step.what for step in estimate(project).steps).startswith("ingest")
    compare(project, watcher=heard)
    assert heard.names[0] == "ingest"
    assert found(project)["arms"]["tuned"]["n"] == 4


def test_what_a_robustness_probe_asked_is_not_asked_again(tmp_path: Path) -> None:
    more = "robustness = true\nrobustness_questions = 5"
    project, heard = opened(tmp_path / "shops", arms="['rag', 'hybrid']", questions=5, more=more), Stages()
    compare(project, watcher=heard)
    assert reading_stages(heard) == ["reading of the base of hybrid"]
    for file in project.workspace.robustness.glob("*/records.jsonl"):
        keys = [row["key"] for row in jsonl.read(file)]
        assert len(keys) == len(set(keys)) == 5


def test_an_interrupted_probe_goes_on_and_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    stop = Stages(stop_in="reading of tuned", after=4)
    project = opened(tmp_path / "a" / "shops")
    compare(project, watcher=stop, cancel=stop.cancel)
    probe = gather(project).reading
    assert probe is not None
    kept = probe.files[1].read_bytes()
    assert 4 <= len(kept.splitlines()) < len(probe.questions)
    partial = found(project)["arms"]["tuned"]
    assert partial["n"] == len(kept.splitlines())
    compare(Project.open(project.root))
    assert probe.files[1].read_bytes().startswith(kept)
    whole = opened(tmp_path / "b" / "shops")
    compare(whole)
    assert found(Project.open(project.root)) == found(whole)


def test_failed_answers_widen_the_interval_and_are_counted(tmp_path: Path) -> None:
    broken = {"when": "Passages:.*anvil", "fail": "deterministic", "adapter": True}
    project = opened(tmp_path / "shops", shops=MANY_SHOPS, script=[broken, READS, *SCRIPT])
    compare(project)
    row = found(project)["arms"]["tuned"]
    assert row["failures"] > 0
    assert row["difference"] == 0
    assert row["low"] < -row["failures"] / (row["n"] + row["failures"])


def test_the_schema_holds_it_and_the_same_records_give_the_same_bytes(tmp_path: Path) -> None:
    project = opened(tmp_path / "shops", script=[BABBLES, *SCRIPT])
    outcome = conclude(project, compare(project))
    schema = json.loads((files("openbook.compare") / "report.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(outcome.report, schema)
    first = (outcome.folder / "report.json").read_bytes()
    for file in outcome.folder.iterdir():
        file.unlink()
    again = conclude(Project.open(project.root), gather(Project.open(project.root)))
    assert again.folder == outcome.folder
    assert (again.folder / "report.json").read_bytes() == first
    probe = gather(project).reading
    assert probe is not None
    probe.files[1].unlink()
    assert conclude(Project.open(project.root), gather(Project.open(project.root))).folder != outcome.folder
