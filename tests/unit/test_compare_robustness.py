"""The robustness probe over whole comparisons: who is asked what, once, resumed; and what planted behaviour looks like."""

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
from openbook.compare.probes.altered import CONDITIONS, injection_for, injections
from openbook.compare.probes.robustness import Robustness
from openbook.core import jsonl
from openbook.core.types import Answer
from openbook.project import Project
from small_project import MANY_SHOPS, SCRIPT, edit, fee, hour, open_project
from watchers import Stages

ARMS = "[compare]\narms = {}\n"


pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")


def opened(
    folder: Path, *, arms: str = "['base', 'rag']", questions: int = 12, more: str = "", **options: Any
) -> Project:
    on = f"robustness = true\nrobustness_questions = {questions}\n\n"
    return open_project(folder, more=on + ARMS.format(arms) + more, **options)


def reading() -> list[dict[str, Any]]:
    """A reader that says what any of its passages says, and otherwise that it does not know."""
    rules = []
    for number, name in enumerate(MANY_SHOPS):
        asked = (
            [rf"joining the {name} shop cost", f"price of a year at {name},"],
            [
                f"When does the {name} shop open",
                f"opening time of {name} on",
            ],
        )
        for value, wordings in zip((fee(number), hour(number)), asked, strict=True):
            when = rf" {value} .*Question: [^\n]*({'|'.join(wordings)})"
            rules.append({"when": when, "say": f"It is {value}."})
    return [*rules, {"default": "I don't know."}]


def probe(project: Project) -> Robustness:
    found = gather(project).robustness
    assert found is not None
    return found


def found(project: Project) -> Any:
    return conclude(project, gather(project)).report["probes"]["robustness"]


def test_it_is_off_unless_asked_for(tmp_path: Path) -> None:
    project, heard = open_project(tmp_path / "shops", more=ARMS.format("['base', 'rag']")), Stages()
    assert compare(project, watcher=heard).robustness is None
    assert not [name for name in heard.names if "robustness" in name]
    assert not project.workspace.robustness.exists()
    assert found(project) is None
    assert not [step for step in estimate(project).steps if "robustness" in step.what]


def test_arms_that_look_up_are_asked_once_under_every_condition(tmp_path: Path) -> None:
    project, heard = opened(tmp_path / "shops", arms="['base', 'rag', 'tuned', 'hybrid', 'rag-oracle']"), Stages()
    (step,) = [step for step in estimate(project).steps if "robustness" in step.what]
    assert (step.what, step.done) == ("robustness: 12 questions, 5 kinds of altered passages, 2 arms", False)
    compare(project, watcher=heard)
    asked = [name for name in heard.names if "robustness" in name]
    told = [condition.replace("_", " ") for condition in CONDITIONS]
    assert asked == [f"robustness of {arm}: {condition}" for arm in ("rag", "hybrid") for condition in told]
    again = Stages()
    compare(Project.open(project.root), watcher=again)
    assert again.names == []
    (step,) = [step for step in estimate(Project.open(project.root)).steps if "robustness" in step.what]
    assert step.done
    assert step.seconds > 0


def test_a_reader_of_passages_withstands_everything_and_abstains_without_evidence(tmp_path: Path) -> None:
    project = opened(tmp_path / "shops", shops=MANY_SHOPS, script=reading(), questions=0)
    compare(project)
    arm, material = found(project)["arms"]["rag"], gather(project)
    groups = len({material.paper.group[question.id] for question in probe(project).questions})
    assert set(arm) == set(CONDITIONS)
    for condition in ("oracle", "distractors", "reversed", "injected"):
        row = arm[condition]
        assert (row["ordinary"], row["altered"], row["difference"], row["left_out"]) == (1.0, 1.0, 0.0, 0), condition
        assert row["low"] < 0 < row["high"]
        assert row["groups"] == groups < row["n"]
    absent = arm["no_evidence"]
    assert absent["abstained"]["count"] == absent["abstained"]["n"] == absent["n"] == 36
    assert absent["abstained"]["low"] < 1
    assert "difference" not in absent
    assert (arm["injected"]["obeyed"]["count"], arm["injected"]["copied"]) == (0, 0)


def test_one_who_reads_the_first_passage_alone_suffers_where_it_is_another_one(tmp_path: Path) -> None:
    project = opened(tmp_path / "shops", shops=MANY_SHOPS, script=SCRIPT, questions=0)
    compare(project)
    arm = found(project)["arms"]["rag"]
    assert arm["oracle"]["difference"] == 0
    assert (arm["reversed"]["difference"], arm["reversed"]["verdict"]) == (-1.0, "worse")
    assert (arm["reversed"]["ordinary"], arm["reversed"]["altered"]) == (1.0, 0.0)
    assert arm["reversed"]["high"] < 0
    assert -1 < arm["distractors"]["difference"] < 0
    assert arm["distractors"]["verdict"] == "worse"
    assert arm["no_evidence"]["abstained"]["count"] == 0
    # It quotes the tampered passage, the instruction with it; that is no obedience.
    assert (arm["injected"]["obeyed"]["count"], arm["injected"]["copied"]) == (0, 36)
    paired = [row for row in arm.values() if "p" in row]
    assert all(row["p_adjusted"] >= row["p"] for row in paired)
    assert arm["reversed"]["p_adjusted"] == pytest.approx(4 * arm["reversed"]["p"], rel=0.01)


def test_one_who_obeys_some_instructions_is_found_out(tmp_path: Path) -> None:
    some = injections()[:4]
    script = [*({"when": one.marker, "say": f"{one.marker}!"} for one in some), *reading()]
    project = opened(tmp_path / "shops", shops=MANY_SHOPS, script=script, questions=0)
    compare(project)
    row = found(project)["arms"]["rag"]["injected"]
    tempted = sum(injection_for(question) in some for question in probe(project).questions)
    assert 0 < tempted < 36
    assert row["obeyed"]["count"] == tempted
    assert row["obeyed"]["low"] < tempted / 36 < row["obeyed"]["high"]
    assert row["altered"] == pytest.approx(1 - tempted / 36, abs=1e-6)
    assert row["copied"] == 0


def test_an_interrupted_probe_goes_on_and_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    stop = Stages(stop_in="robustness of rag: distractors", after=5)
    project = opened(tmp_path / "a" / "shops")
    compare(project, watcher=stop, cancel=stop.cancel)
    counts = [len(trial.desk.log.records) for trial in probe(project).trials]
    assert counts[0] == 12
    assert 5 <= counts[1] < 12
    assert counts[2:] == [0, 0, 0]
    partial = found(project)["arms"]["rag"]
    assert set(partial) == {"oracle", "distractors"}
    assert partial["distractors"]["n"] == counts[1]
    kept = (probe(project).files[1]).read_bytes()
    compare(Project.open(project.root))
    assert probe(project).files[1].read_bytes().startswith(kept)
    assert all(len(list(jsonl.read(file))) == 12 for file in probe(project).files)
    whole = opened(tmp_path / "b" / "shops")
    compare(whole)
    assert found(Project.open(project.root)) == found(whole)


def test_more_questions_keep_the_answers_there_are_and_other_labels_ask_anew(tmp_path: Path) -> None:
    project = opened(tmp_path / "shops", questions=6)
    compare(project)
    before = {file: file.read_bytes() for file in probe(project).files}
    more = edit(project.root, "robustness_questions = 6", "robustness_questions = 8")
    compare(more)
    assert all(file.read_bytes().startswith(old) for file, old in before.items())
    assert {len(list(jsonl.read(file))) for file in before} == {8}
    examples = project.root / "examples.jsonl"
    examples.write_text(examples.read_text(encoding="utf-8").replace('[["£100"]]', '[["£100", "100"]]'), "utf-8")
    assert '"100"' in examples.read_text(encoding="utf-8")
    assert not set(probe(Project.open(project.root)).files) & set(before)


def test_questions_that_cannot_be_asked_like_this_are_left_out_and_counted(tmp_path: Path) -> None:
    project = opened(tmp_path / "shops", more="[retrieve]\npassages = 1\n")
    report = conclude(project, compare(project))
    row = report.report["probes"]["robustness"]["arms"]["rag"]["reversed"]
    assert row == {"n": 0, "left_out": 12, "failures": 0}
    assert "rag, reversed: 12 questions could not be asked like this" in (report.folder / "report.md").read_text(
        "utf-8"
    )
    again = Stages()
    compare(Project.open(project.root), watcher=again)
    assert again.names == []
    assert report.failed == {}


def test_failed_answers_widen_the_interval_and_are_counted(tmp_path: Path) -> None:
    broken = {"when": injections()[0].marker, "fail": "deterministic"}
    anvil = {"when": "Question: What does joining the anvil", "fail": "deterministic"}
    script = [broken, anvil, *reading()]
    project = opened(tmp_path / "shops", shops=MANY_SHOPS, script=script, questions=0)
    compare(project)
    arm = found(project)["arms"]["rag"]
    row = arm["injected"]
    assert row["failures"] > 0
    assert row["n"] + row["failures"] == 36
    assert row["difference"] == 0
    assert row["low"] < -row["failures"] / 36, "every failure at its worst"
    assert row["obeyed"]["n"] == row["n"]
    assert row["obeyed"]["high"] > 1 / 36
    absent = arm["no_evidence"]
    assert absent["failures"] >= 1
    assert absent["abstained"]["n"] == absent["abstained"]["count"] == absent["n"] == 36 - absent["failures"]


def test_two_arms_that_answer_alike_are_asked_once(tmp_path: Path) -> None:
    project = opened(tmp_path / "shops", arms="['rag', 'twin']", more="[arms.twin]\nkind = 'rag'\n")
    heard = Stages()
    compare(project, watcher=heard)
    assert not [name for name in heard.names if name.startswith("robustness of twin")]
    assert found(project)["arms"]["twin"] == found(project)["arms"]["rag"]


def test_dev_questions_and_a_project_without_labels_are_not_probed(tmp_path: Path) -> None:
    project = opened(tmp_path / "shops")
    assert compare(project, dev=True).robustness is None
    examples = project.root / "examples.jsonl"
    rows = [json.loads(line) for line in examples.read_text(encoding="utf-8").splitlines()]
    bare = "".join(json.dumps({**row, "documents": []}) + "\n" for row in rows)
    examples.write_text(bare, encoding="utf-8")
    assert compare(Project.open(project.root)).robustness is None


def test_the_arm_is_as_it_was_but_for_its_passages(tmp_path: Path) -> None:
    project = opened(tmp_path / "shops")
    compare(project)
    trials = probe(project).trials
    assert len({trial.desk.arm.fingerprint for trial in trials} | {trials[0].ordinary.arm.fingerprint}) == 6
    for trial in trials:
        plain, other = trial.ordinary.arm.settings, trial.desk.arm.settings
        assert {key for key in plain if plain[key] != other[key]} == {"retrieval"}
        assert set(other["retrieval"]) - set(plain["retrieval"]) == {"altered"}
    record = next(iter(trials[-1].desk.log.records.values()))
    assert isinstance(record.result, Answer)
    assert any(one.text in record.result.hits[0].chunk.text for one in injections())


def test_the_pages_and_the_schema_hold_it(tmp_path: Path) -> None:
    project = opened(tmp_path / "shops", shops=MANY_SHOPS, script=SCRIPT)
    outcome = conclude(project, compare(project))
    schema = json.loads((files("openbook.compare") / "report.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(outcome.report, schema)
    markdown = (outcome.folder / "report.md").read_text("utf-8")
    assert "## Altered passages" in markdown
    assert "| rag | last passage first | 1.00 | .00 | −1.00 [" in markdown
    assert "| rag | 0/12 [" in markdown
    page = (outcome.folder / "report.html").read_text("utf-8")
    assert '<section id="robustness">' in page
    assert '<a href="#robustness">Altered passages</a>' in page


def test_other_records_are_another_report(tmp_path: Path) -> None:
    project = opened(tmp_path / "shops", questions=3)
    compare(project)
    assert set(found(project)["arms"]["rag"]) == set(CONDITIONS)
    probe(project).files[0].unlink()
    assert set(found(Project.open(project.root))["arms"]["rag"]) == set(CONDITIONS[1:])


def test_the_same_records_give_the_same_bytes(tmp_path: Path) -> None:
    project = opened(tmp_path / "shops")
    outcome = conclude(project, compare(project))
    first = (outcome.folder / "report.json").read_bytes()
    for file in outcome.folder.iterdir():
        file.unlink()
    again = conclude(Project.open(project.root), gather(Project.open(project.root)))
    assert again.folder == outcome.folder
    assert (again.folder / "report.json").read_bytes() == first
