"""The exam paper: strata by turns, groups once before twice, dev in place of the test."""

from openbook.compare.paper import Paper, set_paper
from openbook.ingest.splits import Division
from small_project import example


def division(*, new: int = 6, seen: int = 6, dev: int = 3) -> tuple[Division, dict[str, str]]:
    """Groups of three questions."""
    parts = {
        part: tuple(example(f"{part}-{g}-{i}") for g in range(count) for i in range(3))
        for part, count in {"new": new, "seen": seen, "dev": dev, "train": 4}.items()
    }
    group = {one.id: one.id.rsplit("-", 1)[0] for rows in parts.values() for one in rows}
    made = Division(train=parts["train"], dev=parts["dev"], seen=parts["seen"], new=parts["new"], dropped={})
    return made, group


def ids(paper: Paper) -> list[str]:
    return [question.id for question in paper.questions]


def test_without_a_limit_every_test_question_is_asked_once() -> None:
    made, group = division()
    paper = set_paper(made, group)
    assert sorted(ids(paper)) == sorted(one.id for one in made.test)
    assert {paper.stratum[one.id] for one in made.seen} == {"seen"}
    assert {paper.stratum[one.id] for one in made.new} == {"new"}


def test_the_strata_take_turns() -> None:
    paper = set_paper(*division(), limit=7)
    assert [paper.stratum[name] for name in ids(paper)] == ["new", "seen"] * 3 + ["new"]


def test_one_stratum_goes_on_where_the_other_has_no_more() -> None:
    paper = set_paper(*division(new=1, seen=6))
    assert [paper.stratum[name] for name in ids(paper)] == ["new", "seen"] * 3 + ["seen"] * 15


def test_every_group_comes_once_before_any_comes_twice() -> None:
    made, group = division()
    chosen = [group[name] for name in ids(set_paper(made, group, limit=12))]
    assert len(set(chosen)) == 12


def test_a_stratum_can_be_taken_alone() -> None:
    made, group = division()
    paper = set_paper(made, group, limit=8)
    assert len(paper.of("new")) == len(paper.of("seen")) == 4
    assert paper.of("all") == list(paper.questions)
    assert paper.groups == 8


def test_dev_questions_stand_in_for_the_test_without_touching_it() -> None:
    made, group = division()
    paper = set_paper(made, group, dev=True)
    assert sorted(ids(paper)) == sorted(one.id for one in made.dev)


def test_no_questions_make_an_empty_paper() -> None:
    paper = set_paper(*division(new=0, seen=0))
    assert ids(paper) == []
    assert paper.groups == 0
