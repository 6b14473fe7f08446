"""A change made from the documents, stage by stage: what looks up is fresh once re-indexed, what was learnt once retrained."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from openbook.cli.main import run
from openbook.compare.comparison import compare
from openbook.compare.material import gather
from openbook.compare.outcome import conclude
from openbook.compare.planning.plan import estimate
from openbook.compare.probes import retune
from openbook.config import parse
from openbook.project import Project
from small_project import edit, lines, open_project
from watchers import Listener

MADE = "freshness = 'made'\n"
RETUNE = "retune = true\n"
ARMS = "\n[compare]\narms = ['base', 'rag', 'tuned', 'hybrid']\n"


pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")


def probed(project: Project, **options: Any) -> dict[str, Any]:
    report = conclude(project, compare(project, **options)).report
    found: dict[str, Any] = report["probes"]["freshness"]
    return found


def written(folder: Path) -> dict[str, bytes]:
    """The user's own files."""
    files = [path for path in folder.rglob("*") if path.is_file() and ".openbook" not in path.parts]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def right(row: dict[str, Any]) -> tuple[int, int]:
    return row["right"]["count"], row["right"]["n"]


def test_what_looks_up_is_fresh_once_re_indexed_and_what_was_learnt_once_trained_anew(tmp_path: Path) -> None:
    found = probed(open_project(tmp_path / "shops", more=MADE + RETUNE + ARMS))
    asked, arms = found["questions"], found["arms"]
    assert found["origin"] == "made"
    assert len(found["swaps"]) == found["facts"] > 10
    for name, arm in arms.items():
        assert right(arm["before"]) == right(arm["at_once"]) == (0, asked), name
    assert right(arms["rag"]["after"]) == (asked, asked)
    assert right(arms["tuned"]["after"]) == (0, asked)
    assert arms["tuned"]["after"]["stale"]["count"] > 0
    for name in ("tuned", "hybrid"):
        new = arms[name]["retuned"]
        assert 0 < new["questions"] == new["facts"] < asked
        assert right(new["with"])[0] > right(new["without"])[0] == 0
    assert "retuned" not in arms["rag"]
    assert [(step["step"], step["arms"]) for step in found["steps"]] == [
        ("re-index", ["rag", "hybrid"]),
        ("re-tune", ["tuned"]),
        ("re-tune", ["hybrid"]),
    ]
    assert found["steps"][0]["seconds"] > 0


def test_the_users_files_are_only_read(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", more=MADE + RETUNE + ARMS)
    before = written(project.root)
    found = probed(project)
    assert written(project.root) == before
    for swap in found["swaps"]:
        for name in swap["documents"]:
            assert swap["old"] in (project.root / "pages" / name).read_text()
    changed = {file.name: file.path for file in project.knowledge.files("updates")}
    assert all(path.is_relative_to(project.workspace.folder) for path in changed.values())


def test_a_second_call_asks_nothing_and_gives_the_same_report(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", more=MADE + RETUNE + ARMS)
    first = conclude(project, compare(project, watcher=(heard := Listener())))
    assert heard.stages[-4:] == [
        "tune tuned after the update",
        "freshness of tuned, trained anew",
        "tune hybrid after the update",
        "freshness of hybrid, trained anew",
    ]
    before = (first.folder / "report.json").read_bytes()
    shutil.rmtree(first.folder)
    again = Project.open(project.root)
    second = conclude(again, compare(again, watcher=(silent := Listener())))
    assert silent.stages == []
    assert second.folder == first.folder
    assert (second.folder / "report.json").read_bytes() == before
    assert len(list((project.workspace.folder / "second-version").iterdir())) == 1


@pytest.mark.parametrize("stop", ["freshness of rag, after", "freshness of tuned, trained anew"])
def test_it_goes_on_where_it_was_stopped(tmp_path: Path, stop: str) -> None:
    whole = probed(open_project(tmp_path / "whole" / "shops", more=MADE + RETUNE + ARMS))
    project = open_project(tmp_path / "shops", more=MADE + RETUNE + ARMS)
    with pytest.raises(KeyboardInterrupt):
        compare(project, watcher=Listener(stop))
    partial = conclude(project, gather(project, partial=True)).report["probes"]["freshness"]
    assert partial["swaps"] == whole["swaps"]
    found = probed(Project.open(project.root), watcher=(again := Listener()))
    assert again.stages[0] == stop
    assert {name: _shares(arm) for name, arm in found["arms"].items()} == {
        name: _shares(arm) for name, arm in whole["arms"].items()
    }


def _shares(arm: dict[str, Any]) -> Any:
    return json.dumps(arm, sort_keys=True)


def test_the_plan_says_what_it_costs_and_when_it_is_done(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", more=MADE + RETUNE + ARMS)
    steps = [step for step in estimate(project).steps if "after the update" in step.what]
    assert [step.what.split(":")[0] for step in steps] == [
        "tune tuned after the update",
        "tune hybrid after the update",
    ]
    made = f"swap {len(project.second.made.swaps)} values in copies of 10 documents, and re-index them"
    steps += [step for step in estimate(project).steps if step.what == made]
    assert len(steps) == 3
    assert all(step.seconds > 0 and not step.done for step in steps)
    compare(project)
    assert all(step.done for step in estimate(Project.open(project.root)).steps)


def test_a_second_version_that_a_kill_left_half_made_is_made_whole(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", more=MADE + ARMS)
    whole = project.second.made
    (folder,) = (project.workspace.folder / "second-version").iterdir()
    (folder / "made.json").unlink()
    (folder / whole.swaps[0].documents[0]).unlink()
    assert Project.open(project.root).second.made == whole
    assert Project.open(project.root).second.made == whole, "found as it was made"
    assert {path.name for path in folder.iterdir()} == {"made.json", *whole.texts}


def test_an_edited_page_makes_another_second_version(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", more=MADE + ARMS)
    before = probed(project)["swaps"]
    swap = before[0]
    page = project.root / "pages" / swap["documents"][0]
    page.write_text(page.read_text() + f"\nIt is also {swap['old']} for guests.\n")
    after = probed(Project.open(project.root))["swaps"]
    assert swap["fact"] not in {one["fact"] for one in after}


def test_each_fact_is_taught_in_some_words_and_asked_in_others(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", more=MADE + RETUNE + ARMS)
    taught = {one.id for one in retune.taught(project)}
    asked = retune.asked(project, retune.questions(project))
    assert not taught & {one.id for one in asked}
    assert {one.fact for one in asked} == {one.fact for one in project.second.questions if one.id in taught}
    rows = retune.rows(project, project.plan("tuned"))
    stale = {swap.fact: swap.old for swap in project.second.made.swaps}
    assert taught <= {row.id for row in rows}
    assert not [row for row in rows if row.fact in stale and stale[row.fact] in row.reference]


def test_a_limit_leaves_the_wordings_that_are_not_taught(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", more=MADE + RETUNE + "freshness_questions = 5\n" + ARMS)
    found = probed(project)
    assert found["questions"] == found["facts"] == 5
    assert found["arms"]["tuned"]["retuned"]["questions"] == 5


def test_a_given_second_version_is_retrained_on_too(tmp_path: Path) -> None:
    found = probed(open_project(tmp_path / "shops", updates=True, more="freshness = 'auto'\n" + RETUNE + ARMS))
    assert (found["origin"], found["swaps"], found["refused"]) == ("given", [], {})
    assert [step["step"] for step in found["steps"]] == ["re-index"], "its questions have no references to teach"


def test_split_says_which_given_wording_is_taught(tmp_path: Path) -> None:
    folder = open_project(tmp_path / "shops", updates=True, more=RETUNE + ARMS).root
    rows = [json.loads(line) for line in (folder / "updates.jsonl").read_text().splitlines()]
    for row in rows:
        row |= {"reference": f"It is {row['facts'][0][0]}.", "split": "train" if row["id"].endswith("b") else "test"}
    lines(folder / "updates.jsonl", rows)
    project = Project.open(folder)
    assert {one.id[-1] for one in retune.taught(project)} == {"b"}
    found = probed(project)
    assert found["arms"]["tuned"]["retuned"]["questions"] == 4
    assert [step["step"] for step in found["steps"]] == ["re-index", "re-tune", "re-tune"]


def test_auto_makes_one_where_none_is_given_and_true_does_not(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", more="freshness = 'auto'\n" + ARMS)
    assert project.second.by == "made"
    assert edit(project.root, "freshness = 'auto'", "freshness = true").second.by == ""
    assert edit(project.root, "freshness = true", "freshness = false").second.by == ""
    heard = Listener()
    compare(Project.open(project.root), watcher=heard)
    assert not any("freshness" in stage for stage in heard.stages)
    assert not (project.workspace.folder / "second-version").exists()


def test_made_leaves_a_given_second_version_aside(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", updates=True, more=MADE + ARMS)
    assert project.second.by == "made"
    assert "v2" not in {file.path.parent.name for file in project.knowledge.files("updates")}


def test_where_nothing_can_be_exchanged_the_report_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = open_project(tmp_path / "shops", more=MADE + RETUNE + ARMS).root
    rows = [json.loads(line) for line in (folder / "examples.jsonl").read_text().splitlines()]
    lines(folder / "examples.jsonl", [{**row, "facts": [["shop"]]} for row in rows])
    assert run(["compare", "-C", str(folder), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    found = report["probes"]["freshness"]
    assert (found["facts"], found["arms"], found["steps"]) == (0, {}, [])
    assert found["refused"]
    assert "No value of your documents could be exchanged" in Path(report["report"]).read_text(encoding="utf-8")


def test_the_report_lists_every_swap_and_what_each_step_took(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = open_project(tmp_path / "shops", more=MADE + RETUNE + ARMS)
    assert run(["compare", "-C", str(project.root)]) == 0
    said = capsys.readouterr().out
    found = conclude(project, gather(project))
    swaps = found.report["probes"]["freshness"]["swaps"]
    sentence = f"made from your documents by swapping {len(swaps)} values."
    page = (found.folder / "report.html").read_text(encoding="utf-8")
    markdown = (found.folder / "report.md").read_text(encoding="utf-8")
    for text in (page, markdown, said):
        assert sentence in text
    assert "at once after" in page
    assert "Keeping up" in page
    for swap in swaps:
        assert f"| {swap['documents'][0]} | {swap['old']} | {swap['new']} |" in markdown
    rows = {row["row"]: row["arms"] for row in found.report["classic"]}
    assert "trained anew" in rows["up-to-date knowledge"]["tuned"]


def test_dev_questions_train_nothing_anew(tmp_path: Path) -> None:
    heard = Listener()
    material = compare(open_project(tmp_path / "shops", more=MADE + RETUNE + ARMS), dev=True, watcher=heard)
    assert material.retuned == ()
    assert not any("after the update" in stage for stage in heard.stages)


def test_a_requirement_on_freshness_may_rest_on_a_made_version(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", more=MADE + ARMS)
    assert run(["compare", "-C", str(project.root), "--require", "rag.fresh >= 0.5"]) == 0


def test_other_words_for_the_setting_are_refused() -> None:
    with pytest.raises(Exception, match="freshness"):
        parse({"documents": {"sources": ["*.md"]}, "probes": {"freshness": "mad"}})
