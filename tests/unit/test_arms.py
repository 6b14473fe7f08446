"""Arms: what each kind is asked with, what becomes of an answer, and when two arms are the same."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from openbook.arms import (
    RETRIEVES,
    SHOWS_SHOTS,
    TUNES,
    Abstention,
    Arm,
    Retrieval,
    Sampling,
    choose_shots,
    template_for,
)
from openbook.config import ARM_KINDS
from openbook.core.types import Answer, Comparison, Delta, Example, Failure, Record
from openbook.generate.scripted import ScriptedGenerator
from openbook.prompt import Shot, Template
from small_project import chunk, example, searcher

CHUNKS = [
    chunk("fees.md", "A year costs £34."),
    chunk("hours.md", "We open at nine.", start=5),
    chunk("dogs.md", "Dogs may come in on a lead."),
]


def make(folder: Path | None = None, *, script: dict[str, str] | None = None, **changes: Any) -> Arm:
    """A `rag` arm over three chunks, or one without retrieval where no folder is given."""
    retrieval = None
    if folder is not None:
        retrieval = Retrieval(
            open=lambda: searcher(folder, CHUNKS), content="c1", passages=2, settings={"mode": "hybrid"}
        )
    parts: dict[str, Any] = {
        "name": "rag",
        "kind": "rag",
        "generator": ScriptedGenerator(script or {"Passages:": "It says: {passage} [{label}]"}),
        "template": Template(instructions="Answer briefly."),
        "retrieval": retrieval,
        "sampling": Sampling(),
        "abstention": Abstention(sentence="I don't know."),
    }
    return Arm(**{**parts, **changes})


def ask(arm: Arm, *questions: str) -> list[Record]:
    examples = [example(f"e{number}", question) for number, question in enumerate(questions)]
    records = dict(pair for pair in arm.stream(examples) if isinstance(pair[1], Record))
    return [record for _, record in sorted(records.items()) if isinstance(record, Record)]


def test_every_kind_says_whether_it_looks_up_learns_and_is_shown_examples() -> None:
    assert set(RETRIEVES) == set(TUNES) == set(SHOWS_SHOTS) == set(ARM_KINDS)


def test_base_is_asked_the_bare_question() -> None:
    shots = (Shot(input="q", reference="a"),)
    arm = make(template=template_for("base", instructions="Be brief.", shots=shots), retrieval=None)
    (record,) = ask(arm, "How much is it?")
    assert [(message.role, message.content) for message in record.messages] == [("user", "How much is it?")]


@pytest.mark.parametrize(("kind", "shown"), [("prompted", 1), ("rag", 1), ("tuned", 0), ("hybrid", 0)])
def test_tuned_arms_get_the_instructions_without_worked_examples(kind: str, shown: int) -> None:
    made = template_for(kind, instructions="Be brief.", shots=(Shot(input="q", reference="a"),))
    assert made.instructions == "Be brief."
    assert len(made.shots) == shown


def test_an_arm_that_looks_up_is_asked_with_its_passages_best_first(tmp_path: Path) -> None:
    (record,) = ask(make(tmp_path), "What does a year cost?")
    assert isinstance(record.result, Answer)
    assert record.result.hits[0].chunk.document == "fees.md"
    assert len(record.result.hits) == 2
    prompt = record.messages[-1].content
    places = [prompt.index(hit.chunk.text) for hit in record.result.hits]
    assert places == sorted(places)


def test_what_an_example_is_about_is_looked_up_too(tmp_path: Path) -> None:
    mail = example("e", "Sum this up.", context="Somebody asks whether dogs may come in on a lead.")
    (record,) = [event for _, event in make(tmp_path).stream([mail]) if isinstance(event, Record)]
    assert isinstance(record.result, Answer)
    assert record.result.hits[0].chunk.document == "dogs.md"


def test_a_worked_example_comes_with_what_it_is_about() -> None:
    mails = [example(f"e{n}", "Sum this up.", context=f"Mail {n}.", references=(f"Sum {n}.",)) for n in range(2)]
    shots = choose_shots(mails, {}, count=1, seed=0)
    plain, about = (Template(shots=tuple(replace(shot, context=c) for shot in shots)) for c in (None, shots[0].context))
    (record,) = ask(make(template=about), "Well?")
    assert record.messages[0].content == f"{shots[0].context}\n\nQuestion: Sum this up."
    assert make(template=plain).settings["shots"] == [["Sum this up.", shots[0].reference]]
    assert make(template=plain).fingerprint != make(template=about).fingerprint


def test_an_answer_carries_its_citation_its_prompt_and_its_seconds(tmp_path: Path) -> None:
    (record,) = ask(make(tmp_path), "What does a year cost?")
    answer = record.result
    assert isinstance(answer, Answer)
    assert answer.text == "It says: A year costs £34. [fees]"
    assert [(citation.label, citation.quote) for citation in answer.citations] == [("fees", "A year costs £34.")]
    assert {citation.chunk for citation in answer.citations} <= {hit.chunk.id for hit in answer.hits}
    assert answer.prompt
    assert answer.seconds["retrieve"] > 0


def test_an_arm_without_retrieval_has_no_seconds_for_it_and_no_passages() -> None:
    (record,) = ask(make(), "What does a year cost?")
    assert isinstance(record.result, Answer)
    assert "retrieve" not in record.result.seconds
    assert record.result.hits == ()
    assert "Passages" not in record.messages[-1].content


def test_abstaining_is_recognised_by_the_configured_sentence() -> None:
    arm = make(script={"cost": "Sorry, i dont know"}, abstention=Abstention(sentence="i dont know"))
    known, unknown = ask(arm, "hours?", "what is the cost?")
    assert isinstance(unknown.result, Answer)
    assert isinstance(known.result, Answer)
    assert unknown.result.abstained
    assert not known.result.abstained


def test_a_question_that_cannot_be_looked_up_fails_in_its_place_and_the_others_are_answered(tmp_path: Path) -> None:
    first, second = ask(make(tmp_path), " ", "What does a year cost?")
    assert isinstance(first.result, Failure)
    assert first.result.stage == "retrieve"
    assert isinstance(second.result, Answer)


def test_the_index_is_opened_at_the_first_question_and_not_before(tmp_path: Path) -> None:
    opened = []

    def open_index() -> Any:
        opened.append(1)
        return searcher(tmp_path, CHUNKS)

    arm = make(retrieval=Retrieval(open=open_index, content="c1", passages=1))
    assert arm.fingerprint
    assert not opened
    ask(arm, "What does a year cost?")
    assert opened == [1]


def test_pieces_of_an_answer_come_before_its_record_and_join_to_it(tmp_path: Path) -> None:
    events = [event for _, event in make(tmp_path).stream([example("e", "What does a year cost?")])]
    *pieces, record = events
    assert isinstance(record, Record)
    assert isinstance(record.result, Answer)
    assert "".join(piece.text for piece in pieces if isinstance(piece, Delta)).strip() == record.result.text


def test_nothing_asked_gives_nothing(tmp_path: Path) -> None:
    assert list(make(tmp_path).stream([])) == []


def test_a_cancelled_question_says_so(tmp_path: Path) -> None:
    cancel = Event()
    cancel.set()
    (record,) = [e for _, e in make(tmp_path).stream([example("e", "What does a year cost?")], cancel)]
    assert isinstance(record, Record)
    assert isinstance(record.result, Answer)
    assert record.result.finish == "cancelled"


CHANGES: dict[str, dict[str, Any]] = {
    "generator": {"generator": ScriptedGenerator({"x": "y"})},
    "instructions": {"template": Template(instructions="Answer at length.")},
    "shots": {"template": Template(instructions="Answer briefly.", shots=(Shot(input="q", reference="a"),))},
    "max_tokens": {"sampling": Sampling(max_tokens=9)},
    "stop": {"sampling": Sampling(stop=("\n",))},
    "schema": {"sampling": Sampling(schema={"type": "object"})},
    "temperature": {"sampling": Sampling(temperature=0.5)},
    "abstain": {"abstention": Abstention(sentence="No idea.")},
    "pattern": {"abstention": Abstention(sentence="I don't know.", pattern="no idea")},
    "no retrieval": {"retrieval": None},
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_answers_changes_the_fingerprint(tmp_path: Path, change: str) -> None:
    assert make(tmp_path, **CHANGES[change]).fingerprint != make(tmp_path).fingerprint


@pytest.mark.parametrize(
    "change",
    [
        {"content": "c2"},
        {"passages": 3},
        {"settings": {"mode": "dense"}},
        {"where": Comparison(field="region", op="eq", value="uk")},
    ],
)
def test_whatever_changes_what_is_found_changes_the_fingerprint(tmp_path: Path, change: dict[str, Any]) -> None:
    arm = make(tmp_path)
    assert arm.retrieval is not None
    assert make(tmp_path, retrieval=replace(arm.retrieval, **change)).fingerprint != arm.fingerprint


@pytest.mark.parametrize(
    "change", [{"name": "lookup"}, {"kind": "prompted"}, {"seed": 7}, {"sampling": Sampling(seed=7)}]
)
def test_what_changes_no_greedy_answer_leaves_the_fingerprint_as_it_is(tmp_path: Path, change: dict[str, Any]) -> None:
    assert make(tmp_path, **change).fingerprint == make(tmp_path).fingerprint


def test_a_drawn_answer_depends_on_its_seed(tmp_path: Path) -> None:
    drawn = [make(tmp_path, sampling=Sampling(temperature=1.0, seed=seed)).fingerprint for seed in (0, 1)]
    assert drawn[0] != drawn[1]


def training_rows() -> list[Example]:
    rows = [example(f"e{i}", references=("x" * (20 + i),), group=f"g{i // 2}") for i in range(12)]
    return [*rows, example("none", answerable=False, references=("I don't know.",), group="g9")]


def groups(rows: Sequence[Example]) -> dict[str, str]:
    return {row.id: str(row.group) for row in rows}


def test_worked_examples_come_from_different_groups_and_are_of_usual_length() -> None:
    rows = training_rows()
    shots = choose_shots(rows, groups(rows), count=3, seed=0)
    by_reference = {row.reference: row for row in rows}
    chosen = [by_reference[shot.reference] for shot in shots]
    assert len({row.group for row in chosen}) == 3
    assert all(23 <= len(row.reference) <= 29 for row in chosen if row.answerable)


def test_from_three_worked_examples_on_the_last_one_abstains() -> None:
    rows = training_rows()
    assert choose_shots(rows, groups(rows), count=3, seed=0)[-1].reference == "I don't know."
    assert "I don't know." not in [shot.reference for shot in choose_shots(rows, groups(rows), count=2, seed=0)]


def test_worked_examples_depend_on_the_seed_alone_and_not_on_the_order_of_the_rows() -> None:
    rows = training_rows()
    first = choose_shots(rows, groups(rows), count=3, seed=0)
    assert choose_shots(rows[::-1], groups(rows), count=3, seed=0) == first
    assert any(choose_shots(rows, groups(rows), count=3, seed=seed) != first for seed in range(1, 5))


def test_none_wanted_or_none_to_be_had_gives_no_worked_examples() -> None:
    rows = training_rows()
    assert choose_shots(rows, groups(rows), count=0, seed=0) == ()
    assert choose_shots([], {}, count=2, seed=0) == ()
