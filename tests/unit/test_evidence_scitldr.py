"""The fifth real project: what `evidence/scitldr/prepare.py` makes of SciTLDR's abstracts."""

import gzip
import importlib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import shared_data
from evidence_scripts import prepare, scripts
from openbook.ingest.leaks import audit
from openbook.project import Project

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "evidence" / "scitldr"


@pytest.fixture
def papers(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    with scripts(SOURCE, ["papers"], monkeypatch) as (module,):
        yield module


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = shared_data.path("scitldr_a")
    out = tmp_path_factory.mktemp("scitldr") / "project"
    prepare(SOURCE, data, out)
    return out


@pytest.fixture(scope="module")
def project(made: Path) -> Project:
    return Project.open(made)


def test_the_split_is_the_one_the_readme_counts(project: Project) -> None:
    division = project.exam.division
    sizes = {part: len(getattr(division, part)) for part in ("train", "dev", "seen", "new")}
    assert sizes == {"train": 100, "dev": 40, "seen": 0, "new": 150}
    assert division.groups(division.test) == 150
    assert not division.dropped
    assert not audit(train=division.train, held_out=(*division.dev, *division.test))


def test_no_papers_own_summary_can_be_looked_up(made: Path, project: Project) -> None:
    shelf = {path.read_text(encoding="utf-8").split("\n\n", 1)[1].strip() for path in (made / "documents").iterdir()}
    assert len(list((made / "documents").iterdir())) == 1835
    assert not [one.id for one in project.exam.examples if shelf & set(one.references)]


def test_every_example_carries_its_abstract_whole(project: Project) -> None:
    for example in project.exam.examples:
        assert example.context
        assert len(example.context.split()) <= 200
        assert not example.documents


def test_making_it_again_touches_no_document(made: Path) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in (made / "documents").iterdir()}
    (made / "documents" / "of-an-older-version.md").write_text("gone")
    data = shared_data.path("scitldr_a")
    prepare(SOURCE, data, made)
    assert {path.name: path.stat().st_mtime_ns for path in (made / "documents").iterdir()} == before


def test_no_raw_row_lies_in_the_repository() -> None:
    assert not [path.name for path in SOURCE.iterdir() if path.suffix in (".jsonl", ".json", ".gz")]


def row(number: int, **more: Any) -> dict[str, Any]:
    made = {"paper_id": f"p{number}", "title": f"Title {number}", "source": [f"Abstract {number}.", "It\n is."]}
    return {**made, "target": [f"Summary {number}.", f"Summary  {number}."], **more}


def write(folder: Path, train: Sequence[dict[str, Any]], test: Sequence[dict[str, Any]]) -> Path:
    lines = "".join(json.dumps(one) + "\n" for one in train)
    (folder / "train.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    (folder / "test.jsonl").write_text("".join(json.dumps(one) + "\n" for one in test))
    return folder


@pytest.fixture
def small(papers: ModuleType, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    for name in ("TRAIN", "DEV", "TEST"):
        monkeypatch.setattr(papers, name, 1)
    return papers


def test_no_paper_is_in_two_parts(small: ModuleType, tmp_path: Path) -> None:
    train = [row(number) for number in range(4)]
    again = [row(5, title="title 9"), row(6, title="TITLE 2")]
    read = small.read(write(tmp_path, [*train, *again], [row(9), row(8)]))
    kept = [paper.id for paper in (*read.train, *read.dev, *read.shelf)]
    assert len(kept) == len(set(kept)) == 4
    assert read.twice == 2
    assert "p5" not in kept
    (tested,) = read.test
    assert tested.summaries == (f"Summary {tested.id[1:]}.",)
    assert tested.abstract == f"Abstract {tested.id[1:]}. It is."


def test_a_long_abstract_is_left_out_of_the_examples_and_not_cut(small: ModuleType, tmp_path: Path) -> None:
    long = [row(number, source=[f"Word{number} " * 201]) for number in range(3)]
    read = small.read(write(tmp_path, [*long, row(7), row(8)], [row(9), row(10, source=["Long " * 201])]))
    assert {paper.id for paper in (*read.train, *read.dev)} == {"p7", "p8"}
    assert {paper.id for paper in read.shelf} == {"p0", "p1", "p2"}
    assert read.too_long == 4


def test_too_little_data_is_refused(small: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="1 and 1 papers with a short abstract are too few"):
        small.read(write(tmp_path, [row(1)], [row(2)]))


@pytest.mark.parametrize(
    ("rows", "said"),
    [(None, "README.md says where the data comes from"), ([{"title": "x"}], "is not what README.md names: 'paper_id'")],
)
def test_missing_or_other_data_is_a_sentence(tmp_path: Path, rows: list[dict[str, Any]] | None, said: str) -> None:
    if rows is not None:
        write(tmp_path, rows, rows)
    ran = prepare(SOURCE, tmp_path, tmp_path / "out", check=False)
    assert ran.returncode == 2
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr


def test_the_data_folder_may_say_which_part_of_the_data_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT / "tools")
    evidence = importlib.import_module("evidence")
    sys.modules.pop("evidence")
    monkeypatch.setenv("OPENBOOK_SHARED_DATA", str(tmp_path))
    (tmp_path / "scitldr_a").mkdir()
    assert evidence.data_for("scitldr") == tmp_path / "scitldr_a"
    (tmp_path / "scitldr_full").mkdir()
    assert evidence.data_for("scitldr") == tmp_path / "scitldr"
