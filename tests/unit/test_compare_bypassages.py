"""Questions that need several passages or facts, beside those that need one."""

from pathlib import Path

import pytest

from openbook.compare.marking import bypassages
from openbook.compare.marking.marks import Marks
from openbook.compare.pages import passages_words
from openbook.core.types import Example
from openbook.score.facts import FactsRight
from small_project import answered, desk, example, paper


def asked(number: int, *tags: str, documents: int = 1, facts: int = 1) -> Example:
    told = tuple((f"£{number}{place}",) for place in range(facts))
    named = tuple(f"{number}-{place}.md" for place in range(documents))
    return example(f"q{number}", facts=told, documents=named, tags=tags)


def right(one: Example) -> str:
    return " ".join(group[0] for group in one.facts)


def marks(folder: Path, questions: list[Example], *, wrong: set[str]) -> Marks:
    records = [answered(one, "no" if one.id in wrong else right(one)) for one in questions]
    return Marks(paper(questions), [FactsRight()], [desk(folder, "rag", records)], level=0.95)


ONE = [asked(number) for number in range(12)]
TWO = [asked(number, documents=2, facts=2) for number in range(12, 21)]


def test_two_documents_stand_beside_one(tmp_path: Path) -> None:
    found = bypassages.row(marks(tmp_path, [*ONE, *TWO], wrong={one.id for one in TWO[:6]}))
    assert found is not None
    assert set(found) == {"one_passage", "several_passages", "one_fact", "several_facts"}
    one, several = found["one_passage"], found["several_passages"]
    assert (one["n"], one["groups"], one["few"], one["arms"]["rag"]["mean"]) == (12, 12, False, 1.0)
    assert (several["n"], several["groups"], several["few"]) == (9, 9, False)
    cell = several["arms"]["rag"]
    assert cell["mean"] == pytest.approx(1 / 3, abs=1e-6)
    assert cell["low"] < 1 / 3 < cell["high"]


@pytest.mark.parametrize("tag", ["comparing", "Comparison", "two-passage", "two passages", "multi_hop"])
def test_a_tag_says_so_too(tmp_path: Path, tag: str) -> None:
    tagged = [asked(number, tag) for number in range(12, 21)]
    found = bypassages.row(marks(tmp_path, [*ONE, *tagged], wrong=set()))
    assert found is not None
    assert found["several_passages"]["n"] == 9
    assert found["one_passage"]["n"] == 12
    assert ("comparing" in found) is tag.lower().startswith("compar")
    assert "several_facts" not in found
    assert "one_fact" not in found, "nothing stands against it"


def test_too_few_groups_are_shown_as_too_few(tmp_path: Path) -> None:
    found = bypassages.row(marks(tmp_path, [*ONE, *TWO[:3]], wrong=set()))
    assert found is not None
    assert found["several_passages"]["few"]
    report = {"metric": "facts", "arms": {"rag": {"scores": {}}}, "probes": {"by_passages": found}}
    section = passages_words.section(report)
    assert section is not None
    rows = {line[0]: line for line in section.grids[0].body}
    assert rows["two passages or more"][1:3] == ["3", "3, too few to say"]


def test_where_every_question_needs_one_passage_there_is_no_table(tmp_path: Path) -> None:
    assert bypassages.row(marks(tmp_path, ONE, wrong=set())) is None
    assert passages_words.section({"probes": {"by_passages": None}}) is None


def test_unanswerable_questions_and_those_without_documents_are_of_neither_kind(tmp_path: Path) -> None:
    others = [example("u", answerable=False, documents=("a.md", "b.md")), example("n", facts=(("£9",),))]
    found = bypassages.row(marks(tmp_path, [*ONE, *TWO, *others], wrong=set()))
    assert found is not None
    assert found["one_passage"]["n"] + found["several_passages"]["n"] == 21
