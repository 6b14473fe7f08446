"""A taste: what can be said of a project in seconds, without a model and without writing anything."""

from pathlib import Path

import pytest

from openbook.compare.taste import taste
from openbook.core.errors import ConfigError, DataError
from openbook.project import Project
from small_project import MANY_SHOPS, SHOPS, edit, fee, lines, open_project, questions


def test_documents_examples_and_groups_are_counted(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops")
    found = taste(project)
    assert (found.documents, found.chunks, found.examples) == (10, 20, 40)
    assert found.train + found.dev + found.seen + found.new == 40
    assert found.groups <= 10
    assert not project.workspace.folder.exists()


def test_recall_is_the_share_of_questions_whose_document_is_among_the_first(tmp_path: Path) -> None:
    found = taste(open_project(tmp_path / "shops"))
    assert list(found.recall) == [1, 3, 5, 10]
    shares = [share.count / share.n for share in found.recall.values()]
    assert shares == sorted(shares)
    assert shares[1] > 0.9
    assert all(share.n == 40 for share in found.recall.values())


def test_without_named_documents_there_is_no_recall(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops")
    lines(
        project.root / "examples.jsonl",
        [{"id": str(i), "input": f"q{i} x{i * 7}?", "reference": "a"} for i in range(9)],
    )
    found = taste(Project.open(project.root))
    assert found.recall == {}
    assert found.quoted is None
    assert found.cited is None


def test_quoting_alone_is_marked_by_its_facts_and_citations(tmp_path: Path) -> None:
    found = taste(open_project(tmp_path / "shops"))
    assert found.quoted is not None
    assert found.quoted.n == 40
    assert found.quoted.count > 10
    assert found.cited is not None
    assert 0.5 < found.cited <= 1.0


@pytest.mark.parametrize(
    ("shops", "says"), [(SHOPS[:5], "could be told from chance"), (MANY_SHOPS, "only large differences")]
)
def test_whether_the_groups_can_decide_is_said(tmp_path: Path, shops: tuple[str, ...], says: str) -> None:
    assert says in taste(open_project(tmp_path / "shops", shops=shops)).deciding


def test_duplicates_and_contradictions_are_warned_of(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops")
    rows = [row for number, name in enumerate(SHOPS) for row in questions(name, number)]
    twins = [
        {**rows[0], "id": "twin-train", "split": "train"},
        {**rows[0], "id": "twin-test", "split": "test", "reference": f"No, {fee(77)}.", "facts": [[fee(77)]]},
    ]
    lines(project.root / "examples.jsonl", [*rows[1:], *twins])
    found = taste(Project.open(project.root))
    assert any("word for word" in warning for warning in found.warnings)
    assert len(found.warnings) >= 2


def test_a_page_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops")
    (project.root / "pages" / "empty.md").write_text("")
    found = taste(Project.open(project.root))
    assert found.documents == 10
    assert any("empty.md" in warning for warning in found.warnings)


def test_what_is_wrong_with_the_files_is_raised(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops")
    with pytest.raises(ConfigError, match="matches nothing"):
        taste(edit(project.root, "pages/*.md", "nothing/*.md"))
    again = edit(project.root, "nothing/*.md", "pages/*.md")
    (project.root / "examples.jsonl").write_text('{"input": "a"\n')
    with pytest.raises(DataError, match=r"examples\.jsonl:1"):
        taste(again)
