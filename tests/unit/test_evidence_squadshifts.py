"""The fourth real project: what `evidence/squadshifts/prepare.py` makes of SQuADShifts."""

import importlib
import json
import sys
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
SOURCE = ROOT / "evidence" / "squadshifts"
CARD = ROOT / "src" / "openbook" / "reader" / "README.md"


@pytest.fixture
def articles(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    with scripts(SOURCE, ["articles"], monkeypatch) as (module,):
        yield module


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = shared_data.path("squadshifts")
    out = tmp_path_factory.mktemp("squadshifts") / "project"
    prepare(SOURCE, data, out)
    return out


@pytest.fixture(scope="module")
def project(made: Path) -> Project:
    return Project.open(made)


def test_the_articles_are_those_that_the_readers_card_holds_out(articles: ModuleType) -> None:
    card = " ".join(CARD.read_text(encoding="utf-8").split())
    held_out = card.split("Held-out: ", 1)[1].split(". The greetings", 1)[0]
    assert sorted(held_out.split(", ")) == sorted(articles.HELD_OUT)


def test_no_article_is_one_of_those_that_the_reader_was_trained_on(
    articles: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT / "recipes" / "reader")
    make_rows, squad = importlib.import_module("make_rows"), importlib.import_module("squad")
    parts = make_rows.split(squad.read_articles(shared_data.path("squadshifts") / "new_wiki_v1.0.json"), seed=0)
    extra = squad.read_articles(shared_data.path("xquad_en") / "xquad.en.json")
    for name in ("make_rows", "squad", "styles"):
        sys.modules.pop(name, None)
    read = {article.title for article in (*parts.train, *parts.dev, *extra)}
    assert len(read) == 32 + 4 + 48
    assert not read & set(articles.HELD_OUT)


def test_the_split_is_the_one_the_readme_counts(project: Project) -> None:
    division = project.exam.division
    sizes = {part: len(getattr(division, part)) for part in ("train", "dev", "seen", "new")}
    assert sizes == {"train": 140, "dev": 42, "seen": 0, "new": 180}
    assert division.groups(division.test) == 180
    assert not division.dropped


def test_every_test_paragraph_is_new(project: Project) -> None:
    division = project.exam.division
    studied = {example.documents for example in (*division.train, *division.dev)}
    assert not studied & {example.documents for example in division.test}
    assert not audit(train=division.train, held_out=(*division.dev, *division.test))


def test_every_reference_stands_in_its_paragraph(project: Project) -> None:
    for example in project.exam.examples:
        page = (project.root / "documents" / example.documents[0]).read_text(encoding="utf-8")
        assert all(reference in page for reference in example.references), example.id


def test_making_it_again_touches_no_document(made: Path) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in (made / "documents").iterdir()}
    assert len(before) == 362
    (made / "documents" / "of-an-older-version.md").write_text("gone")
    data = shared_data.path("squadshifts")
    prepare(SOURCE, data, made)
    assert {path.name: path.stat().st_mtime_ns for path in (made / "documents").iterdir()} == before


def test_no_raw_row_lies_in_the_repository() -> None:
    assert not [path.name for path in SOURCE.iterdir() if path.suffix in (".jsonl", ".json")]


@pytest.mark.parametrize(
    ("data", "said"), [(None, "README.md says where the data comes from"), ({"data": []}, "no article 'Doctor of")]
)
def test_missing_or_other_data_is_a_sentence(tmp_path: Path, data: Any, said: str) -> None:
    if data is not None:
        (tmp_path / "new_wiki_v1.0.json").write_text(json.dumps(data))
    ran = prepare(SOURCE, tmp_path, tmp_path / "out", check=False)
    assert ran.returncode == 2
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr


def test_the_wording_that_most_annotators_chose_is_trained_on(articles: ModuleType, tmp_path: Path) -> None:
    answers = [{"text": text, "answer_start": 0} for text in ("the old town", "old  town", "town", "town", "old town")]
    context = {"context": "In the  old town.", "qas": [{"id": "1", "question": "Where? ", "answers": answers}]}
    empty = {"context": "Nobody asks.", "qas": []}
    raw = [{"title": title.replace(" ", "_"), "paragraphs": [empty]} for title in articles.HELD_OUT]
    raw[0]["paragraphs"].append(context)
    path = tmp_path / "new_wiki_v1.0.json"
    path.write_text(json.dumps({"data": [*raw, {"title": "Latin", "paragraphs": [context]}]}))
    (found,) = articles.paragraphs(path)
    assert found.answers == ("town", "old town", "the old town")
    assert (found.name, found.question, found.questions) == ("doctor-of-medicine-01.md", "Where?", 1)
    assert found.markdown == "# Doctor of Medicine\n\nIn the old town.\n"
