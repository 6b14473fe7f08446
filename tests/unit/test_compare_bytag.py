"""The primary metric by tag: enough groups, each beside the others that are like it."""

from pathlib import Path

from openbook.compare.marking import bytag
from openbook.compare.marking.marks import Marks
from openbook.compare.pages import probed
from openbook.core.types import Example
from openbook.score.facts import FactsRight
from small_project import answered, desk, example, failed, paper


def asked(number: int, *tags: str) -> Example:
    return example(f"q{number}", facts=((f"£{number}",),), tags=tags)


TWO = [asked(number, "two passages", "all") for number in range(8)]
ONE = [asked(number, "all") for number in range(8, 20)]
UNKNOWN = [example(f"u{number}", answerable=False, tags=("all",)) for number in range(8)]
ASKED = [*TWO, *ONE, *UNKNOWN]


def marks(folder: Path, *, right: set[str], broken: tuple[str, ...] = (), questions: list[Example] = ASKED) -> Marks:
    records = [
        failed(one) if one.id in broken else answered(one, one.facts[0][0] if one.id in right else "no")
        for one in questions
    ]
    return Marks(paper(questions), [FactsRight()], [desk(folder, "rag", records)], level=0.95)


def test_a_tag_stands_beside_the_questions_without_it(tmp_path: Path) -> None:
    found = bytag.row(marks(tmp_path, right={"q0", "q1", *(one.id for one in ONE[:9])}))
    two = found["two passages"]
    assert (two["n"], two["groups"]) == (8, 8)
    cell = two["arms"]["rag"]
    assert (cell["mean"], cell["n"]) == (0.25, 8)
    assert cell["low"] < 0.25 < cell["high"]
    # The unanswerable ones are another matter, and would pull the others down.
    assert (cell["others"]["mean"], cell["others"]["n"]) == (0.75, 12)


def test_a_tag_that_all_have_has_no_others(tmp_path: Path) -> None:
    found = bytag.row(marks(tmp_path, right=set()))
    assert found["all"]["arms"]["rag"]["others"] is None
    head, body = probed.tag_table({"arms": {"rag": {"scores": {}}}, "tags": found})
    assert head == ["tag", "n", "groups", "rag"]
    assert [line[0] for line in body] == ["all", "two passages"]
    assert "others" not in body[0][-1]
    assert ", others .00" in body[1][-1]


def test_a_tag_of_few_groups_is_not_shown(tmp_path: Path) -> None:
    few = [*TWO[:7], *ONE]
    found = bytag.row(marks(tmp_path, right=set(), questions=few))
    assert set(found) == {"all"}
    many = paper(ASKED, {one.id: "same" for one in TWO})
    shared = Marks(many, [FactsRight()], [desk(tmp_path / "b", "rag", [answered(q, "no") for q in ASKED])], level=0.95)
    assert set(bytag.row(shared)) == {"all"}


def test_a_failure_widens_the_interval_and_is_no_zero(tmp_path: Path) -> None:
    every = {one.id for one in TWO}
    whole = bytag.row(marks(tmp_path / "a", right=every))["two passages"]["arms"]["rag"]
    broken = bytag.row(marks(tmp_path / "b", right=every, broken=("q0",)))["two passages"]["arms"]["rag"]
    assert (broken["mean"], broken["n"]) == (1.0, 7)
    assert broken["low"] < whole["low"]


def test_without_tags_there_is_no_table() -> None:
    assert probed.tag_table({"arms": {"rag": {"scores": {}}}}) == (["tag", "n", "groups", "rag"], [])
