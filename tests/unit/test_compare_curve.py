"""The learning curve: nested rows, every point a run like any other, and a sentence only where the figures bear it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from openbook.cli.main import run
from openbook.compare.comparison import compare
from openbook.compare.marking.marks import Marks
from openbook.compare.material import Material, gather
from openbook.compare.outcome import conclude
from openbook.compare.pages import charts, tables
from openbook.compare.planning.plan import estimate
from openbook.compare.probes import curve
from openbook.compare.probes.growth import curve_row
from openbook.compare.seats import Seat
from openbook.project import Project
from openbook.project.adapters import studied
from openbook.score.bleu import Bleu
from openbook.score.facts import FactsRight
from small_project import answered, desk, edit, example, failed, open_project, paper
from watchers import Listener

CURVE = "curve = true\n\n[compare]\narms = ['base', 'tuned', 'hybrid']\n"


pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")


def drawn(project: Project) -> dict[str, Any]:
    report = conclude(project, compare(project)).report
    found: dict[str, Any] = report["probes"]["curve"]
    return found


def test_more_rows_keep_the_ones_before(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", more=CURVE)
    plan = project.plan("tuned")
    kept: set[str] = set()
    for rows in (*curve.parts(project, plan), curve.whole(project, plan)):
        one = curve.point(project, plan, rows)
        ids = {row.id for row in studied(project.exam.division, one.plan("tuned").tune, seed=0)}
        assert len(ids) == rows
        assert kept < ids
        kept = ids


def test_each_arm_is_trained_on_a_quarter_and_on_half_of_its_own_rows(tmp_path: Path) -> None:
    own = "\n[arms.hybrid]\nkind = 'hybrid'\ntune.rows = 8\n"
    project = open_project(tmp_path / "shops", more=CURVE + own)
    whole = len(project.exam.division.train)
    found = drawn(project)
    assert [row["rows"] for row in found["arms"]["tuned"]] == [-(-whole // 4), -(-whole // 2), whole]
    assert [row["rows"] for row in found["arms"]["hybrid"]] == [2, 4, 8]
    assert all(row["n"] == len(project.exam.division.test) for row in found["arms"]["tuned"])


def test_the_last_point_is_the_arm_itself(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", more=CURVE)
    report = conclude(project, compare(project)).report
    for name in ("tuned", "hybrid"):
        last, cell = report["probes"]["curve"]["arms"][name][-1], report["arms"][name]["scores"]["facts"]["all"]
        assert {key: last[key] for key in ("mean", "low", "high")} == {
            key: cell[key] for key in ("mean", "low", "high")
        }


def test_it_comes_after_everything_else_and_a_second_call_asks_nothing(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", more=CURVE)
    first, second = Listener(), Listener()
    compare(project, watcher=first)
    rows = curve.parts(project, project.plan("tuned"))
    points = [f"{verb} {arm} on {n} rows" for arm in ("tuned", "hybrid") for n in rows for verb in ("tune", "answer")]
    assert first.stages[-len(points) :] == points
    compare(Project.open(project.root), watcher=second)
    assert second.stages == []
    assert second.answers == first.answers


def test_it_goes_on_where_it_was_stopped_and_a_report_can_be_made_meanwhile(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", more=CURVE)
    rows = curve.parts(project, project.plan("tuned"))
    with pytest.raises(KeyboardInterrupt):
        compare(project, watcher=Listener(stop=f"answer tuned on {rows[1]} rows"))
    partial = conclude(project, gather(project, partial=True)).report["probes"]["curve"]
    assert [row["n"] > 0 for row in partial["arms"]["tuned"]] == [True, True, True]
    assert "hybrid" not in partial["arms"]
    again = Listener()
    compare(Project.open(project.root), watcher=again)
    assert again.stages[0] == f"answer tuned on {rows[1]} rows"
    assert set(drawn(Project.open(project.root))["arms"]) == {"tuned", "hybrid"}


def test_it_is_planned_and_counted_as_done_once_it_is(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", more=CURVE)
    steps = {step.what: step for step in estimate(project).steps if step.what.startswith("learning curve")}
    assert [what.split(":")[0] for what in steps] == ["learning curve of tuned", "learning curve of hybrid"]
    assert not any(step.done for step in steps.values())
    compare(project)
    assert all(step.done for step in estimate(Project.open(project.root)).steps)


def test_without_being_asked_for_nothing_of_it_is_done(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", more=CURVE.replace("true", "false"))
    report = conclude(project, compare(project)).report
    assert "curve" not in report["probes"]
    assert len(list((project.workspace.folder / "adapters").iterdir())) == 2
    assert not any("curve" in step.what for step in estimate(project).steps)


def test_dev_questions_draw_no_curve(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", more=CURVE)
    heard = Listener()
    material = compare(project, dev=True, watcher=heard)
    assert not any("rows" in stage for stage in heard.stages)
    assert material.curve == ()


def test_a_curve_makes_another_report_but_no_other_look(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", more=CURVE.replace("true", "false"))
    before = conclude(project, compare(project))
    again = edit(project.root, "curve = false", "curve = true")
    after = conclude(again, compare(again))
    assert before.folder != after.folder
    assert before.report["looks"] == after.report["looks"] == 1
    assert [pair["a"] for pair in before.report["pairs"]] == [pair["a"] for pair in after.report["pairs"]]


def test_the_report_shows_it_as_a_table_a_drawing_and_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = open_project(tmp_path / "shops", more=CURVE)
    assert run(["compare", "-C", str(project.root), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    page = Path(report["report"]).read_text(encoding="utf-8")
    told = report["probes"]["curve"]["more"]["hybrid"]["told"]
    markdown = Path(report["report"]).with_name("report.md").read_text(encoding="utf-8")
    assert "## Learning curve" in markdown
    assert told in markdown
    assert "Would more examples help?" in page
    assert told in page
    assert "| hybrid |" in tables.curve(report)


# What the figures bear: made of answers that are given, so that what is right is known.

ASKED = [
    example(f"e{number}", references=(f"It is £{number} for everybody in town",), facts=((f"£{number}",),))
    for number in range(60)
]


def seat(folder: Path, rows: int, right: int, *, broken: int = 0) -> Seat:
    """An adapter on so many rows that gets the first `right` questions right; the last `broken` fail."""
    records = [
        failed(one) if place >= len(ASKED) - broken else answered(one, one.reference if place < right else "no")
        for place, one in enumerate(ASKED)
    ]
    made = desk(folder / str(rows), "tuned", records, kind="tuned")
    return replace(made, plan=replace(made.plan, tune=made.plan.tune.model_copy(update={"rows": rows})))


def row(folder: Path, right: tuple[int, int, int], *, broken: int = 0, metric: Any = None) -> dict[str, Any]:
    project = open_project(folder / "shops")
    quarter, half, full = (
        seat(folder, rows, count, broken=broken) for rows, count in zip((4, 8, 16), right, strict=True)
    )
    material = Material(
        paper=paper(ASKED),
        dev=False,
        seats=[full],
        absent=[],
        updated=[],
        freshness=[],
        gap=([], []),
        latency=[],
        curve=[quarter, half],
    )
    marks = Marks(material.paper, [metric or FactsRight()], material.seats, level=0.95)
    found = curve_row(project, material, marks, alpha=0.05)
    assert found is not None
    return found


def test_a_clear_gain_says_that_more_would_probably_help(tmp_path: Path) -> None:
    found = row(tmp_path, (5, 10, 40))
    assert [point["mean"] for point in found["arms"]["tuned"]] == pytest.approx([5 / 60, 10 / 60, 40 / 60], abs=1e-6)
    more = found["more"]["tuned"]
    assert (more["from"], more["to"], more["verdict"]) == (8, 16, "better")
    assert more["low"] > 0
    assert more["told"].startswith("tuned: more examples would probably help (facts from 8 to 16 training rows: +0.50")


@pytest.mark.parametrize("right", [(5, 30, 33), (5, 33, 30), (0, 50, 52)])
def test_what_may_be_chance_is_not_called_a_gain(tmp_path: Path, right: tuple[int, int, int]) -> None:
    more = row(tmp_path, right)["more"]["tuned"]
    assert more["verdict"] == "undecided"
    assert "cannot tell whether more examples would help" in more["told"]


@pytest.mark.parametrize("right", [(0, 0, 0), (0, 40, 40)])
def test_a_step_that_changed_nothing_says_so_whatever_came_before(tmp_path: Path, right: tuple[int, int, int]) -> None:
    more = row(tmp_path, right)["more"]["tuned"]
    assert more["verdict"] == "equivalent"
    assert more["told"].startswith("tuned: twice the examples made no difference that matters")


def test_a_loss_says_to_look_at_the_labels(tmp_path: Path) -> None:
    assert "made it worse; look at the labels first" in row(tmp_path, (5, 40, 10))["more"]["tuned"]["told"]


def test_failures_are_counted_and_bounded(tmp_path: Path) -> None:
    found = row(tmp_path, (5, 10, 22), broken=20)
    assert [point["failures"] for point in found["arms"]["tuned"]] == [20, 20, 20]
    assert found["more"]["tuned"]["verdict"] == "undecided"


def test_a_figure_that_is_no_mean_is_drawn_and_not_tested(tmp_path: Path) -> None:
    found = row(tmp_path, (5, 10, 40), metric=Bleu())
    assert found["arms"]["tuned"][2]["mean"] > found["arms"]["tuned"][0]["mean"]
    assert found["more"]["tuned"]["told"] == "tuned: cannot tell whether more examples would help."


def test_the_drawing_says_in_words_what_it_shows() -> None:
    points = [charts.Point(name="tuned", x=rows, mean=0.1 * rows, low=0.0, high=1.0) for rows in (2, 4, 8)]
    drawing = charts.curve([("tuned <b>", points)], metric="facts")
    assert "tuned &lt;b&gt; .20 [.00, 1.00] with 2 rows" in drawing
    assert drawing.count('class="dot"') == 3
