"""What `evidence/bitext-support/prepare.py` makes of the public support replies."""

import gzip
import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import shared_data
from evidence_scripts import prepare, scripts
from openbook.compare.marking.metrics import metrics_of
from openbook.core.types import Answer, Score
from openbook.ingest.leaks import audit
from openbook.ingest.near import near_duplicates
from openbook.project import Project

SOURCE = Path(__file__).parents[2] / "evidence" / "bitext-support"


@pytest.fixture
def replies(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    with scripts(SOURCE, ["replies"], monkeypatch) as (module,):
        yield module


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = shared_data.path("bitext_support")
    out = tmp_path_factory.mktemp("bitext") / "project"
    prepare(SOURCE, data, out)
    return out


@pytest.fixture(scope="module")
def project(made: Path) -> Project:
    return Project.open(made)


def test_the_split_is_the_one_the_readme_counts(project: Project) -> None:
    division = project.exam.division
    sizes = {part: len(getattr(division, part)) for part in ("train", "dev", "seen", "new")}
    assert sizes == {"train": 189, "dev": 59, "seen": 0, "new": 164}
    assert division.groups(division.new) == 134
    assert not division.dropped


def test_at_most_200_rows_are_trained_on(project: Project) -> None:
    assert {plan.tune.rows for plan in project.plans() if plan.tunes} == {140}


def test_no_family_of_requests_stands_on_both_sides(project: Project) -> None:
    division = project.exam.division
    trained = {example.group for example in division.train}
    assert not trained & {example.group for example in (*division.dev, *division.test)}


def test_nothing_held_out_is_trained_on_almost_word_for_word(project: Project) -> None:
    division = project.exam.division
    assert not audit(train=division.train, held_out=(*division.dev, *division.test))


def test_no_reference_stands_on_a_page(project: Project) -> None:
    pages = [page.read_text(encoding="utf-8").split("\n\n", 1)[1] for page in (project.root / "documents").glob("*.md")]
    lists = [re.sub(r"\n\d\. ", " ", e.reference.split("\n", 1)[1]) for e in project.exam.examples]
    crossing = [pair for pair in near_duplicates([*pages, *lists]) if pair[0] < len(pages) <= pair[1]]
    assert len(pages) == 27
    assert not crossing


def test_references_are_whole_and_of_the_size_that_is_said(project: Project) -> None:
    for example in project.exam.examples:
        opening, *steps = example.reference.split("\n")
        assert opening.endswith(":")
        assert [int(step.split(".")[0]) for step in steps] == list(range(1, len(steps) + 1))
        assert 3 <= len(steps) <= 6
    lengths = [len(example.reference.split()) for example in project.exam.examples]
    assert (min(lengths), max(lengths)) == (42, 81)
    assert max(len(example.reference) for example in project.exam.examples) <= 440


def test_every_fact_stands_in_its_own_reference_and_the_references_are_in_style(project: Project) -> None:
    train = project.exam.division.train
    answers = [Answer(text=e.reference, hits=(), citations=(), finish="stop", abstained=False) for e in train]
    marks = {
        metric.name: [score.values[0] for score in metric.score(train, answers) if isinstance(score, Score)]
        for metric in metrics_of(project)
        if metric.name in ("style", "facts", "placeholders")
    }
    assert set(marks["facts"]) == set(marks["placeholders"]) == {1.0}
    assert sum(marks["style"]) / len(train) == pytest.approx(0.97, abs=0.005)


def test_bare_steps_are_not_in_style(project: Project) -> None:
    train = project.exam.division.train
    voiceless = [json.loads(line)["text"] for line in (project.root / "voiceless.jsonl").read_text().splitlines()]
    style = next(metric for metric in metrics_of(project) if metric.name == "style")
    answers = [Answer(text=text, hits=(), citations=(), finish="stop", abstained=False) for text in voiceless]
    marks = [score.values[0] for score in style.score(train[: len(answers)], answers) if isinstance(score, Score)]
    assert len(marks) == 135
    assert sum(marks) / len(marks) < 0.4


def test_making_it_again_touches_no_document(made: Path) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in (made / "documents").iterdir()}
    (made / "documents" / "of-an-older-version.md").write_text("gone")
    data = shared_data.path("bitext_support")
    prepare(SOURCE, data, made)
    assert {path.name: path.stat().st_mtime_ns for path in (made / "documents").iterdir()} == before


def test_missing_data_is_a_sentence(tmp_path: Path) -> None:
    ran = prepare(SOURCE, tmp_path, tmp_path / "out", check=False)
    assert ran.returncode == 2
    assert "README.md says where the data comes from" in ran.stderr


def test_another_edition_of_the_data_is_a_sentence(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "customer_support_2023-08-18.csv.gz", "wt", encoding="utf-8") as file:
        file.write("instruction,response\nhelp,no\n")
    ran = prepare(SOURCE, tmp_path, tmp_path / "out", check=False)
    assert ran.returncode == 2
    assert "no column 'intent'" in ran.stderr


def test_no_raw_row_lies_in_the_repository() -> None:
    assert not [path.name for path in SOURCE.iterdir() if path.suffix in (".jsonl", ".csv", ".gz")]


def test_what_follows_the_list_goes_and_the_rest_stays_whole(replies: ModuleType) -> None:
    whole = "I will help you:\n\n1. Log  in.\n2. Click on it.\n3. Save.\n\nCall us if it fails."
    assert replies.taken_apart(whole) == ("I will help you:", ("Log in.", "Click on it.", "Save."))
    assert replies.taken_apart("I am sorry. Which order is it?") is None


def test_requests_that_differ_in_lead_in_spelling_or_name_are_one_family(replies: ModuleType) -> None:
    intents = [f"i{number}" for number in range(8)]
    rows = [(intent, "please help me", "") for intent in intents]
    rows += [("cancel", text, "") for text in ["cancel the gold plan", "cancelling the gold plan"] * 5]
    rows += [("cancel", "please help me cancel the godl plna of Mr Jones", "Mr Jones")]
    told = replies.telling(rows)
    assert told[0] == frozenset()
    assert told[8] == told[9] == {"cance", "the", "gold", "plan"}
    assert told[-1] == told[8]


def test_a_required_word_is_used_by_most_here_and_by_few_elsewhere(replies: ModuleType) -> None:
    def reply(intent: str, *steps: str) -> object:
        return replies.Reply(row=0, intent=intent, family=intent, request="?", opening="I help:", steps=steps)

    others = {
        "refund": [reply("refund", "Navigate to the refund form."), reply("refund", "Navigate to refunds, refund.")],
        "order": [reply("order", "Navigate to the basket."), reply("order", "Navigate to a thing.")],
    }
    assert replies.required_words(others)["refund"] == ("refund",)


def test_a_broken_or_missing_placeholder_fails_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(SOURCE)
    spec = importlib.util.spec_from_file_location("bitext_checks", SOURCE / "checks.py")
    assert spec is not None
    assert spec.loader is not None
    checks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(checks)

    class Wanted:
        reference = "Visit our {{Website Name}}."

    class Bare:
        reference = "Visit our website."

    assert checks.placeholders(Wanted, "See {{Website}}.")
    assert not checks.placeholders(Wanted, "See our website.")
    assert not checks.placeholders(Bare, "See {{Website.")
    assert checks.placeholders(Bare, "See our website.")
