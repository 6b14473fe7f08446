"""A budget: cheap evidence is cut first, never an arm, alike at every call, and whoever reads the report is told."""

import json
from pathlib import Path
from typing import Any

import pytest

from openbook.cli.main import run
from openbook.compare.comparison import compare
from openbook.compare.outcome import conclude
from openbook.compare.planning.budget import FEWEST_ROWS, choose, fewest_questions, fit, ladder
from openbook.compare.planning.cuts import notes, told
from openbook.compare.planning.pace import measure
from openbook.compare.planning.plan import estimate
from openbook.compare.seats import taking_part
from openbook.core.errors import UsageError
from openbook.project import Project
from openbook.project.sizes import capped
from small_project import MANY_SHOPS, SHOPS, edit, example, paper, write

SHOPS_WITH_BRANCHES = [f"{name}{branch}" for branch in ("", "ery", "son", "let") for name in MANY_SHOPS]

PATIENT = "epochs = 3"


pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")


@pytest.fixture(autouse=True)
def _a_machine_that_was_not_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OPENBOOK_HOME", str(tmp_path / "home"))


@pytest.fixture
def shops(tmp_path: Path) -> Path:
    """Enough examples for every size to be worth cutting."""
    folder = write(tmp_path / "shops", shops=SHOPS_WITH_BRANCHES, updates=True)
    edit(folder, "epochs = 1", PATIENT)
    return folder


def whole(folder: Path) -> float:
    """Estimated seconds of everything."""
    return estimate(Project.open(folder), afresh=True).seconds


def chosen(folder: Path, share: float) -> Project:
    return fit(Project.open(folder, budget=f"{round(whole(folder) * share)}s"))


def cut(project: Project) -> dict[str, tuple[float, float]]:
    assert project.budget is not None
    return {one.what: (one.before, one.after) for one in project.budget.cuts}


def test_what_fits_is_not_cut(shops: Path) -> None:
    project = chosen(shops, 1.5)
    assert cut(project) == {}
    assert project.config.model_copy(update={"compare": None}) == Project.open(shops).config.model_copy(
        update={"compare": None}
    )


@pytest.mark.parametrize("share", [0.9, 0.7, 0.5, 0.35, 0.28])
def test_the_sizes_fit_and_are_no_smaller_than_they_need_to_be(shops: Path, share: float) -> None:
    project = chosen(shops, share)
    budget = project.budget
    assert budget is not None
    assert budget.planned_seconds <= budget.asked_seconds
    full = Project.open(shops)
    for what, cap in budget.caps.items():
        milder = full.resized(capped(full.config, {**budget.caps, what: cap + 1}))
        more = estimate(milder, afresh=True).seconds
        assert more > budget.asked_seconds or milder.config == project.config.model_copy(
            update={"compare": milder.config.compare}
        )


def test_probes_go_before_questions_questions_before_rows_and_rows_before_passes(shops: Path) -> None:
    first = ["probes.latency", "probes.gap", "compare.questions", "tune.rows"]
    order = [*first, "compare.questions", "tune.epochs", "retrieve.passages"]
    levers = [lever.what for lever in ladder(edit(shops, "latency = 1", "latency = 3"))]
    assert [what for what in levers if what in order] == order
    mild, harsh = cut(chosen(shops, 0.9)), cut(chosen(shops, 0.3))
    assert "tune.epochs" in harsh
    assert "tune.epochs" not in mild
    assert FEWEST_ROWS <= harsh["tune.rows"][1] < mild["tune.rows"][1]


def test_what_a_coarse_cut_leaves_over_is_given_back(shops: Path) -> None:
    changed = cut(chosen(shops, 0.3))
    assert changed["tune.epochs"][1] < 3
    assert changed["tune.rows"][1] > FEWEST_ROWS or changed["compare.questions"][1] > 30


def test_no_arm_is_ever_cut(shops: Path) -> None:
    project = chosen(shops, 0.28)
    assert project.config.compare.arms == Project.open(shops).config.compare.arms
    assert all(plan.tune.epochs >= 1 for plan in project.plans())


def test_questions_stay_at_thirty_from_eight_groups_or_all_there_are() -> None:
    asked = [example(f"e{number}") for number in range(60)]
    assert fewest_questions(paper(asked)) == 30
    late = {one.id: "one" if number < 45 else one.id for number, one in enumerate(asked)}
    assert fewest_questions(paper(asked, late)) == 45 + 7
    assert fewest_questions(paper(asked[:12])) == 12


def test_answers_keep_the_room_that_nearly_all_references_need(shops: Path) -> None:
    project = Project.open(shops)
    lever = next(lever for lever in ladder(project) if lever.what == "generate.max_tokens")
    lengths = sorted(len(one.reference) for one in project.exam.examples)
    assert lever.least * 3 >= lengths[int(0.95 * (len(lengths) - 1))]


def test_an_arm_s_own_sizes_are_cut_too_and_named(shops: Path) -> None:
    file = shops / "openbook.toml"
    file.write_text(file.read_text() + "\n[arms.tuned]\nkind = 'tuned'\ntune.epochs = 9\ntune.rows = 20\n")
    project = chosen(shops, 0.3)
    changed = cut(project)
    assert changed["arms.tuned.tune.epochs"][0] == 9
    assert project.plan("tuned").tune.epochs == changed["arms.tuned.tune.epochs"][1]
    assert project.plan("tuned").tune.rows == 20
    assert "arms.tuned.tune.rows" not in changed
    assert changed["arms.hybrid.tune.rows"][0] == 144


def test_what_cannot_fit_says_the_least_it_takes_and_which_arm_to_leave_out(
    shops: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["compare", "-C", str(shops), "--budget", "5s"]) == 2
    told = capsys.readouterr().err
    assert "A budget of 5s cannot hold this comparison" in told
    assert "Leave out 'hybrid' in [compare] arms" in told
    least = told.rsplit("--budget ", 1)[1].strip().removesuffix(".")
    assert choose(Project.open(shops, budget=least)).caps
    assert not (shops / ".openbook" / "budgets").exists() or not list((shops / ".openbook" / "budgets").iterdir())


def test_a_second_call_with_the_same_budget_finds_everything_done(shops: Path) -> None:
    first = chosen(shops, 0.4)
    compare(first)
    again = Project.open(shops, budget=first.config.compare.budget)
    assert again.budget == first.budget
    assert all(step.done for step in estimate(again).steps)
    assert conclude(again, compare(again)).report["budget"]["cuts"]


def test_neither_a_faster_machine_nor_an_edit_changes_the_sizes_midway(
    shops: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = chosen(shops, 0.4)
    monkeypatch.setattr("openbook.compare.planning.expected.FP32", None)
    page = shops / "pages" / "anvil.md"
    page.write_text(page.read_text() + "\nClosed on Mondays.\n")
    assert Project.open(shops, budget=first.config.compare.budget).budget == first.budget
    assert fit(Project.open(shops, budget=first.config.compare.budget)).config == first.config


def test_what_is_done_already_does_not_change_what_is_cut(shops: Path) -> None:
    pace = measure(Project.open(shops), taking_part(Project.open(shops)))
    before = choose(Project.open(shops, budget=f"{round(whole(shops) * 0.4)}s"), pace=pace)
    compare(Project.open(shops))
    assert choose(Project.open(shops, budget=f"{before.asked_seconds}s"), pace=pace) == before


def test_more_examples_are_another_choice(shops: Path) -> None:
    first = chosen(shops, 0.4)
    rows = (shops / "examples.jsonl").read_text().splitlines(keepends=True)
    (shops / "examples.jsonl").write_text("".join(rows[:-20]))
    assert Project.open(shops, budget=first.config.compare.budget).budget is None


def test_planning_within_a_budget_writes_nothing(shops: Path, capsys: pytest.CaptureFixture[str]) -> None:
    budget = f"{round(whole(shops) * 0.4)}s"
    assert run(["compare", "-C", str(shops), "--dry-run", "--budget", budget, "--json"]) == 0
    planned = json.loads(capsys.readouterr().out)
    assert planned["budget"]["cuts"]
    assert sum(step["seconds"] for step in planned["plan"]["steps"]) <= planned["budget"]["asked_seconds"]
    assert not (shops / ".openbook").exists()


def test_the_ledger_comes_first_and_the_report_says_what_was_cut(
    shops: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    budget = f"{round(whole(shops) * 0.4)}s"
    assert run(["compare", "-C", str(shops), "--budget", budget]) == 0
    shown = capsys.readouterr()
    assert "tune hybrid" in shown.err
    assert "Cut: training rows from 144 to" in shown.err
    assert "Cut to fit a budget of" in shown.out
    assert run(["compare", "-C", str(shops), "--budget", budget]) == 0
    again = capsys.readouterr()
    assert (again.out, again.err) == (shown.out, "")
    assert run(["report", "-C", str(shops), "--budget", budget, "--markdown"]) == 0
    assert f"--budget {Project.open(shops, budget=budget).config.compare.budget}`" in capsys.readouterr().out


def test_a_budget_in_the_settings_is_the_same_as_one_on_the_command_line(shops: Path) -> None:
    first = chosen(shops, 0.4)
    seconds = first.config.compare.budget
    written = edit(shops, "[probes]", f"[compare]\nbudget = '{seconds}'\n\n[probes]")
    assert written.budget == first.budget
    assert written.config == first.config


def test_a_budget_that_is_no_time_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write(tmp_path / "shops", shops=SHOPS)
    assert run(["compare", "-C", str(folder), "--budget", "soon"]) == 2
    assert "'soon' is no span of time" in capsys.readouterr().err
    with pytest.raises(UsageError, match=r"compare\.budget"):
        edit(folder, "[probes]", "[compare]\nbudget = 'soon'\n\n[probes]")


def test_cuts_are_told_in_words() -> None:
    row: dict[str, Any] = {"asked_seconds": 600, "planned_seconds": 571.2, "cuts": []}
    assert notes(row) == []
    rows = [{"what": "tune.rows", "from": 187, "to": 80}, {"what": "arms.a.b.tune.epochs", "from": 5.0, "to": 2.0}]
    assert notes({**row, "cuts": rows}) == [
        "Cut to fit a budget of 10m (estimate 9m31s): training rows from 187 to 80;"
        " passes over the training rows of a.b from 5 to 2."
    ]
    assert told({"what": "probes.curve", "from": 1, "to": 0}) == "the learning curve"
