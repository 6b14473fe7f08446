"""The report as JSON: finite, complete, the same bytes from the same runs, and rebuilt from the records alone."""

import json
import math
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from openbook.compare.comparison import compare
from openbook.compare.marking.marks import Marks
from openbook.compare.marking.metrics import metrics_for
from openbook.compare.material import Material, gather
from openbook.compare.outcome import conclude
from openbook.compare.report import build
from openbook.project import Project
from small_project import MANY_SHOPS, SCRIPT, edit, open_project

MORE = """
[[compare.kpis]]
name = "cites"
pattern = '.+ \\[[a-z]+\\]'
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, Material]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda _: None)
        project = open_project(tmp_path_factory.mktemp("report") / "shops", shops=MANY_SHOPS, updates=True, more=MORE)
        yield project, compare(project)


@pytest.fixture(scope="module")
def report(finished: tuple[Project, Material]) -> dict[str, Any]:
    return built(*finished)


def built(project: Project, material: Material) -> dict[str, Any]:
    metrics = metrics_for(project.config, project.exam.examples, root=project.root)
    return build(project, material, Marks(material.paper, metrics, material.seats, level=project.config.compare.level))


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for part in value.values():
            yield from leaves(part)
    elif isinstance(value, list):
        for part in value:
            yield from leaves(part)
    else:
        yield value


def test_every_number_is_finite_and_the_whole_is_json(report: dict[str, Any]) -> None:
    assert all(math.isfinite(leaf) for leaf in leaves(report) if isinstance(leaf, float))
    assert json.loads(json.dumps(report, allow_nan=False)) == report


def test_the_contract_s_keys_are_there(report: dict[str, Any]) -> None:
    assert report["schema"] == 1
    assert list(report["arms"]) == ["base", "prompted", "rag", "tuned", "hybrid"]
    for arm in report["arms"].values():
        cell = arm["scores"]["facts"]["all"]
        assert {"mean", "low", "high", "level", "n", "groups", "failures"} == set(cell)
        assert set(arm["scores"]["facts"]) == {"all", "seen", "new"}
        assert {"first_token", "p50", "p95", "by_stage"} <= set(arm["seconds"])
        assert {"training", "indexing", "per_1000"} == set(arm["usd"])
    keys = {"a", "b", "metric", "stratum", "difference", "low", "high", "p", "p_adjusted", "verdict"}
    assert all(keys <= set(pair) for pair in report["pairs"])
    beside = {"verdict_cells", "reason_cells", "flip_cells"}
    assert {"arm", "verdict", "reasons", "flips_if", *beside} == set(report["recommendation"])


def test_the_same_runs_give_the_same_bytes_in_another_process_and_place(
    finished: tuple[Project, Material], report: dict[str, Any], tmp_path: Path
) -> None:
    project, _ = finished
    copy = shutil.copytree(project.root, tmp_path / project.root.name)
    again = Project.open(copy)
    assert json.dumps(built(again, gather(again))) == json.dumps(report)


def test_a_report_needs_neither_index_nor_model(
    finished: tuple[Project, Material], report: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("something was opened")

    monkeypatch.setattr("openbook.retrieve.memory.MemoryStore.__init__", refuse)
    monkeypatch.setattr("openbook.generate.scripted.ScriptedGenerator.stream", refuse)
    again = Project.open(finished[0].root)
    assert built(again, gather(again)) == report


def test_machines_are_those_that_answered(finished: tuple[Project, Material], report: dict[str, Any]) -> None:
    project, material = finished
    assert report["machines"] == [report["machine"]]
    run = material.seats[0].log.folder / "run.json"
    kept = run.read_text(encoding="utf-8")
    elsewhere = {"cpu": "Another", "cores": 64, "accelerator": "cuda", "bf16": True}
    described = {**json.loads(kept), "machines": [elsewhere]}
    run.write_text(json.dumps(described), encoding="utf-8")
    found = built(project, material)
    run.write_text(kept, encoding="utf-8")
    assert found["machine"] == elsewhere
    assert len(found["machines"]) == 2


def test_the_freshness_row_tells_before_and_after(report: dict[str, Any]) -> None:
    fresh = report["probes"]["freshness"]
    assert (fresh["facts"], fresh["questions"]) == (4, 8)
    arms = fresh["arms"]
    assert arms["rag"]["after"]["fresh"]["count"] > arms["rag"]["before"]["fresh"]["count"] == 0
    assert arms["tuned"]["before"] == arms["tuned"]["after"]
    for arm in arms.values():
        for when in ("before", "after"):
            counted = sum(arm[when][kind]["count"] for kind in ("fresh", "stale", "both", "neither", "abstained"))
            assert counted + arm[when]["failures"] == 8


def test_the_gap_is_told_of_tuned_arms_alone(report: dict[str, Any]) -> None:
    assert set(report["probes"]["gap"]) == {"tuned", "hybrid"}
    tuned = report["probes"]["gap"]["tuned"]
    assert tuned["train"]["mean"] == 1.0
    assert tuned["train"]["mean"] >= tuned["dev"]["mean"]
    assert {"train", "dev", "seen", "new"} == set(tuned)


def test_answers_stand_side_by_side_with_what_they_saw(report: dict[str, Any]) -> None:
    asked = sum(report["examples"]["asked"].values())
    assert len(report["answers"]) == asked
    for row in report["answers"]:
        assert set(row["arms"]) == {"base", "prompted", "rag", "tuned", "hybrid"}
        assert row["arms"]["base"]["passages"] == []
        assert len(row["arms"]["rag"]["passages"]) == 2
        assert set(row["arms"]["rag"]["marks"]) >= {"facts", "cites", "f1"}


def test_a_check_is_a_metric_and_the_form_of_the_recommendation(report: dict[str, Any]) -> None:
    assert [metric["name"] for metric in report["metrics"]][:2] == ["facts", "cites"]
    assert any(reason.startswith("form: base 0.00") for reason in report["recommendation"]["reasons"])


def test_an_adapter_is_described_and_an_arm_without_one_says_so(report: dict[str, Any]) -> None:
    assert report["arms"]["rag"]["adapter"] is None
    adapter = report["arms"]["tuned"]["adapter"]
    assert adapter["rows"] == report["examples"]["train"]
    assert len(adapter["fingerprints"]) == 1


def test_failures_are_told_with_their_messages_and_leave_no_hole(tmp_path: Path) -> None:
    broken = {"when": "opening time", "fail": "deterministic"}
    project = open_project(tmp_path / "shops", script=[broken, *SCRIPT], more="[compare]\narms = ['base', 'rag']")
    outcome = conclude(project, compare(project))
    row = outcome.report["arms"]["base"]
    assert row["failures"]["count"] == len([a for a in outcome.report["answers"] if "opening time" in a["input"]]) > 0
    assert row["failures"]["messages"] == ["ScriptedFailure: The script's rule 'opening time' fails on purpose."]
    assert row["scores"]["facts"]["all"]["failures"] == row["failures"]["count"]
    assert set(outcome.failed) == {"base", "rag"}
    assert "too many failed answers" in outcome.report["recommendation"]["verdict"]
    html = (outcome.folder / "report.html").read_text(encoding="utf-8")
    assert "fails on purpose" in html


def test_what_an_endpoint_without_prices_costs_is_unknown(finished: tuple[Project, Material]) -> None:
    from dataclasses import replace

    project, material = finished
    rented = [
        replace(seat, plan=replace(seat.plan, model=seat.plan.model.model_copy(update={"name": "openai:gpt-4o"})))
        for seat in material.seats
        if seat.name in ("base", "rag")
    ]
    plain = replace(material, seats=rented, updated=(), freshness=())
    assert built(project, plain)["arms"]["base"]["usd"]["per_1000"] is None
    cost = project.config.cost.model_copy(update={"prices": {"gpt-4o": (1.0, 2.0)}})
    priced = Project(project.root, project.config.model_copy(update={"cost": cost}))
    assert built(priced, plain)["arms"]["base"]["usd"]["per_1000"] > 0


def test_seconds_of_a_local_model_cost_the_machine_s_price(finished: tuple[Project, Material]) -> None:
    project, material = finished
    dear = edit(project.root, "[probes]", "[cost]\nusd_per_hour = 100.0\n\n[probes]")
    usd = built(dear, material)["arms"]["rag"]["usd"]
    edit(project.root, "[cost]\nusd_per_hour = 100.0\n\n[probes]", "[probes]")
    assert usd["indexing"] == pytest.approx(project.knowledge.seconds() * 100 / 3600, abs=1e-5)
    assert usd["per_1000"] > 0


def test_every_wrong_answer_is_in_one_class_and_no_other_answer_is(report: dict[str, Any]) -> None:
    for row in report["answers"]:
        for answer in row["arms"].values():
            assert ("why" in answer) is (answer["marks"]["facts"] < 1)
    for arm, counts in report["why"]["arms"].items():
        wrong = [row["arms"][arm]["why"] for row in report["answers"] if "why" in row["arms"][arm]]
        assert {cause: wrong.count(cause) for cause in counts} == counts
        assert sum(counts.values()) == report["why"]["totals"][arm]["wrong"] == len(wrong)


def test_every_class_that_occurs_has_something_to_try(report: dict[str, Any]) -> None:
    occurring = {(c, arm) for arm, counts in report["why"]["arms"].items() for c, count in counts.items() if count}
    assert {(row["class"], row["arm"]) for row in report["why"]["rows"]} == occurring
    assert all(row["fix"] for row in report["why"]["rows"])


def test_the_usual_table_has_seven_rows_for_every_arm(report: dict[str, Any]) -> None:
    assert len(report["classic"]) == 7
    assert all(list(row["arms"]) == list(report["arms"]) for row in report["classic"])


def test_every_cell_that_the_verdict_names_can_be_found(report: dict[str, Any]) -> None:
    from openbook.compare.pages.anchors import anchors
    from openbook.compare.pages.figures import columns

    advice = report["recommendation"]
    named = [
        *advice["verdict_cells"],
        *(c for part in ("reason_cells", "flip_cells") for cs in advice[part] for c in cs),
    ]
    assert named
    assert set(named) <= anchors(report, columns(report)).keys()


def test_failed_answers_are_wrong_for_that_reason(tmp_path: Path) -> None:
    broken = {"when": "opening time", "fail": "deterministic"}
    project = open_project(tmp_path / "shops", script=[broken, *SCRIPT], more="[compare]\narms = ['base', 'rag']")
    report = conclude(project, compare(project)).report
    assert report["why"]["arms"]["rag"]["failed"] == report["arms"]["rag"]["failures"]["count"] > 0
