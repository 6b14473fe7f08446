"""Whole comparisons by task: what a style, a classification and an extraction show in the report and on its pages."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import small_project
from openbook.compare.comparison import compare
from openbook.compare.outcome import conclude
from openbook.core.errors import ConfigError, DataError
from openbook.project import Project
from small_project import SHOPS, fee, lines, open_project

STYLE = """
[compare]
arms = ["base", "rag"]
[[compare.kpis]]
name = "voice"
checks = [
    {{ pattern = 'It is .+', weight = 2 }},
    {{ words = [2, 12] }},
    {{ forbid = ["think"] }},
    {{ like = true{against}, weight = 3 }},
]
"""
TASK = 'name = "Shops"\ntask = "{}"'


def report_of(project: Project) -> tuple[dict[str, Any], str, str]:
    """The report, checked against the schema, and its pages in Markdown and HTML."""
    outcome = conclude(project, compare(project))
    schema = json.loads((files("openbook.compare") / "report.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(outcome.report, schema)
    pages = [(outcome.folder / name).read_text(encoding="utf-8") for name in ("report.md", "report.html")]
    return dict(outcome.report), *pages  # type: ignore[return-value]


def metric(report: dict[str, Any], name: str) -> dict[str, Any]:
    return next(row for row in report["metrics"] if row["name"] == name)


def relabelled(folder: Path, task: str, reference: Any, say: str) -> Project:
    """The shops' questions with other references and another script."""
    small_project.write(folder, script=[{"default": say}], more='[compare]\narms = ["base", "prompted"]')
    rows = [
        {**row, "reference": reference(row, number), "facts": []}
        for number, shop in enumerate(SHOPS)
        for row in small_project.questions(shop, number)
    ]
    lines(folder / "examples.jsonl", rows)
    return small_project.edit(folder, 'name = "Shops"', TASK.format(task))


def test_a_style_shows_its_checks_and_how_well_its_classifier_tells_styles_apart(tmp_path: Path) -> None:
    report, markdown, html = report_of(open_project(tmp_path, more=STYLE.format(against="")))
    base, rag = (report["parts"]["voice"][arm] for arm in ("base", "rag"))
    assert [row["part"] for row in base] == [
        "pattern It is .+",
        "2 to 12 words",
        "no 'think'",
        "like the house, not like sentences of the documents",
    ]
    assert [row["figures"]["share"] for row in base[:3]] == [0.0, 1.0, 0.0]
    assert [row["figures"]["weight"] for row in rag] == [2, 1, 1, 3]
    passed = sum(row["figures"]["share"] * row["figures"]["weight"] for row in rag) / 7
    assert report["arms"]["rag"]["scores"]["voice"]["all"]["mean"] == pytest.approx(passed, abs=1e-5)
    (remark,) = metric(report, "voice")["remarks"]
    assert "with cross-validated accuracy" in remark
    for page in (markdown, html):
        assert "Parts of voice" in page
        assert "tells the house" in page


def test_another_pile_of_texts_can_be_given_and_a_useless_one_warns(tmp_path: Path) -> None:
    project = open_project(tmp_path, more=STYLE.format(against=', against = "others.jsonl"'))
    texts = [{"text": f"It is £{n}. [{shop}]", "group": shop} for n in range(3) for shop in SHOPS]
    lines(tmp_path / "others.jsonl", texts)
    report, markdown, _ = report_of(project)
    assert "cannot tell the house's references from texts of others.jsonl" in metric(report, "voice")["remarks"][0]
    assert "cannot tell the house's references" in markdown


@pytest.mark.parametrize(
    ("text", "says"),
    [("{}\n", "must be an object with a `text`"), ("x\n", "not JSON"), ('{"text": "a"}\n', "needs 10")],
)
def test_a_pile_that_is_none_is_said_before_anything_runs(tmp_path: Path, text: str, says: str) -> None:
    project = open_project(tmp_path, more=STYLE.format(against=', against = "others.jsonl"'))
    (tmp_path / "others.jsonl").write_text(text, encoding="utf-8")
    with pytest.raises((ConfigError, DataError), match=says):
        compare(project)


def test_the_same_runs_give_the_same_report_and_another_pile_another(tmp_path: Path) -> None:
    project = open_project(tmp_path, more=STYLE.format(against=""))
    first = conclude(project, compare(project)).folder
    written = (first / "report.json").read_bytes()
    (first / "report.json").unlink()
    again = Project.open(tmp_path)
    assert conclude(again, compare(again)).folder == first
    assert (first / "report.json").read_bytes() == written
    (tmp_path / "pages/anvil.md").write_text("# Anvil\n\nWe sell nothing but bread and butter now.\n", encoding="utf-8")
    changed = Project.open(tmp_path)
    assert conclude(changed, compare(changed)).folder != first


def test_a_classification_shows_every_class(tmp_path: Path) -> None:
    project = relabelled(tmp_path, "classify", lambda row, _: row["fact"].split("/")[1], "Label: Fee")
    report, markdown, _ = report_of(project)
    scores = report["arms"]["base"]["scores"]
    assert report["metric"] == "accuracy"
    shares = {row["part"]: row["figures"] for row in report["parts"]["macro_f1"]["base"]}
    accuracy = scores["accuracy"]["all"]["mean"]
    assert shares["fee"]["precision"] == pytest.approx(accuracy, abs=1e-5)
    assert shares["hours"] == {"precision": None, "recall": 0.0, "f1": 0.0}
    assert scores["macro_f1"]["all"]["mean"] == pytest.approx(accuracy / (1 + accuracy), abs=1e-5)
    assert "| hours (n = " in markdown


def test_an_extraction_shows_every_field(tmp_path: Path) -> None:
    def record(row: dict[str, Any], number: int) -> str:
        return json.dumps({"kind": row["fact"].split("/")[1], "fee": fee(number), "open": True})

    project = relabelled(tmp_path, "extract", record, 'Here: {"open": true, "kind": "FEE"}')
    report, _, _ = report_of(project)
    scores, fields = report["arms"]["base"]["scores"], report["parts"]["field_match"]["base"]
    assert report["metric"] == "field_match"
    assert scores["json_valid"]["all"]["mean"] == 1.0
    assert scores["record_match"]["all"]["mean"] == 0.0
    assert {row["part"]: row["figures"]["recall"] for row in fields}["open"] == 1.0
    assert {row["part"]: row["figures"]["precision"] for row in fields}["fee"] is None


def test_grounding_is_shown_for_the_arms_that_look_up_with_its_agreement(tmp_path: Path) -> None:
    report, markdown, _ = report_of(open_project(tmp_path, more='[compare]\narms = ["base", "rag"]'))
    assert report["arms"]["base"]["scores"]["grounding"] == {}
    assert report["arms"]["rag"]["scores"]["grounding"]["all"]["mean"] == 1.0
    assert "Cohen's kappa" in markdown
    assert not [pair for pair in report["pairs"] if pair["metric"] == "grounding"]


def test_what_was_retrieved_is_marked_apart_from_what_was_said(tmp_path: Path) -> None:
    more = '[compare]\narms = ["base", "rag", "rag-oracle"]'
    report, _, page = report_of(open_project(tmp_path, more=more))
    shares = {arm: row["scores"]["retrieval_recall"] for arm, row in report["arms"].items()}
    assert shares["base"] == {}
    assert 0 < shares["rag"]["all"]["mean"] <= shares["rag-oracle"]["all"]["mean"] == 1.0
    assert "retrieval_ndcg" in page
