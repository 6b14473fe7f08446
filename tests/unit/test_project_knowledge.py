"""Documents and their index in both versions: in step, told cheaply, rebuilt, and never opened for nothing."""

from pathlib import Path
from typing import Any

import pytest

from openbook.core.errors import ConfigError, DataError, IndexMismatch
from openbook.core.types import Failure
from openbook.project import Project
from openbook.workspace import read_json
from small_project import edit, open_project

pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")


@pytest.fixture
def shops(tmp_path: Path) -> Project:
    return open_project(tmp_path / "shops", updates=True)


def reopened(project: Project) -> Project:
    return Project.open(project.root)


def found(project: Project, question: str, version: Any = "current") -> str:
    hits = project.retriever(project.plan("rag"), version).search([question], k=1)[0]
    assert not isinstance(hits, Failure)
    return hits[0].chunk.text


def test_there_is_no_content_before_the_first_ingest_and_the_same_after_it(shops: Project) -> None:
    assert shops.knowledge.content() is None
    result = shops.knowledge.ingest()
    assert shops.knowledge.content() == result.content
    assert reopened(shops).knowledge.content() == result.content


def test_an_edited_page_puts_the_index_behind(shops: Project) -> None:
    before = shops.knowledge.ingest().content
    page = shops.root / "pages" / "drill.md"
    page.write_text(page.read_text() + "\nClosed on Mondays.\n")
    again = reopened(shops)
    assert again.knowledge.content() is None
    result = again.knowledge.ingest()
    assert result.changed == ("drill.md",)
    assert result.content != before


def test_a_page_that_is_edited_while_a_comparison_runs_waits_for_the_next_one(shops: Project) -> None:
    content = shops.knowledge.ingest().content
    assert shops.knowledge.content() == content
    (shops.root / "pages" / "drill.md").unlink()
    assert shops.knowledge.content() == content
    assert reopened(shops).knowledge.content() is None


def test_the_content_is_told_without_opening_the_store(shops: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    shops.knowledge.ingest()

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("the store was opened")

    monkeypatch.setattr("openbook.retrieve.memory.MemoryStore.__init__", refuse)
    assert reopened(shops).knowledge.content()


def test_the_second_version_starts_from_the_first_and_takes_only_what_changed(shops: Project) -> None:
    shops.knowledge.ingest()
    result = shops.knowledge.ingest("updates")
    assert result.changed == ("anvil.md", "bellows.md", "chisel.md", "drill.md")
    assert result.unchanged == 6
    assert "£200" in found(shops, "What does joining the anvil shop cost?", "updates")
    assert "£100" in found(shops, "What does joining the anvil shop cost?")


def test_the_second_version_can_be_ingested_without_the_first(shops: Project) -> None:
    assert len(shops.knowledge.ingest("updates").added) == 10


def test_a_deleted_page_leaves_the_index(shops: Project) -> None:
    shops.knowledge.ingest()
    (shops.root / "pages" / "drill.md").unlink()
    again = reopened(shops)
    assert again.knowledge.ingest().removed == ("drill.md",)
    assert "drill" not in found(again, "What does joining the drill shop cost?")


def test_names_are_those_of_both_versions(shops: Project) -> None:
    (shops.root / "v2" / "opening-day.md").write_text("# Opening day\n\nIt is in May.\n")
    assert "opening-day.md" in shops.knowledge.names
    assert shops.knowledge.names.count("drill.md") == 1


def test_an_index_with_other_chunks_is_refused_and_made_anew_on_request(shops: Project) -> None:
    shops.knowledge.ingest()
    shops.knowledge.ingest("updates")
    again = edit(shops.root, "[store]", "[chunks]\ntokens = 40\n\n[store]")
    with pytest.raises(IndexMismatch, match="openbook ingest --rebuild"):
        again.knowledge.content()
    again.knowledge.ingest(rebuild=True)
    assert again.knowledge.content()
    # The second version was made from the first one: it must not stay behind with the old chunks.
    assert again.knowledge.content("updates") is None
    assert again.knowledge.ingest("updates").unchanged == 6


def test_seconds_of_later_syncs_are_added_to_those_before(shops: Project) -> None:
    shops.knowledge.ingest()
    path = shops.workspace.index("current") / "seconds.json"
    first = read_json(path)
    assert shops.knowledge.seconds() == pytest.approx(sum(first.values()))
    reopened(shops).knowledge.ingest()
    assert read_json(path) == first
    (shops.root / "pages" / "drill.md").unlink()
    again = reopened(shops)
    again.knowledge.ingest()
    assert again.knowledge.seconds() > sum(first.values())


def test_what_cannot_be_read_is_told(shops: Project) -> None:
    (shops.root / "pages" / "blank.md").write_text("")
    shops.knowledge.ingest()
    assert list(shops.knowledge.skipped()) == ["blank.md"]
    assert reopened(shops).knowledge.content()


def test_a_glob_that_matches_nothing_is_named(shops: Project) -> None:
    again = edit(shops.root, "pages/*.md", "pagse/*.md")
    with pytest.raises(ConfigError, match=r"'pagse/\*.md' matches nothing"):
        again.knowledge.files()


def test_pages_that_hold_nothing_are_refused_at_every_call(shops: Project) -> None:
    for page in (shops.root / "pages").iterdir():
        page.write_text("")
    for _ in range(2):
        again = reopened(shops)
        assert again.knowledge.content() is None
        with pytest.raises(DataError, match=r"None of the 10 documents .*\. The first of them: 'anvil"):
            again.knowledge.ingest()
