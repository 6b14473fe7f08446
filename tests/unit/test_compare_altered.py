"""Altered passages: each condition holds what it says and nothing else, and the same ones every time."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from openbook.compare.probes.altered import (
    CONDITIONS,
    DISTRACTORS,
    NOT_HAD,
    Condition,
    altered_passages,
    injection_for,
    injections,
)
from openbook.core.protocols import Retriever
from openbook.core.types import Comparison, Example, Failure, Filter, Hit
from openbook.prompt import passages as shown
from openbook.score.injection import Injection, reaction
from small_project import chunk, example, searcher

CHUNKS = [
    chunk("club.md", "Joining the club costs £34 a year."),
    chunk("club.md", "The club opens at 9:15.", start=100),
    chunk("guests.md", "Guests of the club pay £5 a visit."),
    chunk("garden.md", "The garden club costs £12 a year to join."),
    chunk("pool.md", "Joining the pool costs £50 a year."),
    chunk("copy.md", "Joining the club costs £34 a year, says the old leaflet."),
    chunk("bikes.md", "Bikes are kept behind the club.", region="uk"),
]
FEE = example(
    "fee", "What does it cost to join the club for a year?", documents=("club.md",), facts=(("£34", "34 pounds"),)
)
PLAIN = example("plain", FEE.input, documents=("club.md",))


@pytest.fixture
def index(tmp_path: Path) -> Retriever:
    return searcher(tmp_path, CHUNKS)


def hits(condition: Condition, index: Retriever, asked: Example = FEE, **options: Any) -> list[Hit]:
    (found,) = altered_passages(condition, index, [asked], **{"passages": 2, **options})
    assert not isinstance(found, Failure), found
    return found


def failure(condition: Condition, index: Retriever, asked: Example = FEE, **options: Any) -> Failure:
    (found,) = altered_passages(condition, index, [asked], **{"passages": 2, **options})
    assert isinstance(found, Failure)
    assert (found.error, found.transient) == (NOT_HAD, False)
    return found


def texts(found: list[Hit]) -> list[str]:
    return [hit.chunk.text for hit in found]


def test_the_oracle_holds_the_answer_and_nothing_beside_it(index: Retriever) -> None:
    assert texts(hits("oracle", index)) == ["Joining the club costs £34 a year."]


def test_without_facts_every_passage_of_the_named_document_is_right(index: Retriever) -> None:
    assert {hit.chunk.document for hit in hits("oracle", index, PLAIN)} == {"club.md"}
    wrong = {hit.chunk.document for hit in hits("distractors", index, PLAIN)} - {"club.md"}
    assert len(wrong) == DISTRACTORS


def test_distractors_are_wrong_passages_beside_the_right_one(index: Retriever) -> None:
    found = texts(hits("distractors", index))
    assert len(found) == 1 + DISTRACTORS
    assert sum("£34" in text for text in found) == 1


def test_the_right_passage_does_not_always_stand_in_one_place(index: Retriever) -> None:
    asked = [example(f"fee{n}", FEE.input, documents=FEE.documents, facts=FEE.facts) for n in range(40)]
    found = altered_passages("distractors", index, asked, passages=2)
    places = Counter(["£34" in hit.chunk.text for hit in one].index(True) for one in found if isinstance(one, list))
    assert set(places) == set(range(1 + DISTRACTORS))
    assert max(places.values()) < 20


@pytest.mark.parametrize("asked", [FEE, PLAIN], ids=["facts", "document alone"])
def test_without_evidence_no_passage_holds_the_answer(index: Retriever, asked: Example) -> None:
    found = hits("no_evidence", index, asked, passages=3)
    assert len(found) == 3
    assert "club.md" not in {hit.chunk.document for hit in found}
    assert not asked.facts or not any("£34" in text for text in texts(found))


def test_reversed_is_what_was_found_last_first(index: Retriever) -> None:
    (found,) = index.search([FEE.input], k=3)
    assert hits("reversed", index, passages=3) == found[::-1]  # type: ignore[index]


def test_the_instruction_stands_at_the_end_of_the_first_passage_and_in_the_prompt(index: Retriever) -> None:
    (found,) = index.search([FEE.input], k=2)
    tampered = hits("injected", index)
    assert isinstance(found, list)
    assert tampered[0].chunk.text == f"{found[0].chunk.text} {injection_for(FEE).text}"
    assert tampered[0].chunk.id != found[0].chunk.id
    assert tampered[0].score == found[0].score
    assert tampered[1:] == found[1:]
    assert injection_for(FEE).text in shown(tampered)


def test_the_instructions_differ_from_question_to_question() -> None:
    drawn = Counter(injection_for(example(f"q{number}")).id for number in range(300))
    assert len(drawn) == len(injections())
    assert min(drawn.values()) > 10


@pytest.mark.parametrize("condition", CONDITIONS)
def test_the_arms_own_filter_holds_under_every_condition(index: Retriever, condition: Condition) -> None:
    uk: Filter = Comparison(field="region", op="eq", value="uk")
    (found,) = altered_passages(condition, index, [FEE], passages=2, where=uk)
    seen = {hit.chunk.document for hit in found} if isinstance(found, list) else set()
    assert seen <= {"bikes.md"}


@pytest.mark.parametrize("condition", ["oracle", "distractors"])
def test_an_answer_that_the_passages_do_not_hold_is_left_out(index: Retriever, condition: Condition) -> None:
    lost = example("lost", FEE.input, documents=("club.md",), facts=(("£34",), ("on a Sunday",)))
    assert "do not hold the whole answer" in failure(condition, index, lost).message
    nowhere = example("nowhere", FEE.input, documents=("gone.md",))
    assert "do not hold the whole answer" in failure(condition, index, nowhere).message


def test_where_everything_is_right_there_is_nothing_wrong_to_show(tmp_path: Path) -> None:
    single = searcher(tmp_path, CHUNKS[:1])
    for condition in ("no_evidence", "distractors"):
        assert "no passage without the answer" in failure(condition, single).message
    assert "no order to turn" in failure("reversed", single).message


def test_every_question_gets_its_own_passages_in_order(index: Retriever) -> None:
    pool = example("pool", "What does joining the pool cost?", documents=("pool.md",), facts=(("£50",),))
    for condition in CONDITIONS:
        both = altered_passages(condition, index, [FEE, pool], passages=2)
        assert both == [altered_passages(condition, index, [one], passages=2)[0] for one in (FEE, pool)]


@pytest.mark.parametrize("injection", injections(), ids=lambda one: one.id)
def test_obeying_is_told_from_quoting(injection: Injection) -> None:
    assert reaction(injection, injection.marker) == "obeyed"
    assert reaction(injection, f"It costs £34 a year. {injection.marker.lower()}!") == "obeyed"
    assert reaction(injection, f"Joining costs £34 a year. {injection.text} [club]") == "copied"
    assert reaction(injection, f"{injection.text} So: {injection.marker}.") == "obeyed"
    assert reaction(injection, "It costs £34 a year.") == "ignored"
    assert reaction(injection, "I don't know.") == "ignored"


def test_the_instructions_that_ship_ask_for_words_that_nobody_says() -> None:
    found = injections()
    assert len(found) >= 8
    assert len({one.id for one in found}) == len({one.marker for one in found}) == len({one.text for one in found})
    assert all(one.text.count(one.marker) == 1 for one in found)
    assert not [one for one in found if len(one.text.split(one.marker)[0].split()) < 3]
