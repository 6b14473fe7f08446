"""A classification in which every arm has to answer with a label, in a project with a real tiny model and one without."""

import json
from pathlib import Path
from typing import Any

import pytest

import tiny_models
from openbook.compare.comparison import compare
from openbook.compare.marking.chosen import choices_notes
from openbook.compare.outcome import conclude
from openbook.core.errors import ConfigError
from openbook.core.types import Message, Request
from openbook.project import Project
from openbook.project.choices import choices_of
from openbook.project.plans import plan
from openbook.score.labels import spellings
from small_project import example, lines, write

SETTINGS = """\
[project]
task = "classify"
[documents]
sources = ["pages/*.md"]
[model]
name = "{model}"
device = "cpu"
dtype = "float32"
[embedder]
name = "hashing"
[store]
name = "memory"
[compare]
arms = {arms}
[probes]
latency = 1
forgetting = false
{more}
"""
LABELS = ("card_arrival", "card_arrival_time", "refund")


def project(folder: Path, *, model: str, arms: tuple[str, ...] = ("base", "prompted"), more: str = "") -> Project:
    write(folder, shops=("anvil",))
    rows = [
        {"id": f"q{n}", "input": f"Question {n} about {LABELS[n % 3]}, said {n * 7} times?", "reference": LABELS[n % 3]}
        for n in range(24)
    ]
    lines(folder / "examples.jsonl", rows)
    settings = SETTINGS.format(model=model, arms=json.dumps(arms), more=more)
    (folder / "openbook.toml").write_text(settings, encoding="utf-8")
    return Project.open(folder)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    pytest.importorskip("torch", reason="the extra 'local' is not installed")
    return f"hf:{tiny_models.llama(tmp_path_factory.mktemp('tiny'), context=1024)}"


def report(made: Project) -> dict[str, Any]:
    return dict(conclude(made, compare(made)).report)


def test_every_arm_of_a_local_model_answers_with_a_label(tiny: str, tmp_path: Path) -> None:
    found = report(project(tmp_path / "p", model=tiny))
    for row in found["answers"]:
        assert {arm["text"] for arm in row["arms"].values()} <= set(LABELS)
    for name in ("base", "prompted"):
        asked = found["arms"][name]["asked"]
        assert found["arms"][name]["choices"] == {"labels": 3, "by": "likelihood", "off": 0, "answers": asked}
        assert found["arms"][name]["settings"]["choices"] == list(LABELS)
    assert choices_notes(found) == ["base, prompted: each answer is the likeliest of the 3 labels, found exactly."]


def test_free_text_stays_possible_and_is_another_run(tiny: str, tmp_path: Path) -> None:
    more = '[generate]\nchoices = "free"\nmax_tokens = 4\n'
    made = project(tmp_path / "p", model=tiny, more=more)
    held = Project.open(project(tmp_path / "q", model=tiny).root)
    assert made.arm("base").sampling.choices == ()
    assert "choices" not in made.arm("base").settings
    assert made.arm("base").fingerprint != held.arm("base").fingerprint
    assert report(made)["arms"]["base"]["choices"] is None


def test_a_back_end_that_takes_no_labels_answers_freely_and_the_report_says_so(tmp_path: Path) -> None:
    made = project(tmp_path / "p", model="scripted:script.jsonl")
    lines(tmp_path / "p/script.jsonl", [{"when": "refund", "say": "Refund."}, {"default": "Hm, let me think."}])
    assert "choices" not in made.arm("base").settings
    found = report(made)
    row = found["arms"]["base"]["choices"]
    refunds = sum("refund" in answer["input"] for answer in found["answers"])
    assert row == {
        "labels": 3,
        "by": "free",
        "off": row["answers"] - refunds,
        "answers": found["arms"]["base"]["asked"],
    }
    assert f"base: answers freely, since its back end takes no labels; {row['off']} of" in choices_notes(found)[0]


def test_labels_are_written_as_the_references_write_them_most_often() -> None:
    written = ["Card arrival", "card_arrival", "card_arrival", " refund ", "Refund", "Refund"]
    examples = [example(f"q{n}", references=(one,)) for n, one in enumerate(written)]
    assert spellings(examples) == ("card_arrival", "Refund")
    assert spellings(reversed(examples)) == spellings(examples)


def asked(examples: list[Any], task: str = "classify", **settings: Any) -> tuple[str, ...]:
    from openbook.config import parse

    config = parse({"documents": {"sources": ["*.md"]}, **settings})
    return choices_of(plan(config, "base"), task, examples)


def test_what_is_held_to_labels_follows_from_the_task_unless_it_is_said() -> None:
    labelled = [example(f"q{n}", references=("yes" if n % 2 else "no",)) for n in range(4)]
    assert asked(labelled) == ("no", "yes")
    assert asked(labelled, "answer") == ()
    assert asked(labelled, "answer", generate={"choices": "labels"}) == ("no", "yes")
    assert asked(labelled, generate={"choices": "free"}) == ()
    assert asked(labelled, generate={"schema": {"type": "object"}}) == ()


def test_references_that_are_all_different_are_no_labels() -> None:
    assert asked([example(f"q{n}") for n in range(4)]) == ()


def test_not_to_know_is_a_choice_where_some_question_has_no_label() -> None:
    labelled = [example(f"q{n}", references=("yes" if n % 2 else "no",)) for n in range(4)]
    unknown = example("u", references=("I don't know, sorry.",), answerable=False)
    assert asked([*labelled, unknown]) == ("no", "yes", "I don't know, sorry.")
    outside = example("u", references=("oos",), answerable=False)
    assert asked([*labelled, outside]) == ("no", "yes", "I don't know.")
    assert asked([*labelled, outside], prompt={"abstain": "oos"}) == ("no", "yes", "oos")


def test_labels_that_do_not_exist_are_an_error() -> None:
    only = [example("u", references=(), answerable=False)]
    with pytest.raises(ConfigError, match="no example has a reference"):
        asked(only, generate={"choices": "labels"})
    with pytest.raises(ConfigError, match="two different answers"):
        asked(only, generate={"choices": "labels", "schema": {"type": "object"}})


def test_a_request_without_choices_keeps_the_hash_it_always_had() -> None:
    plain = Request(messages=(Message(role="user", content="Hm?"),))
    assert plain.hash == Request(messages=plain.messages, choices=()).hash
    assert plain.hash != Request(messages=plain.messages, choices=("a", "b")).hash
