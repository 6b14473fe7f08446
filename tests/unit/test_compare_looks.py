"""Looks at test scores: each counted once, later ones at a smaller alpha, and only where they share questions."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from openbook.compare.comparison import compare
from openbook.compare.material import gather
from openbook.compare.outcome import conclude
from openbook.compare.verdict import looks
from openbook.project import Project
from openbook.score.stats import look_alpha
from small_project import SCRIPT, edit, lines, open_project

MORE = """
[compare]
arms = ["rag", "base"]
"""


pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")


@pytest.fixture
def shops(tmp_path: Path) -> Project:
    project = open_project(tmp_path / "shops", more=MORE)
    compare(project)
    return project


def report(project: Project) -> dict[str, Any]:
    return dict(conclude(project, gather(project, partial=True)).report)


def test_the_first_look_has_alpha_whole_and_all_later_ones_together_no_more_than_it() -> None:
    assert look_alpha(1, 0.05) == 0.05
    assert [look_alpha(k, 0.06) for k in (2, 3, 4)] == pytest.approx([0.03, 0.01, 0.005])
    assert sum(look_alpha(k, 0.05) for k in range(2, 5000)) <= 0.05
    with pytest.raises(ValueError, match="counted from 1"):
        look_alpha(0, 0.05)


def test_a_look_is_counted_once_however_often_it_is_taken(shops: Project) -> None:
    first = report(shops)
    assert (first["looks"], first["look"]) == (1, {"number": 1, "alpha": 0.05})
    assert report(Project.open(shops.root)) == first


def test_another_setting_of_an_arm_is_another_look_and_a_run_that_goes_on_is_the_same(shops: Project) -> None:
    assert report(shops)["looks"] == 1
    again = edit(shops.root, "Answer from", "Reply from")
    assert report(again)["looks"] == 2  # base has no instructions: its scores can be seen already
    compare(again)
    second = report(again)
    assert (second["looks"], second["look"]) == (2, {"number": 2, "alpha": 0.025})
    back = report(edit(shops.root, "Reply from", "Answer from"))
    assert (back["looks"], back["look"]) == (2, {"number": 1, "alpha": 0.05})


def test_a_selection_of_arms_that_were_shown_is_another_look(shops: Project) -> None:
    assert report(shops)["looks"] == 1
    assert report(edit(shops.root, 'arms = ["rag", "base"]', 'arms = ["rag"]'))["look"]["number"] == 2


def test_another_margin_is_the_same_look(shops: Project) -> None:
    assert report(shops)["looks"] == 1
    assert report(edit(shops.root, 'arms = ["rag", "base"]', 'arms = ["base", "rag"]\nmargin = 0.2'))["looks"] == 1


def test_questions_that_were_never_shown_make_a_first_look_again(shops: Project) -> None:
    material = gather(shops)
    assert looks.take(shops, material).number == 1
    some = material.paper.questions
    fresh = tuple(replace(question, input=f"{question.input} now") for question in some)
    for desk in material.seats:
        desk.log.append([replace(desk.log.records[old.key], key=new.key) for old, new in zip(some, fresh, strict=True)])
    unseen = replace(material, paper=replace(material.paper, questions=fresh))
    assert looks.take(shops, unseen) == looks.Look(number=1, total=2)
    renamed = tuple(replace(question, id=f"again-{question.id}") for question in some)
    for desk in material.seats:
        old = desk.log.records
        desk.log.append([replace(old[a.key], example=b.id, key=b.key) for a, b in zip(some, renamed, strict=True)])
    again = replace(material, paper=replace(material.paper, questions=renamed))
    assert looks.take(shops, again) == looks.Look(number=2, total=3)
    mixed = replace(material, paper=replace(material.paper, questions=(*fresh[:3], *some[:3])))
    assert looks.take(shops, mixed) == looks.Look(number=4, total=4)


def test_arms_that_failed_throughout_showed_nothing_and_spend_nothing(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", more=MORE, script=[{"when": "", "fail": "deterministic"}])
    compare(project)
    found = report(project)
    assert (found["looks"], found["look"]) == (0, {"number": 0, "alpha": 0.05})


def test_looks_of_an_older_version_count(shops: Project) -> None:
    lines(shops.workspace.looks, [{"look": "abc", "arms": ["x"], "questions": 12}])
    assert report(shops)["look"] == {"number": 2, "alpha": 0.025}


def test_dev_questions_spend_nothing(shops: Project) -> None:
    material = compare(shops, dev=True)
    found = conclude(shops, material, looked=False).report
    assert (found["looks"], found["look"]) == (0, {"number": 0, "alpha": 0.05})
    assert report(shops)["look"]["number"] == 1


def test_a_later_look_tests_at_its_own_alpha_and_says_so(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", script=SCRIPT, more=MORE)
    project.workspace.folder.mkdir()
    lines(project.workspace.looks, [{"look": str(k), "arms": ["x"], "questions": 12} for k in range(30)])
    compare(project)
    outcome = conclude(project, gather(project))
    assert outcome.report["look"]["number"] == 31
    text = (outcome.folder / "report.md").read_text()
    assert "Look 31 at these test questions: tested at alpha 5.4e-05" in text
    assert {pair["verdict"] for pair in outcome.report["pairs"] if not pair["exploratory"]} == {"undecided"}
