"""The third real project: what `evidence/18f-handbook/prepare.py` makes of two editions of a handbook."""

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import shared_data
from evidence_scripts import prepare, scripts
from openbook.ingest.leaks import audit
from openbook.project import Project

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "evidence" / "18f-handbook"


@pytest.fixture
def siblings(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[ModuleType]]:
    with scripts(SOURCE, ["handbook", "questions", "changes"], monkeypatch) as modules:
        yield modules


@pytest.fixture
def handbook(siblings: list[ModuleType]) -> ModuleType:
    return siblings[0]


@pytest.fixture
def questions(siblings: list[ModuleType]) -> ModuleType:
    return siblings[1]


@pytest.fixture
def changes(siblings: list[ModuleType]) -> ModuleType:
    return siblings[2]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = shared_data.path("18f_handbook")
    out = tmp_path_factory.mktemp("handbook") / "project"
    prepare(SOURCE, data, out)
    return out


@pytest.fixture(scope="module")
def project(made: Path) -> Project:
    return Project.open(made)


def test_both_editions_become_documents(made: Path) -> None:
    assert len(list((made / "documents").rglob("*.md"))) == 135
    assert len(list((made / "v2").rglob("*.md"))) == 238


def test_the_split_is_the_one_the_readme_counts(project: Project) -> None:
    division = project.exam.division
    sizes = {part: len(getattr(division, part)) for part in ("train", "dev", "seen", "new")}
    assert sizes == {"train": 24, "dev": 10, "seen": 8, "new": 49}
    assert not division.dropped
    assert (division.groups(division.test), division.groups(division.new)) == (23, 20)


def test_no_held_out_question_is_trained_on(project: Project) -> None:
    division = project.exam.division
    assert not audit(train=division.train, held_out=(*division.dev, *division.test))


def test_no_question_stands_as_a_heading_in_either_edition(made: Path, project: Project) -> None:
    asked = [example.input.split(": ", 1)[1].removeprefix("How do I ") for example in project.exam.examples]
    headings = [
        line.lstrip("# ").casefold()
        for folder in ("documents", "v2")
        for page in (made / folder).rglob("*.md")
        for line in page.read_text(encoding="utf-8").splitlines()
        if line.startswith("#")
    ]
    assert not [question for question in asked if question.casefold() in headings]


def test_references_are_whole_sentences_and_fit_the_answer_length(project: Project) -> None:
    lengths = [len(example.reference.split()) for example in project.exam.examples]
    assert min(lengths) > 0
    assert max(lengths) <= 65 < project.config.generate.max_tokens


def test_the_freshness_questions_are_those_that_the_readme_counts(project: Project) -> None:
    updates = project.exam.updates
    kinds = [example.change for example in updates]
    assert {kind: kinds.count(kind) for kind in ("edit", "add", "delete")} == {"edit": 21, "add": 14, "delete": 8}
    assert len({example.fact for example in updates}) == 41
    assert all(example.stale for example in updates if example.change != "add")
    assert all(bool(example.facts) != (example.change == "delete") for example in updates)


def test_making_it_again_touches_no_document(made: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in made.rglob("*.md")}
    (made / "documents" / "of-an-older-version.md").write_text("gone")
    data = shared_data.path("18f_handbook")
    prepare(SOURCE, data, made)
    assert {path: path.stat().st_mtime_ns for path in made.rglob("*.md")} == before


def test_no_raw_row_lies_in_the_repository() -> None:
    assert not [path.name for path in SOURCE.iterdir() if path.suffix in (".jsonl", ".json", ".gz")]


def test_missing_data_is_a_sentence(tmp_path: Path) -> None:
    ran = prepare(SOURCE, tmp_path, tmp_path / "out", check=False)
    assert ran.returncode == 2
    assert "README.md says where the data comes from" in ran.stderr
    assert "Traceback" not in ran.stderr


def archive(folder: Path, texts: dict[str, str]) -> Path:
    path = folder / "pages.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for name, text in texts.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return path


def test_a_heading_that_is_a_question_loses_its_words_and_keeps_its_place(handbook: ModuleType, tmp_path: Path) -> None:
    text = "---\ntitle: Tock\n---\n\n[Why so long?](#why-so-long)\n\n### **Why so long?**\n\nIt is.\n\n### Tips\n\nBe brief.\n"
    pages = handbook.pages(archive(tmp_path, {"_pages/tools/tock.md": text}), ["Why so long?"])
    assert pages == {"tools/tock.md": "---\ntitle: Tock\n---\n\n###\n\nIt is.\n\n### Tips\n\nBe brief.\n"}


def test_channels_keep_their_names_and_links_their_words(handbook: ModuleType, tmp_path: Path) -> None:
    text = 'Ask in {% slack_channel "tock" %} or\nread [the guide]({% page "/tock" %}).<br/>\n'
    pages = handbook.pages(archive(tmp_path, {"pages/oa/index.md": text, "pages/gone.md": "---\nto: x\n---\n"}), [])
    assert pages == {"oa.md": "Ask in #tock or\nread the guide.\n"}


def test_an_archive_without_pages_is_refused(handbook: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no pages"):
        handbook.pages(archive(tmp_path, {"readme.txt": "x"}), [])


def test_a_question_carries_its_page_and_is_completed(questions: ModuleType) -> None:
    assert questions.asked("Adjust a desk?", "Chicago", ["How do I..."]) == "Chicago: How do I adjust a desk?"
    assert questions.asked("What is it?", "Chicago", ["How do I..."]) == "Chicago: What is it?"
    assert questions.asked("Adjust a desk?", "Chicago") == "Chicago: Adjust a desk?"


def test_a_reference_is_the_beginning_of_an_answer_in_whole_sentences(questions: ModuleType) -> None:
    assert questions.opening("One two. Three four.\n\n- Five\n- Six", longest=5) == "One two. Three four. Five"
    assert questions.opening("One two three four.", longest=2) == "One two three four."
    assert questions.opening("#### First\n\nA &amp; B.\n\n---\n\nElsewhere.") == "A & B."


def entry(**more: Any) -> dict[str, Any]:
    given = {"kind": "edit", "id": "room", "v1": "a.md", "v2": "b.md", "was": "in room 1", "is": "in room 2"}
    return {**given, "stale": ["room 1"], "facts": [["room 2"]], **more}


def test_a_changed_fact_that_holds_in_both_editions_is_no_fault(changes: ModuleType) -> None:
    assert changes.faults([entry()], {"a.md": "It is in room 1."}, {"b.md": "It is in room 2."}) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"was": "in room 3"}, "'in room 3' does not stand in the first edition alone"),
        ({"stale": ["room 3"]}, "'room 3' was never true"),
        ({"stale": ["in room"]}, "'in room' still stands there"),
        ({"facts": [["in room"]]}, "'in room' is not new"),
        ({"facts": [["room 4"]]}, "none of its facts stands in the second edition"),
        ({"kind": "delete", "facts": [], "stale": ["in room"]}, "'in room' still stands there"),
        ({"kind": "add", "v2": "b.md", "v1": "", "stale": [], "was": "", "facts": [["It is"]]}, "'It is' is not new"),
    ],
)
def test_a_list_that_does_not_hold_is_refused(changes: ModuleType, wrong: dict[str, Any], said: str) -> None:
    found = changes.faults([entry(**wrong)], {"a.md": "It is in room 1."}, {"b.md": "It is in room 2."})
    assert f"room: {said}" in found
