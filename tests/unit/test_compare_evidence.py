"""Where an answer stands: found in what was indexed, kept for later, and unknown rather than guessed."""

import json
from pathlib import Path
from typing import Any

import pytest

from openbook.compare.causes.evidence import keep, places, shown
from openbook.compare.comparison import compare
from openbook.project import Project
from small_project import example, hit, open_project


@pytest.fixture
def shops(tmp_path: Path) -> Project:
    project = open_project(tmp_path / "shops")
    project.knowledge.ingest()
    return project


def place(project: Project, **fields: Any) -> str:
    asked = example("one", **fields)
    return places(project, [asked])["one"]


def test_a_fact_stands_in_the_document_that_is_named_for_it(shops: Project) -> None:
    assert place(shops, facts=(("£100", "100 pounds"),), documents=("anvil.md",)) == "wording"
    assert place(shops, facts=(("£100",),), documents=("drill.md",)) == "nowhere"


def test_all_facts_must_be_there_in_one_of_the_named_documents_each(shops: Project) -> None:
    facts = (("£100",), ("£101",))
    assert place(shops, facts=facts, documents=("anvil.md", "bellows.md")) == "wording"
    assert place(shops, facts=facts, documents=("anvil.md",)) == "nowhere"


def test_without_a_named_document_one_document_must_hold_all_of_it(shops: Project) -> None:
    assert place(shops, facts=(("£100",),)) == "wording"
    assert place(shops, facts=(("£100",), ("£101",))) == "nowhere"


def test_without_facts_a_reference_counts_where_it_stands_word_for_word(shops: Project) -> None:
    said = "Joining the anvil shop costs £100 a year"
    assert place(shops, references=(said,)) == "wording"
    assert place(shops, references=("In my own words.",), documents=("anvil.md",)) == "named"
    assert place(shops, references=("In my own words.",)) == "unknown"


def test_a_short_word_that_stands_everywhere_says_nothing(shops: Project) -> None:
    assert place(shops, references=("a",)) == "unknown"


def test_a_document_that_is_not_in_the_index_holds_nothing(shops: Project) -> None:
    assert place(shops, documents=("gone.md",)) == "nowhere"


def test_what_changed_since_it_was_indexed_is_unknown_unless_it_was_kept(shops: Project) -> None:
    kept, later = (
        example("kept", facts=(("£100",),), documents=("anvil.md",)),
        example("later", documents=("anvil.md",)),
    )
    keep(shops, [kept])
    assert shops.knowledge.content()
    (shops.root / "pages" / "anvil.md").write_text("# Nothing here any more\n\nAt all.", encoding="utf-8")
    assert places(shops, [kept, later]) == {"kept": "wording", "later": "unknown"}


def test_a_corrected_fact_is_looked_up_anew(shops: Project) -> None:
    keep(shops, [example("one", facts=(("£100",),), documents=("anvil.md",))])
    assert place(shops, facts=(("£555",),), documents=("anvil.md",)) == "nowhere"


def test_a_comparison_keeps_where_the_answers_of_its_questions_stand_once(shops: Project) -> None:
    material = compare(shops)
    (file,) = (shops.workspace.folder / "evidence").iterdir()
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert {row["example"] for row in rows} == {question.id for question in material.paper.questions}
    assert {row["place"] for row in rows} == {"wording"}
    keep(shops, material.paper.questions)
    assert len(file.read_text(encoding="utf-8").splitlines()) == len(rows)


def test_passages_hold_an_answer_together() -> None:
    asked = example("two", facts=(("£100",), ("£101",)))
    assert shown(asked, [hit("a.md", "It costs £100."), hit("b.md", "It costs £101.")], "wording")
    assert not shown(asked, [hit("a.md", "It costs £100.")], "wording")


def test_where_only_a_document_is_named_any_passage_of_it_counts() -> None:
    asked = example("own words", documents=("a.md",))
    assert shown(asked, [hit("b.md", "x"), hit("a.md", "y")], "named")
    assert not shown(asked, [hit("b.md", "x")], "named")
