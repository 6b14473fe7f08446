"""The main job from inside: what is done, in which order, once; arms of one kind, seeds, dev, what is absent."""

import json
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from openbook.compare.comparison import compare
from openbook.compare.material import gather
from openbook.compare.outcome import conclude
from openbook.compare.runlog import RunLog
from openbook.core import jsonl
from openbook.core.errors import ConfigError, EndpointError, UsageError
from openbook.project import Project
from small_project import SCRIPT, edit, lines, open_project
from watchers import Listener

pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")


def records(project: Project) -> dict[str, bytes]:
    found = (project.workspace.folder / "runs").glob("*/*.jsonl")
    return {str(path.relative_to(project.root)): path.read_bytes() for path in found}


def by_arm(project: Project, *, dev: bool = False) -> dict[str, int]:
    return {seat.name: len(seat.log.records) for seat in gather(project, dev=dev).seats}


def test_every_step_is_done_in_order_and_a_second_call_does_none(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", updates=True)
    first = Listener()
    material = compare(project, watcher=first)
    asked = len(material.paper.questions)
    assert first.stages == [
        "ingest",
        "tune tuned",
        "tune hybrid",
        *(f"answer {name}" for name in ("base", "prompted", "rag", "tuned", "hybrid")),
        "train/dev gap of tuned",
        "train/dev gap of hybrid",
        *(f"freshness of {name}, before" for name in ("base", "prompted", "rag", "tuned", "hybrid")),
        "ingest the update",
        "freshness of rag, after",
        "freshness of hybrid, after",
        "latency",
    ]
    assert set(first.answers.values()) == {asked}
    before = records(project)
    second = Listener()
    compare(Project.open(project.root), watcher=second)
    assert second.stages == []
    assert second.answers == first.answers
    assert records(project) == before
    ledger = [row["stage"] for row in jsonl.read(project.workspace.folder / "ledger.jsonl")]
    assert ledger == first.stages


def test_arms_that_an_update_cannot_touch_reuse_their_records(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", updates=True)
    material = compare(project)
    assert [seat.name for seat in material.updated] == ["rag", "hybrid"]
    runs = list((project.workspace.folder / "runs").iterdir())
    assert len(runs) == 5 + 2
    keys = {question.key for question in material.freshness}
    assert all(keys <= seat.log.records.keys() for seat in (*material.seats, *material.updated))


def test_an_update_that_changes_nothing_asks_nothing_again(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", updates=True)
    for page in (project.root / "pages").iterdir():
        (project.root / "v2" / page.name).write_bytes(page.read_bytes())
    material = compare(project)
    assert [seat.arm.fingerprint for seat in material.updated] == [
        seat.arm.fingerprint for seat in material.seats if seat.plan.retrieves
    ]


def test_an_edited_page_asks_the_looking_up_arms_again_and_them_alone(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops")
    compare(project)
    page = project.root / "pages" / "anvil.md"
    page.write_text(page.read_text() + "\nClosed on Mondays.\n")
    again = Listener()
    compare(Project.open(project.root), watcher=again)
    assert [stage for stage in again.stages if not stage.startswith("train/dev")] == [
        "ingest",
        "tune hybrid",
        "answer rag",
        "answer hybrid",
        "latency",
    ]


def test_more_questions_ask_only_the_new_ones(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", more="[compare]\narms = ['base', 'rag']\nquestions = 4")
    compare(project)
    kept = records(project)
    again = edit(project.root, "questions = 4", "questions = 7")
    compare(again)
    assert by_arm(again) == {"base": 7, "rag": 7}
    assert all(records(again)[name].startswith(text) for name, text in kept.items())


def test_two_arms_of_one_kind_stand_against_each_other(tmp_path: Path) -> None:
    more = "[arms.wide]\nkind = 'rag'\nretrieve = {passages = 5}\n\n[compare]\narms = ['rag', 'wide']"
    project = open_project(tmp_path / "shops", more=more)
    outcome = conclude(project, compare(project))
    arms = outcome.report["arms"]
    assert [(name, arm["kind"]) for name, arm in arms.items()] == [("rag", "rag"), ("wide", "rag")]
    assert (arms["rag"]["settings"]["retrieval"]["passages"], arms["wide"]["settings"]["retrieval"]["passages"]) == (
        2,
        5,
    )
    assert arms["rag"]["runs"] != arms["wide"]["runs"]
    assert [(pair["a"], pair["b"]) for pair in outcome.report["pairs"] if not pair["exploratory"]] == [("wide", "rag")]


def test_two_names_for_one_arm_share_their_answers(tmp_path: Path) -> None:
    more = "[arms.twin]\nkind = 'rag'\n\n[compare]\narms = ['rag', 'twin']"
    project = open_project(tmp_path / "shops", more=more)
    heard = Listener()
    compare(project, watcher=heard)
    assert "answer twin" not in heard.stages
    assert len(list((project.workspace.folder / "runs").iterdir())) == 1


def test_several_seeds_train_an_adapter_each_and_are_averaged(tmp_path: Path) -> None:
    more = "[compare]\narms = ['base', 'tuned']\nseeds = [0, 1, 2]"
    project = open_project(tmp_path / "shops", updates=True, more=more)
    heard = Listener()
    material = compare(project, watcher=heard)
    assert [stage for stage in heard.stages if stage.startswith("tune")] == [f"tune tuned (seed {n})" for n in range(3)]
    assert [(seat.name, seat.arm.seed) for seat in material.seats] == [
        ("base", 0),
        ("tuned", 0),
        ("tuned", 1),
        ("tuned", 2),
    ]
    row = conclude(project, material).report["arms"]["tuned"]
    asked = len(material.paper.questions)
    assert row["seeds"] == [0, 1, 2]
    assert row["asked"] == 3 * asked
    assert row["scores"]["facts"]["all"]["n"] == asked
    # The probes ask one seed: what they measure does not depend on it.
    assert [len(seat.log.records) > asked for seat in material.seats] == [True, True, False, False]


def test_the_arms_that_a_model_cannot_have_are_named_and_not_asked(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", model="quote")
    outcome = conclude(project, compare(project))
    arms = outcome.report["arms"]
    assert {name for name, arm in arms.items() if "not_applicable" in arm} == {"base", "prompted", "tuned", "hybrid"}
    assert outcome.report["recommendation"]["verdict"].startswith("Nothing to choose from: only rag took part")
    assert not outcome.failed


def test_dev_questions_are_asked_in_place_of_the_test_s(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", more="[compare]\narms = ['base', 'rag']")
    compare(project, dev=True)
    dev = {row.id for row in project.exam.division.dev}
    for seat in gather(project, dev=True).seats:
        assert {record.example for record in seat.log.records.values()} == dev
    report = conclude(project, gather(project, dev=True), looked=False).report
    assert report["examples"]["side"] == "dev"
    assert report["looks"] == 0
    assert not project.workspace.looks.exists()


def test_a_partial_report_holds_what_there_is_and_says_what_is_not_ready(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", updates=True)
    before = conclude(project, gather(project, partial=True)).report
    assert {name: arm.get("not_applicable") for name, arm in before["arms"].items()} == {
        "base": None,
        "prompted": None,
        "rag": "not yet: the index is behind the documents",
        "tuned": "not yet: its adapter is not trained",
        "hybrid": "not yet: the index is behind the documents",
    }
    assert before["recommendation"]["verdict"] == "Nothing to recommend: no arm has answered."
    assert before["looks"] == 0
    with pytest.raises(UsageError):
        gather(project)
    project.knowledge.ingest()
    project.knowledge.ingest("updates")
    after = conclude(project, gather(project, partial=True)).report
    assert after["arms"]["hybrid"]["not_applicable"] == "not yet: its adapter is not trained"
    assert "scores" in after["arms"]["rag"]


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", more="[compare]\narms = ['base', 'rag']")

    class Stop(Listener):
        def answered(self, arm: Any, example: Any, record: Any) -> None:
            super().answered(arm, example, record)
            if self.answers["rag"] == 3:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compare(project, watcher=Stop())
    kept = records(project)
    partial = conclude(project, gather(project, partial=True)).report
    assert partial["arms"]["rag"]["asked"] == 3
    again = Listener()
    compare(Project.open(project.root), watcher=again)
    assert "answer base" not in again.stages
    assert all(records(project)[name].startswith(text) for name, text in kept.items())


def test_once_cancelled_nothing_more_is_asked(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", updates=True)
    cancel = Event()

    class Canceller(Listener):
        def answered(self, arm: Any, example: Any, record: Any) -> None:
            super().answered(arm, example, record)
            cancel.set()

    heard = Canceller()
    compare(project, watcher=heard, cancel=cancel)
    assert sum(heard.answers.values()) == 1
    assert not any(stage.startswith(("freshness", "latency", "train/dev")) for stage in heard.stages)


def test_an_endpoint_that_is_down_stops_the_run_before_the_next_arm(tmp_path: Path) -> None:
    project = open_project(
        tmp_path / "shops",
        script=[{"when": "Passages:", "fail": "transient"}, *SCRIPT],
        more="[compare]\narms = ['base', 'rag', 'tuned']",
    )
    with pytest.raises(EndpointError):
        compare(project)
    assert by_arm(project)["rag"] == 5
    assert by_arm(project)["tuned"] == 0
    lines(project.root / "script.jsonl", SCRIPT)
    compare(Project.open(project.root))


def test_a_metric_that_does_not_exist_is_said_before_anything_runs(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", more="[compare]\nmetric = 'fatcs'")
    with pytest.raises(ConfigError, match="Did you mean 'facts'"):
        compare(project)
    assert not project.workspace.folder.exists()


def test_without_questions_it_says_how_to_get_some(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", more="[examples.split]\ntest = 0.0\nseen = 0.0")
    with pytest.raises(UsageError, match="There are no test questions: 40 examples were divided into 40 for training"):
        gather(project)


def test_a_run_says_what_it_is(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", more="[compare]\narms = ['rag']")
    (seat,) = compare(project).seats
    described = json.loads((seat.log.folder / "run.json").read_text(encoding="utf-8"))
    assert (described["arm"], described["kind"]) == ("rag", "rag")
    assert described["settings"] == json.loads(json.dumps(seat.arm.settings))
    assert described["machines"][0]["cores"] >= 1
    assert RunLog(seat.log.folder).machines == described["machines"]
