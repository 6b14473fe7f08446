"""What an adapter is made from, under which fingerprint, and that it is trained once."""

from pathlib import Path
from typing import Any

import pytest

from openbook.config import Tune
from openbook.core.errors import UsageError
from openbook.project import Project
from openbook.project.adapters import DEV_ROWS, hidden_documents, studied, watched
from small_project import edit, lines, open_project, questions

pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")


@pytest.fixture
def shops(tmp_path: Path) -> Project:
    project = open_project(tmp_path / "shops")
    project.knowledge.ingest()
    return project


def fingerprints(project: Project, *, seed: int = 0) -> dict[str, str]:
    return {name: project.study(name, seed=seed).fingerprint for name in ("tuned", "hybrid")}


@pytest.mark.parametrize(
    "setting",
    ["rank = 4", "alpha = 3", "rate = 0.1", "epochs = 2", "batch = 2", "warmup = 0.2", "rows = 9", "max_tokens = 99"],
)
def test_every_hyperparameter_changes_both_adapters(shops: Project, setting: str) -> None:
    before = fingerprints(shops)
    after = fingerprints(edit(shops.root, "epochs = 1", setting))
    assert after["tuned"] != before["tuned"]
    assert after["hybrid"] != before["hybrid"]


@pytest.mark.parametrize("setting", ["oracle = 0.5", "distractors = 0"])
def test_what_decides_on_passages_changes_the_hybrid_adapter_alone(shops: Project, setting: str) -> None:
    before = fingerprints(shops)
    after = fingerprints(edit(shops.root, "epochs = 1", f"epochs = 1\n{setting}"))
    assert after["tuned"] == before["tuned"]
    assert after["hybrid"] != before["hybrid"]


@pytest.mark.parametrize("section", ["[retrieve]\npassages = 3", "[retrieve]\nmode = 'dense'"])
def test_how_passages_are_found_changes_the_hybrid_adapter_alone(shops: Project, section: str) -> None:
    before = fingerprints(shops)
    after = fingerprints(edit(shops.root, "[probes]", f"{section}\n\n[probes]"))
    assert after["tuned"] == before["tuned"]
    assert after["hybrid"] != before["hybrid"]


def test_an_edited_page_changes_the_hybrid_adapter_alone(shops: Project) -> None:
    before = fingerprints(shops)
    page = shops.root / "pages" / "anvil.md"
    page.write_text(page.read_text() + "\nClosed on Mondays.\n")
    again = Project.open(shops.root)
    again.knowledge.ingest()
    assert fingerprints(again)["tuned"] == before["tuned"]
    assert fingerprints(again)["hybrid"] != before["hybrid"]


@pytest.mark.parametrize(
    "section",
    ["[generate]\nmax_tokens = 7", "[cost]\nusd_per_hour = 3", "[compare]\nmargin = 0.2", "[prompt]\nshots = 9"],
)
def test_what_changes_no_row_leaves_the_adapters_as_they_are(shops: Project, section: str) -> None:
    before = fingerprints(shops)
    file = shops.root / "openbook.toml"
    text = file.read_text()
    key = section.split("]\n")[1]
    text = text.replace("[prompt]", f"[prompt]\n{key}") if "[prompt]" in section else f"{text}\n{section}\n"
    file.write_text(text)
    assert fingerprints(Project.open(shops.root)) == before


def test_other_instructions_and_another_seed_make_other_adapters(shops: Project) -> None:
    before = fingerprints(shops)
    assert set(fingerprints(shops, seed=1).values()).isdisjoint(before.values())
    assert set(fingerprints(edit(shops.root, "Answer from", "Reply from")).values()).isdisjoint(before.values())


def test_a_reworded_reference_makes_another_adapter(shops: Project) -> None:
    before = fingerprints(shops)
    trained = shops.exam.division.train[0]
    file = shops.root / "examples.jsonl"
    file.write_text(file.read_text().replace(trained.reference, trained.reference + " Indeed."))
    assert set(fingerprints(Project.open(shops.root)).values()).isdisjoint(before.values())


def test_more_rows_keep_the_ones_before(shops: Project) -> None:
    division = shops.exam.division
    few = {row.id for row in studied(division, Tune(rows=5), seed=0)}
    more = {row.id for row in studied(division, Tune(rows=9), seed=0)}
    assert few < more
    assert (len(few), len(more)) == (5, 9)
    assert studied(division, Tune(rows=0), seed=0) == studied(division, Tune(rows=999), seed=0) == division.train


def test_a_few_rows_teach_first_what_a_seen_question_asks_for(shops: Project) -> None:
    division = shops.exam.division
    asked = {example.fact for example in division.seen if example.fact}
    assert len(division.train) > len(asked) > 1

    few = studied(division, Tune(rows=len(asked)), seed=0)

    assert {row.fact for row in few} == asked


def test_rows_keep_the_order_of_the_file(shops: Project) -> None:
    ids = [row.id for row in shops.exam.division.train]
    chosen = [row.id for row in studied(shops.exam.division, Tune(rows=7), seed=0)]
    assert chosen == sorted(chosen, key=ids.index)


def test_few_dev_rows_are_watched(shops: Project) -> None:
    assert 0 < len(watched(shops.exam.division)) <= DEV_ROWS
    assert set(watched(shops.exam.division)) <= set(shops.exam.division.dev)


def test_documents_of_new_and_dev_questions_are_hidden_from_training(shops: Project) -> None:
    division = shops.exam.division
    hidden = hidden_documents(division, [*division.new, *division.dev])
    trained = {name for row in division.train for name in row.documents}
    assert set(hidden) == {name for row in (*division.new, *division.dev) for name in row.documents}
    assert not set(hidden) & trained
    assert shops.study("hybrid").hidden == hidden


def test_no_training_row_holds_a_page_of_a_new_question(shops: Project) -> None:
    study = shops.study("hybrid")
    rows, _ = study.rows(shops.retriever(study.plan))
    assert rows
    text = "\n".join(row.messages[-1].content for row in rows)
    for name in study.hidden:
        assert f"[{name.removesuffix('.md')}]" not in text


def test_a_trained_adapter_is_found_and_not_trained_again(shops: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shops.adapter("hybrid") is None
    made = shops.tune("hybrid")
    assert shops.adapter("hybrid") == made

    def train(*_: Any, **__: Any) -> None:
        raise AssertionError("trained twice")

    monkeypatch.setattr("openbook.tune.memorise.MemoriseTrainer.train", train)
    assert Project.open(shops.root).tune("hybrid") == made


def test_an_arm_without_an_adapter_cannot_be_tuned(shops: Project) -> None:
    with pytest.raises(UsageError, match="'rag' is of kind 'rag', which trains nothing"):
        shops.tune("rag")


def test_an_arm_that_a_model_cannot_have_is_not_tuned(tmp_path: Path) -> None:
    project = open_project(tmp_path / "quoting", model="quote")
    with pytest.raises(UsageError, match="not applicable: quote cannot be tuned here"):
        project.tune("tuned")


def test_without_training_rows_nothing_is_tuned(tmp_path: Path) -> None:
    project = open_project(tmp_path / "held")
    rows = [{**row, "split": "test"} for row in questions("anvil", 0)]
    lines(project.root / "examples.jsonl", rows)
    with pytest.raises(UsageError, match="no training examples"):
        Project.open(project.root).tune("tuned")


def test_an_arm_without_its_adapter_says_how_to_train_it(shops: Project) -> None:
    with pytest.raises(UsageError, match="openbook tune tuned"):
        shops.arm("tuned")
