"""The second real project: what `evidence/emanual-qa/prepare.py` makes of the public TV manual and its questions."""

import importlib.util
import json
from collections import Counter
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
SOURCE = ROOT / "evidence" / "emanual-qa"


def script(folder: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"{folder.name.replace('-', '_')}_{name}", folder / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def siblings(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[ModuleType]]:
    with scripts(SOURCE, ["manual", "questions", "published"], monkeypatch) as modules:
        yield modules


@pytest.fixture
def manual(siblings: list[ModuleType]) -> ModuleType:
    return siblings[0]


@pytest.fixture
def questions(siblings: list[ModuleType]) -> ModuleType:
    return siblings[1]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = shared_data.path("emanual_qa")
    out = tmp_path_factory.mktemp("emanual") / "project"
    prepare(SOURCE, data, out)
    return out


@pytest.fixture(scope="module")
def project(made: Path) -> Project:
    return Project.open(made)


def test_the_whole_manual_becomes_documents(made: Path) -> None:
    assert len(list((made / "documents").glob("*.md"))) == 244


def test_every_example_names_a_document_that_exists(project: Project) -> None:
    assert len(project.exam.examples) == 400
    for example in project.exam.examples:
        assert [(project.root / "documents" / name).is_file() for name in example.documents] == [True]


def test_the_split_is_the_one_the_readme_counts(project: Project) -> None:
    division = project.exam.division
    sizes = {part: len(getattr(division, part)) for part in ("train", "dev", "seen", "new")}
    assert sizes == {"train": 182, "dev": 36, "seen": 60, "new": 122}
    assert not division.dropped


def test_the_test_side_can_decide_something(project: Project) -> None:
    division = project.exam.division
    assert len(division.test) >= 150
    assert division.groups(division.test) >= 30
    assert division.groups(division.new) >= 30


def test_no_answer_stands_on_both_sides(project: Project) -> None:
    division = project.exam.division
    studied = {(example.documents, example.reference) for example in division.train}
    assert not any((example.documents, example.reference) in studied for example in (*division.new, *division.dev))
    assert all((example.documents, example.reference) in studied for example in division.seen)


def test_no_held_out_question_is_trained_on_word_for_word(project: Project) -> None:
    division = project.exam.division
    leaks = audit(train=division.train, held_out=(*division.dev, *division.test))
    assert [leak.kind for leak in leaks] == ["contradiction"]
    assert len(leaks[0].examples) == 1


def test_references_are_whole_and_fit_the_answer_length(project: Project) -> None:
    lengths = [len(example.reference.split()) for example in project.exam.examples]
    assert min(lengths) > 0
    assert max(lengths) <= 60 < project.config.generate.max_tokens


def test_most_words_of_most_references_stand_on_the_named_page(project: Project) -> None:
    from openbook.ingest.near import trigrams

    held = []
    for example in project.exam.examples:
        page = (project.root / "documents" / example.documents[0]).read_text(encoding="utf-8")
        wanted = trigrams(example.reference)
        held.append(len(wanted & trigrams(page)) / len(wanted))
    assert sum(share >= 0.5 for share in held) / len(held) > 0.9


def test_making_it_again_touches_no_document(made: Path) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in (made / "documents").iterdir()}
    (made / "documents" / "of-an-older-version.md").write_text("gone")
    data = shared_data.path("emanual_qa")
    prepare(SOURCE, data, made)
    assert {path.name: path.stat().st_mtime_ns for path in (made / "documents").iterdir()} == before


def test_no_raw_row_lies_in_the_repository() -> None:
    assert not [path.name for path in SOURCE.iterdir() if path.suffix in (".jsonl", ".json", ".zip")]


def test_missing_data_is_a_sentence(tmp_path: Path) -> None:
    ran = prepare(SOURCE, tmp_path, tmp_path / "out", check=False)
    assert ran.returncode == 2
    assert "README.md says where the data comes from" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_another_edition_of_the_data_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "smart_tv_remote_manual_sections.jsonl").write_text(
        json.dumps({"title": "Quick Guides", "text": "x"}) + "\n"
    )
    (tmp_path / "smart_remote_qa.jsonl").write_text("")
    ran = prepare(SOURCE, tmp_path, tmp_path / "out", check=False)
    assert ran.returncode == 2
    assert "no part 'Connections'" in ran.stderr


def sections(manual: ModuleType, extra: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{"title": part, "text": f"About {part}."} for part in manual.PARTS] + extra


def test_a_page_printed_twice_is_one_document(manual: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manual, "RUN_OVER", {})
    text = "Press and hold the button on the remote, say a command, and then release the button. - 12 -"
    rows = sections(manual, [])
    twice = {"title": "Running Bixby", "text": text}
    pages = manual.pages([rows[0], twice, *rows[1:], {**twice, "text": text.replace("- 12 -", "- 90 -")}])
    assert Counter(page.title for page in pages)["Running Bixby"] == 1
    page = next(page for page in pages if page.title == "Running Bixby")
    assert (page.part, page.also) == ("Quick Guides", ("Accessibility Guidance",))
    assert page.markdown.endswith("release the button.\n")


def test_two_pages_of_one_title_get_two_names(manual: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manual, "RUN_OVER", {})
    rows = sections(manual, [{"title": "Using Bixby", "text": "Say what you want while the guide is open."}])
    first = {"title": "Using Bixby", "text": "Bixby answers questions about the weather."}
    names = [page.name for page in manual.pages([rows[0], first, *rows[1:]])]
    assert "using-bixby.md" in names
    assert "using-bixby-accessibility-guidance.md" in names


def row(number: int, answer: str, **more: Any) -> dict[str, Any]:
    shown = {"id": f"q-{number}", "kind": "Normal", "question": f"What is {number}?", "section_path": ["Connections"]}
    return {**shown, "answer": answer, **more}


def test_a_sentence_in_many_answers_is_no_part_of_a_reference(
    manual: ModuleType, questions: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manual, "RUN_OVER", {})
    pages = manual.pages(sections(manual, []))
    rows = [row(i, f"Connect the cable first. Settings>Port. Use port {i} of the box.") for i in range(8)]
    rows.append(row(8, "Connect the cable first."))
    taken = questions.take(rows, pages)
    references = [example["reference"] for example in taken.examples]
    assert references[3] == "Settings > Port. Use port 3 of the box."
    assert references[8] == "Connect the cable first."
    assert taken.lead_ins == 8


def test_long_and_one_word_answers_are_left_out_not_cut(
    manual: ModuleType, questions: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manual, "RUN_OVER", {})
    pages = manual.pages(sections(manual, []))
    rows = [row(0, "word " * 61), row(1, "word " * 60), row(2, "Yes", kind="Yes_No")]
    taken = questions.take(rows, pages)
    assert [example["id"] for example in taken.examples] == ["q-1"]
    assert (taken.too_long, taken.one_word) == (1, 1)


def test_two_wordings_of_one_question_ask_for_one_fact(
    manual: ModuleType, questions: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manual, "RUN_OVER", {})
    pages = manual.pages(sections(manual, []))
    taken = questions.take([row(0, "Press Home."), row(1, "Press  home"), row(2, "Press Back.")], pages)
    assert [example["fact"] for example in taken.examples] == ["connections/1", "connections/1", "connections/2"]


def test_an_answer_that_stands_on_another_page_is_looked_up_there(
    manual: ModuleType, questions: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manual, "RUN_OVER", {})
    words = "Remove all of the protective stickers that cover the sensors of the television."
    pages = manual.pages(sections(manual, [{"title": "Other Issues", "text": words}]))
    taken = questions.take([row(0, words), row(1, "Nobody wrote this sentence into the manual at all.")], pages)
    assert [example["documents"] for example in taken.examples] == [["other-issues.md"], ["connections.md"]]
    assert taken.moved == 1


def test_published_questions_are_read_although_they_are_no_json(siblings: list[ModuleType], tmp_path: Path) -> None:
    import zipfile

    published = siblings[2]
    entry = (
        '{ "All_Questions": [ { "Section Hierarchy": "TV Viewing>Using Timeshift", "Link": "https://example.org",\n'
        '"Question": "What is ""Timeshift""?", "Answer": "You can pause TV."  }, ] }'
    )
    with zipfile.ZipFile(tmp_path / published.QUESTIONS, "w") as archive:
        archive.writestr("Normal Q&A/Normal_Q&A_1 questions.json", entry)
    assert published.questions(tmp_path) == [
        {
            "id": "normal-0",
            "kind": "Normal",
            "question": 'What is "Timeshift"?',
            "answer": "You can pause TV.",
            "section_path": ["TV Viewing", "Using Timeshift"],
        }
    ]


@pytest.fixture
def evidence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT / "tools")
    module = script(ROOT / "tools", "evidence")
    monkeypatch.setattr(module, "relative", lambda path: path)
    return module


def test_make_evidence_prepares_a_project_that_has_a_prepare_script(evidence: ModuleType, tmp_path: Path) -> None:
    data = shared_data.path("emanual_qa")
    ledger = evidence.Ledger()
    target = evidence.bring(SOURCE, tmp_path / "project", data, ledger)
    assert (target / "examples.jsonl").exists()
    assert not (target / "prepare.py").exists()
    assert [name for name, _ in ledger.rows] == ["prepare"]


def test_make_evidence_says_where_the_data_should_be(
    evidence: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(evidence.Stop) as stopped:
        evidence.bring(SOURCE, tmp_path / "project", tmp_path / "nowhere", evidence.Ledger())
    assert stopped.value.code == 2
    assert "OPENBOOK_SHARED_DATA" in capsys.readouterr().err


def test_the_data_folder_carries_the_projects_name(
    evidence: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENBOOK_SHARED_DATA", str(tmp_path))
    assert evidence.data_for("emanual-qa") == tmp_path / "emanual_qa"
