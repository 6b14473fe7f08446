"""What `evidence/clinc150/prepare.py` makes of the public requests and their intents."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import shared_data
from evidence_scripts import prepare, scripts
from openbook.compare.taste import taste
from openbook.core.types import Example
from openbook.ingest.leaks import audit
from openbook.ingest.near import words
from openbook.project import Project

SOURCE = Path(__file__).parents[2] / "evidence" / "clinc150"


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    with scripts(SOURCE, ["requests_taken"], monkeypatch) as (module,):
        yield module


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = shared_data.path("clinc150")
    out = tmp_path_factory.mktemp("clinc150") / "project"
    prepare(SOURCE, data, out)
    return out


@pytest.fixture(scope="module")
def project(made: Path) -> Project:
    return Project.open(made)


def test_the_split_is_the_one_the_readme_counts(project: Project) -> None:
    division = project.exam.division
    sizes = {part: len(getattr(division, part)) for part in ("train", "dev", "seen", "new")}
    assert sizes == {"train": 150, "dev": 40, "seen": 120, "new": 60}
    assert not division.dropped
    groups = {part: division.groups(getattr(division, part)) for part in ("seen", "new", "test")}
    assert groups == {"seen": 30, "new": 40, "test": 70}
    assert Counter(example.tags for example in division.test) == {
        ("trained",): 120,
        ("added later",): 30,
        ("out of scope",): 30,
    }


def test_an_intent_that_was_added_later_is_nowhere_trained_on(project: Project) -> None:
    division = project.exam.division
    later = {example.reference for example in division.new if example.answerable}
    assert len(later) == 10
    assert not later & {example.reference for example in (*division.train, *division.dev)}
    assert {example.reference for example in division.seen} <= {example.reference for example in division.train}


def test_nothing_held_out_is_trained_on_almost_word_for_word(project: Project) -> None:
    division = project.exam.division
    assert not audit(train=division.train, held_out=(*division.dev, *division.test))


def test_a_taste_has_nothing_to_warn_of(project: Project) -> None:
    assert not taste(project).warnings


def test_no_request_of_an_example_stands_on_its_intents_page(project: Project) -> None:
    examples = project.exam.examples
    assert not [example.id for example in examples if set(words(example.input)) in requests(project, example)]


def requests(project: Project, example: Example) -> list[set[str]]:
    """The words of the requests on the pages that an example names."""
    pages = [(project.root / "documents" / name).read_text(encoding="utf-8") for name in example.documents]
    return [set(words(line)) for page in pages for line in page.splitlines() if line.startswith("- ")]


def test_every_intent_has_a_page_with_as_many_requests_as_there_are_training_rows(project: Project) -> None:
    pages = list((project.root / "documents").glob("*.md"))
    rows = Counter(example.reference for example in project.exam.division.train if example.answerable)
    assert len(pages) == 40
    assert set(rows.values()) == {4}
    assert {page.read_text(encoding="utf-8").count("\n- ") for page in pages} == {4}


def test_every_arm_chooses_among_all_labels_and_none(project: Project) -> None:
    for plan in project.plans():
        choices = project.choices(plan)
        assert len(choices) == 41
        assert "out of scope" in choices


def test_every_label_fits_the_answer_length(project: Project) -> None:
    assert max(len(example.reference) for example in project.exam.examples) < 4 * project.config.generate.max_tokens


def test_missing_data_is_a_sentence(tmp_path: Path) -> None:
    ran = prepare(SOURCE, tmp_path, tmp_path / "out", check=False)
    assert ran.returncode == 2
    assert "README.md says where the data comes from" in ran.stderr


def test_another_edition_of_the_data_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "data_full.json").write_text(json.dumps({"train": []}))
    ran = prepare(SOURCE, tmp_path, tmp_path / "out", check=False)
    assert ran.returncode == 2
    assert "no part 'val'" in ran.stderr


def test_no_raw_row_lies_in_the_repository() -> None:
    assert not [path.name for path in SOURCE.iterdir() if path.suffix in (".jsonl", ".json", ".gz")]


def test_a_wording_of_what_was_taken_is_passed_over(taken: ModuleType) -> None:
    shelf = taken._Shelf(
        label="pay bill",
        waiting={
            "train": ["pay my bill now", "now pay my bill", "pay bill", "settle what i owe for power"],
            "test": ["please pay my bill now", "i want the water company paid"],
        },
    )
    assert shelf.draw("train", 2) == ["pay my bill now", "settle what i owe for power"]
    assert shelf.draw("test", 1) == ["i want the water company paid"]
    assert shelf.passed_over == 3


def test_too_few_different_requests_are_an_error(taken: ModuleType) -> None:
    shelf = taken._Shelf(label="yes", waiting={"train": ["yes please", "please yes"]})
    with pytest.raises(ValueError, match="only 1 of 2"):
        shelf.draw("train", 2)
