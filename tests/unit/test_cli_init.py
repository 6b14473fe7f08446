"""`openbook init`: a project that works at once, from the shipped example or from what people have."""

import csv
import json
from pathlib import Path

import pytest

from openbook import config as settings
from openbook.cli import main
from openbook.ingest.examples import load
from openbook.project import Project

PAGES = {
    "returns.md": "# Returns\n\n## Window\nUnworn shoes can be returned within 27 days of delivery.\n",
    "shipping.md": "# Shipping\n\n## Cost\nStandard shipping to islands costs 11 pounds and takes six working days.\n",
    "dogs.md": "# Dogs in the shop\n\n## Leash\nDogs are welcome in the shop when they are kept on a leash.\n",
}
ROWS = [
    ("How long can I return unworn shoes?", "You can return unworn shoes within 27 days of delivery."),
    ("What is shipping to the islands?", "Shipping to islands costs 11 pounds."),
    ("May my dog come into the shop?", "Dogs are welcome when kept on a leash."),
    ("Is the leash for dogs needed in the shop?", "Yes, dogs are kept on a leash."),
]


@pytest.fixture
def handbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "handbook"
    folder.mkdir()
    for name, text in PAGES.items():
        (folder / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENBOOK_HOME", str(tmp_path / "home"))
    return folder


def table(path: Path, header: tuple[str, ...], rows: list[tuple[str, ...]]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def test_the_starter_is_a_whole_project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["init", str(tmp_path / "shop")]) == 0
    said = capsys.readouterr().out
    assert "openbook compare" in said
    project = Project.open(tmp_path / "shop")
    assert len(project.exam.examples) >= 48
    assert len(project.knowledge.files()) >= 10
    assert {example.change for example in project.exam.updates} == {"edit", "add", "delete"}
    division = project.exam.division
    assert division.train
    assert division.dev
    assert division.seen
    assert division.new


def test_the_starter_changes_a_few_pages_and_no_more(tmp_path: Path) -> None:
    main.run(["init", str(tmp_path)])
    old, new = tmp_path / "documents", tmp_path / "v2"
    assert sorted(path.name for path in old.iterdir()) == sorted(path.name for path in new.iterdir())
    changed = [path.name for path in old.iterdir() if path.read_text() != (new / path.name).read_text()]
    assert sorted(changed) == ["borrowing.md", "donations.md", "joining.md", "workshop.md"]


def test_the_starters_answers_stand_on_the_pages_they_name(tmp_path: Path) -> None:
    from openbook.score.wording import matches

    main.run(["init", str(tmp_path)])
    project = Project.open(tmp_path)
    for folder, examples in (("documents", project.exam.examples), ("v2", project.exam.updates)):
        for example in examples:
            page = "".join((tmp_path / folder / name).read_text() for name in example.documents)
            for wordings in example.facts:
                assert any(matches(wording, example.reference) for wording in wordings), example.id
                assert any(matches(wording, page) for wording in wordings), example.id
            assert not any(matches(wording, example.reference) for wording in example.stale), example.id


def test_the_starters_references_keep_its_own_style(tmp_path: Path) -> None:
    import re

    main.run(["init", str(tmp_path)])
    project = Project.open(tmp_path)
    pattern = project.config.compare.kpis[0].pattern
    for example in (*project.exam.examples, *project.exam.updates):
        assert re.fullmatch(pattern, example.reference), example.id
        assert example.answerable != (project.config.prompt.abstain in example.reference), example.id


def test_a_project_is_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "openbook.toml").write_text("# mine")
    assert main.run(["init", str(tmp_path)]) == 2
    assert "was left as it is" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["openbook.toml"]
    assert (tmp_path / "openbook.toml").read_text() == "# mine"


def test_a_file_of_the_same_name_stops_the_starter_before_it_writes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "examples.jsonl").write_text("mine")
    assert main.run(["init", str(tmp_path)]) == 2
    assert "nothing is overwritten" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["examples.jsonl"]


def test_columns_are_guessed_and_shown_with_reasons(handbook: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table(handbook.parent / "faq.csv", ("Customer question", "Our answer"), ROWS)
    assert main.run(["init", "bot", "--documents", "handbook", "--examples", "faq.csv"]) == 0
    said = capsys.readouterr().out
    assert "'Customer question'" in said
    assert "are questions" in said
    assert "cd bot" in said


def test_documents_are_proposed_where_none_is_named(handbook: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table(handbook.parent / "faq.csv", ("question", "answer"), ROWS)
    main.run(["init", "bot", "--documents", "handbook", "--examples", "faq.csv"])
    examples = Project.open(Path("bot")).exam.examples
    assert [example.documents for example in examples] == [
        ("returns.md",),
        ("shipping.md",),
        ("dogs.md",),
        ("dogs.md",),
    ]
    assert all("documents-proposed" in example.tags for example in examples)
    assert "look whether it is right" in capsys.readouterr().out


def test_documents_that_are_named_are_kept(handbook: Path) -> None:
    rows = [(question, answer, "handbook/dogs.md") for question, answer in ROWS]
    table(handbook.parent / "faq.csv", ("question", "answer", "page"), rows)
    main.run(["init", "bot", "--documents", "handbook", "--examples", "faq.csv"])
    examples = Project.open(Path("bot")).exam.examples
    assert {example.documents for example in examples} == {("dogs.md",)}
    assert not any(example.tags for example in examples)


def test_the_users_file_is_not_touched(handbook: Path) -> None:
    faq = table(handbook.parent / "faq.csv", ("question", "answer"), ROWS)
    before = (faq.read_bytes(), faq.stat().st_mtime_ns)
    main.run(["init", "--documents", "handbook", "--examples", "faq.csv"])
    assert (faq.read_bytes(), faq.stat().st_mtime_ns) == before
    assert Path("examples.jsonl").exists()


def test_a_file_named_like_our_copy_stays_the_users(handbook: Path) -> None:
    own = "\n".join(json.dumps({"input": question, "reference": answer}) for question, answer in ROWS)
    Path("examples.jsonl").write_text(own)
    assert main.run(["init", "--documents", "handbook", "--examples", "examples.jsonl"]) == 0
    assert Path("examples.jsonl").read_text() == own
    assert settings.load(Path("openbook.toml")).examples.source == "examples-checked.jsonl"


def test_lines_with_problems_are_printed_and_left_out(handbook: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table(handbook.parent / "faq.csv", ("question", "answer"), [*ROWS, ("And what of cats in the shop?", "")])
    assert main.run(["init", "bot", "--documents", "handbook", "--examples", "faq.csv"]) == 0
    assert "faq.csv:6: The key 'reference' is missing or empty." in capsys.readouterr().out
    assert len(Project.open(Path("bot")).exam.examples) == len(ROWS)


def test_the_copy_loads_as_the_same_examples(handbook: Path) -> None:
    full = {
        "id": "a",
        "input": "How long?",
        "references": ["27 days.", "Twenty-seven days."],
        "documents": ["returns.md"],
        "facts": [["27 days", "twenty-seven days"], ["delivery"]],
        "stale": ["30 days"],
        "fact": "returns/window",
        "group": "returns",
        "tags": ["typo"],
        "context": "A mail.",
        "split": "train",
        "change": "edit",
    }
    bare = {"id": "b", "input": "Cats?", "reference": "I don't know.", "answerable": False}
    Path("own.jsonl").write_text(f"{json.dumps(full)}\n{json.dumps(bare)}\n")
    assert main.run(["init", "bot", "--documents", "handbook", "--examples", "own.jsonl"]) == 0
    assert load(Path("bot/examples.jsonl")) == load(Path("own.jsonl"))


def test_a_column_that_cannot_be_told_is_asked_for(handbook: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table(handbook.parent / "faq.csv", ("a", "b"), [("1", "2"), ("3", "4")])
    assert main.run(["init", "bot", "--documents", "handbook", "--examples", "faq.csv"]) == 2
    assert "--field input=COLUMN" in capsys.readouterr().err
    assert not Path("bot/openbook.toml").exists()


def test_a_column_that_is_given_is_not_guessed(handbook: Path) -> None:
    table(handbook.parent / "faq.csv", ("question", "x", "answer"), [(q, "What is x?", a) for q, a in ROWS])
    call = ["init", "bot", "--documents", "handbook", "--examples", "faq.csv", "--field", "input=x"]
    assert main.run(call) == 0
    assert {example.input for example in Project.open(Path("bot")).exam.examples} == {"What is x?"}


def test_documents_alone_make_a_project_to_ask(handbook: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (handbook / "scan.pdf").write_bytes(b"%PDF")
    assert main.run(["init", "bot", "--documents", "handbook"]) == 0
    said = capsys.readouterr().out
    assert "3 documents" in said
    assert "left out: 1 .pdf" in said
    assert "openbook ask" in said
    assert len(Project.open(Path("bot")).knowledge.files()) == 3


def test_a_single_document_will_do(handbook: Path) -> None:
    assert main.run(["init", "bot", "--documents", "handbook/dogs.md"]) == 0
    assert [file.name for file in Project.open(Path("bot")).knowledge.files()] == ["dogs.md"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--examples", "faq.csv"], "--documents DIR"),
        (["--documents", "empty"], "Nothing readable"),
        (["--documents", "handbook", "--examples", "faq.csv", "--field", "question"], "NAME=COLUMN"),
        (["--documents", "handbook", "--examples", "faq.csv", "--field", "inptu=question"], "Did you mean 'input'?"),
        (["--documents", "handbook", "--examples", "broken.jsonl"], "broken.jsonl:1:"),
        (["--documents", "nowhere"], "does not exist"),
    ],
)
def test_a_wrong_start_is_a_sentence_and_writes_nothing(
    handbook: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    table(handbook.parent / "faq.csv", ("question", "answer"), ROWS)
    (handbook.parent / "empty").mkdir()
    Path("broken.jsonl").write_text("{not json\n")
    assert main.run(["init", "bot", *arguments]) == 2
    assert says in capsys.readouterr().err
    assert not Path("bot").exists()
