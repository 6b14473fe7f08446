"""Reports on disk: found again, made anew when anything they are made from changes."""

import json
from pathlib import Path

import pytest

from openbook.compare import publish
from openbook.compare.comparison import compare
from openbook.compare.marking.metrics import metrics_for
from openbook.compare.material import gather
from openbook.compare.outcome import conclude, public
from openbook.project import Project
from small_project import edit, open_project

MORE = """
[compare]
arms = ["rag", "base"]

[[compare.kpis]]
name = "polite"
call = "house:polite"
"""


pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")


@pytest.fixture
def shops(tmp_path: Path) -> Project:
    (tmp_path / "shops").mkdir()
    (tmp_path / "shops" / "house.py").write_text("def polite(example, text):\n    return 'please' in text\n")
    project = open_project(tmp_path / "shops", more=MORE)
    compare(project)
    return project


def name(project: Project) -> str:
    material = gather(project, partial=True)
    return publish.fingerprint(project, material, metrics_for(project.config, project.exam.examples, root=project.root))


def test_a_report_is_found_again_and_not_made_twice(shops: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    first = conclude(shops, gather(shops))

    def build(*_: object, **__: object) -> None:
        raise AssertionError("built twice")

    monkeypatch.setattr("openbook.compare.report.build", build)
    again = Project.open(shops.root)
    second = conclude(again, gather(again))
    assert json.dumps(second.report) == json.dumps(first.report)
    assert list(second.report["arms"]) == ["rag", "base"]
    assert second.folder == first.folder
    assert publish.latest(again) == first.folder.name == name(again)


def test_a_report_lies_beside_its_pages(shops: Project) -> None:
    outcome = conclude(shops, gather(shops))
    assert {path.name for path in outcome.folder.iterdir()} == {"report.json", "report.html", "report.md", "memo.md"}
    assert outcome.report["report"] == str(outcome.folder / "report.html")
    assert "answers" not in public(outcome)
    assert json.dumps(public(outcome), allow_nan=False)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('arms = ["rag", "base"]', 'arms = ["base", "rag"]\nmargin = 0.2'),
        ('arms = ["rag", "base"]', 'arms = ["base", "rag"]\nquestions = 3'),
        ('arms = ["rag", "base"]', 'arms = ["rag"]'),
        ("[store]", "[cost]\nusd_per_hour = 9\n\n[store]"),
        ('name = "Shops"', 'name = "Stores"'),
        ("[store]", "[constraints]\nprivate = true\n\n[store]"),
    ],
)
def test_another_setting_of_the_report_makes_another_report(shops: Project, old: str, new: str) -> None:
    assert name(edit(shops.root, old, new)) != name(shops)


@pytest.mark.parametrize(("old", "new"), [("latency = 1", "latency = 1\n"), ("gap = 4", "gap = 4 # few")])
def test_what_changes_nothing_leaves_the_report_as_it_is(shops: Project, old: str, new: str) -> None:
    assert name(edit(shops.root, old, new)) == name(shops)


def test_a_new_answer_makes_another_report(shops: Project) -> None:
    before = name(shops)
    seat = gather(shops).seats[0]
    seat.log.append([next(iter(seat.log.records.values()))])
    assert name(shops) != before


def test_a_corrected_reference_or_fact_makes_another_report(shops: Project) -> None:
    before = name(shops)
    file = shops.root / "examples.jsonl"
    file.write_text(file.read_text().replace("It is ", "That is "))
    assert name(Project.open(shops.root)) != before


def test_a_changed_check_makes_another_report(shops: Project) -> None:
    before = name(shops)
    (shops.root / "house.py").write_text("def polite(example, text):\n    return 'Please' in text\n")
    assert name(Project.open(shops.root)) != before


def test_without_a_report_there_is_no_latest_one(tmp_path: Path) -> None:
    assert publish.latest(open_project(tmp_path / "shops")) is None
