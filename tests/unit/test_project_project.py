"""A project as one object: nothing is opened before it is needed, and what is opened is shared."""

from pathlib import Path
from typing import Any

import pytest

from openbook.core.errors import ModelError, UsageError
from openbook.core.types import Answer, Example, Record, Request
from openbook.project import Project
from small_project import edit, example, fee, open_project

pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")


@pytest.fixture
def shops(tmp_path: Path) -> Project:
    project = open_project(tmp_path / "shops", updates=True)
    project.knowledge.ingest()
    return project


def ask(project: Project, arm: str, question: str, **options: Any) -> str:
    (record,) = [e for _, e in project.arm(arm, **options).stream([example("q", question)]) if isinstance(e, Record)]
    assert isinstance(record.result, Answer)
    return record.result.text


def test_a_project_without_a_name_is_called_as_its_folder(tmp_path: Path) -> None:
    project = open_project(tmp_path / "workshop")
    assert project.name == "Shops"
    assert edit(project.root, 'name = "Shops"', "").name == "workshop"


def test_every_arm_answers_in_its_own_way(shops: Project) -> None:
    for name in ("tuned", "hybrid"):
        shops.tune(name)
    question = "What does joining the anvil shop cost?"
    assert ask(shops, "base", question) == "Let me think about that."
    assert ask(shops, "rag", question) == "Joining the anvil shop costs £100 a year. [anvil]"
    trained = shops.exam.division.train[0]
    assert ask(shops, "tuned", trained.input) == trained.reference
    assert ask(shops, "hybrid", trained.input) == trained.reference


def test_an_arm_looks_up_in_the_version_it_is_given(shops: Project) -> None:
    shops.knowledge.ingest("updates")
    question = "What does joining the anvil shop cost?"
    assert "£200" in ask(shops, "rag", question, version="updates")
    assert "£100" in ask(shops, "rag", question)
    assert shops.arm("rag").fingerprint != shops.arm("rag", version="updates").fingerprint
    assert shops.arm("base").fingerprint == shops.arm("base", version="updates").fingerprint


def test_arms_with_one_model_share_it(shops: Project) -> None:
    assert shops.arm("base").generator is shops.arm("rag").generator


def test_worked_examples_are_training_rows(shops: Project) -> None:
    inputs = {row.input for row in shops.exam.division.train}
    shown = shops.template(shops.plan("prompted")).shots
    assert len(shown) == 2
    assert {shot.input for shot in shown} <= inputs
    assert shops.template(shops.plan("rag")).shots == shown


def test_an_arm_is_refused_while_the_index_is_behind(shops: Project) -> None:
    (shops.root / "pages" / "drill.md").unlink()
    again = Project.open(shops.root)
    with pytest.raises(UsageError, match="openbook ingest"):
        again.arm("rag")
    assert again.arm("base")


def test_an_arm_that_is_not_applicable_is_refused_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'base' is not applicable: quote answers from passages"):
        open_project(tmp_path / "quoting", model="quote").arm("base")


def test_a_model_that_is_not_here_names_the_command_that_fetches_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENBOOK_HOME", str(tmp_path / "home"))
    with pytest.raises(ModelError, match="openbook models get smollm2"):
        open_project(tmp_path / "shops", model="smollm2").arm("base")


def test_two_arms_of_one_kind_with_other_settings_are_other_arms(shops: Project) -> None:
    again = edit(shops.root, "[probes]", '[arms.wide]\nkind = "rag"\nretrieve = {passages = 3}\n\n[probes]')
    assert again.arm("wide").fingerprint != again.arm("rag").fingerprint
    assert again.arm("wide").retrieval is not None


def test_a_tuned_arm_s_fingerprint_carries_its_adapter(shops: Project) -> None:
    shops.tune("tuned", seed=0)
    shops.tune("tuned", seed=1)
    assert shops.arm("tuned", seed=0).fingerprint != shops.arm("tuned", seed=1).fingerprint


def test_closing_lets_go_and_the_project_can_be_used_again(shops: Project) -> None:
    first = shops.arm("rag").generator
    shops.close()
    assert shops.arm("rag").generator is not first
    assert "£100" in ask(shops, "rag", "What does joining the anvil shop cost?")


def test_perfect_retrieval_goes_by_the_label_and_so_do_its_fingerprints(shops: Project) -> None:
    edited = edit(shops.root, "[probes]", '[retrieve]\npassages = 3\n\n[arms.oracle]\nkind = "rag-oracle"\n\n[probes]')
    edited.knowledge.ingest()
    asked = Example(id="far", input="Lathe and jig?", references=("",), documents=("anvil.md",), facts=((fee(0),),))
    found = {name: edited.arm(name).requests([asked])[0][0] for name in ("oracle", "rag")}
    assert all(isinstance(request, Request) for request in found.values())
    labels = {name: [hit.chunk.document for hit in request.hits] for name, request in found.items()}  # type: ignore[union-attr]
    assert labels["oracle"] == ["anvil.md"]
    assert len(labels["rag"]) == 3

    before = {name: edited.arm(name).fingerprint for name in ("oracle", "rag")}
    file = shops.root / "examples.jsonl"
    file.write_text(file.read_text().replace(f'[["{fee(0)}"]]', f'[["{fee(0)}", "a hundred pounds"]]'))
    after = Project.open(shops.root)
    assert after.arm("oracle").fingerprint != before["oracle"]
    assert after.arm("rag").fingerprint == before["rag"]
