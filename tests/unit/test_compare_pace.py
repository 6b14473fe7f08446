"""What a machine did so far replaces what constants expect of it: by model and kind, and only where it was this machine."""

import json
from pathlib import Path
from typing import Any

import pytest

from openbook.compare.planning.expected import FP32, READER_TOKENS, answer_tokens, training_seconds
from openbook.compare.planning.pace import ENOUGH_ANSWERS, Pace, measure
from openbook.compare.planning.plan import estimate
from openbook.compare.seats import taking_part
from openbook.core.ids import digest
from openbook.project import Project
from openbook.project.sizes import capped
from small_project import edit, lines, open_project

HERE = {"cpu": "A fine one", "cores": 2, "accelerator": "cpu", "bf16": False}
MODEL = "hf:/nowhere"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose machine is known."""
    machine = type("Machine", (), HERE)
    monkeypatch.setenv("OPENBOOK_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("openbook.models.machine", lambda: machine)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "machine.json").write_text("{}")
    made = open_project(tmp_path / "shops", model=MODEL)
    made.workspace.folder.mkdir()
    return made


def ran(project: Project, kind: str, seconds: float, *, machine: Any = HERE, passages: int = 2, n: int = 20) -> None:
    """A run of an earlier day, so many seconds an answer."""
    folder = project.workspace.run(f"{kind}-{len(list(project.workspace.folder.glob('runs/*')))}")
    folder.mkdir(parents=True)
    settings = {"max_tokens": 96, "retrieval": {"passages": passages} if kind in ("rag", "hybrid") else None}
    run = {"arm": kind, "kind": kind, "model": MODEL, "settings": settings, "machines": [machine]}
    (folder / "run.json").write_text(json.dumps(run))
    taken = {"first_token": 9.0, "generate": seconds * 0.9, "retrieve": seconds * 0.1}
    lines(folder / "records.jsonl", [{"key": str(number), "answer": {"seconds": taken}} for number in range(n)])


def trained(project: Project, tokens: int, seconds: float, **manifest: Any) -> None:
    folder = project.workspace.adapter(digest([tokens, seconds, manifest]))
    folder.mkdir(parents=True)
    row = {"base_name": MODEL, "method": "lora", "tokens": tokens, "seconds": seconds, "cpu": HERE["cpu"], **manifest}
    (folder / "manifest.json").write_text(json.dumps(row))


def pace(project: Project) -> Pace:
    return measure(project, taking_part(project))


def answering(project: Project, kind: str, asked: int = 1) -> float:
    return pace(project).answer(project, project.plan(kind), asked)


def test_what_an_answer_took_is_what_it_is_expected_to_take(project: Project) -> None:
    ran(project, "rag", 3.0)
    assert answering(project, "rag", 10) == pytest.approx(30)


def test_it_scales_with_the_sizes_as_the_constants_do(project: Project) -> None:
    constants = {passages: answering(_passages(project, passages), "rag") for passages in (2, 6)}
    ran(project, "rag", 3.0)
    assert answering(_passages(project, 6), "rag") == pytest.approx(3.0 * constants[6] / constants[2])


def _passages(project: Project, count: int) -> Project:
    settings = project.config.retrieve.model_copy(update={"passages": count})
    return project.resized(project.config.model_copy(update={"retrieve": settings}))


def test_a_kind_that_was_not_asked_goes_by_the_others_of_its_model(project: Project) -> None:
    before = {kind: answering(project, kind) for kind in ("base", "rag")}
    ran(project, "base", 2 * before["base"])
    assert answering(project, "rag") == pytest.approx(2 * before["rag"])


def test_another_machine_few_answers_and_old_runs_say_nothing(project: Project) -> None:
    before = answering(project, "base")
    ran(project, "base", 50.0, machine={**HERE, "cores": 64})
    ran(project, "base", 50.0, n=ENOUGH_ANSWERS - 1)
    assert answering(project, "base") == before
    assert pace(project).measured == ""


def test_training_goes_by_the_tokens_a_second_of_earlier_adapters(project: Project) -> None:
    plan = project.plan("tuned")
    expected = training_seconds(project, plan, 20, FP32)
    trained(project, 10_000, 10_000 / FP32.train * 3)
    trained(project, 10_000, 1.0, cpu="Another one")
    trained(project, 10_000, 1.0, base_name="smollm2")
    trained(project, 10_000, 1.0, method="full")
    assert pace(project).train(project, plan, 20) == pytest.approx(3 * expected)


def test_the_plan_says_what_it_is_based_on(project: Project) -> None:
    assert "measured here" not in estimate(project).basis
    ran(project, "base", 1.0)
    trained(project, 1000, 10.0)
    assert estimate(project).basis.endswith("; answering and training as measured here so far")


def test_a_real_run_is_measured_by_the_next_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from openbook import models
    from openbook.compare.comparison import compare

    monkeypatch.setenv("OPENBOOK_HOME", str(tmp_path / "home"))
    models.machine()
    if not (tmp_path / "home" / "machine.json").exists():
        pytest.skip("without torch nothing is remembered of a machine")
    scripted = open_project(tmp_path / "shops")
    before = answering(scripted, "rag")
    compare(scripted)
    assert 0 < answering(scripted, "rag") < before


def test_the_reader_answers_in_a_few_words_and_a_taught_arm_like_the_references(tmp_path: Path) -> None:
    reader = open_project(tmp_path / "reader", model="smollm2-reader")
    assert answer_tokens(reader, reader.plan("base")) == READER_TOKENS
    assert answer_tokens(reader, reader.plan("tuned")) == answer_tokens(reader, reader.plan("prompted")) < 10
    other = edit(reader.root, '"smollm2-reader"', '"smollm2"')
    assert answer_tokens(other, other.plan("base")) == 0.7 * 96
    short = other.resized(capped(other.config, {"generate.max_tokens": 3}))
    assert answer_tokens(short, short.plan("tuned")) == 3
