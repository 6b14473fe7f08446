"""Training rows: with the answer, without it, on two sections, unanswerable; and never from a hidden document."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from openbook.core.protocols import Retriever
from openbook.core.types import Comparison, Example, Failure, Filter, Hit, Row
from openbook.prompt import Template, render
from openbook.raft import abstention_of, closed_rows, holds, labelled_passages, open_rows, without
from small_project import chunk, example, hit, searcher

FEE = "Joining the club costs £34 a year."
HOURS = "The club opens at 9:15."
GUESTS = "Guests of the club pay £5 a visit."
TEMPLATE = Template(instructions="Answer from the pages.")
CHUNKS = [
    chunk("club.md", FEE),
    chunk("club.md", HOURS, start=100),
    chunk("guests.md", GUESTS),
    chunk("garden.md", "The garden club costs £12 a year to join."),
    chunk("pool.md", "Joining the pool costs £50 a year."),
    chunk("bikes.md", "Bikes are kept behind the club.", region="uk"),
]


@pytest.fixture
def index(tmp_path: Path) -> Retriever:
    return searcher(tmp_path, CHUNKS)


def rows(examples: Sequence[Example], index: Retriever, **changes: Any) -> list[Row]:
    options: dict[str, Any] = {"passages": 2, "oracle": 1.0, "abstention": "I don't know."}
    return open_rows(TEMPLATE, examples, index, **{**options, **changes})


def row(asked: Example, index: Retriever, **changes: Any) -> Row:
    (made,) = rows([asked], index, **changes)
    return made


def shown(made: Row) -> list[str]:
    """The passages of a row, in order."""
    return [part.split("] ", 1)[1] for part in made.messages[-1].content.split("\n\n") if part.startswith("[")]


def fee(**fields: Any) -> Example:
    fields.setdefault("facts", (("£34",),))
    return example("fee", "What does it cost to join the club for a year?", documents=("club.md",), **fields)


def test_a_closed_row_is_the_prompt_that_a_tuned_arm_asks_with() -> None:
    asked = fee(context="A letter.")
    (made,) = closed_rows(TEMPLATE, [asked])
    assert made.messages == render(TEMPLATE, asked.input, context="A letter.")
    assert (made.completion, made.example) == (asked.reference, "fee")


def test_a_row_holds_the_answer_among_wrong_passages_and_learns_the_reference(index: Retriever) -> None:
    made = row(fee(), index, passages=3)
    assert FEE in shown(made)
    assert len(shown(made)) == 3
    assert made.completion == "The answer to fee."


def test_passages_stand_in_the_order_of_retrieval(index: Retriever) -> None:
    asked = fee()
    found = index.search([asked.input], k=8)[0]
    assert not isinstance(found, Failure)
    order = [hit.chunk.text for hit in found]
    texts = shown(row(asked, index, passages=4))
    assert texts == sorted(texts, key=order.index)


def test_there_is_a_wrong_passage_even_where_the_right_document_fills_the_hits(index: Retriever) -> None:
    asked = example("club", "When does the club open and what does joining the club cost?", documents=("club.md",))
    texts = shown(row(asked, index))
    assert len({FEE, HOURS} & set(texts)) == 1
    assert {FEE, HOURS} < set(shown(row(asked, index, passages=3)))


def test_without_distractors_the_passages_are_as_retrieved(index: Retriever) -> None:
    asked = example("club", "When does the club open and what does joining the club cost?", documents=("club.md",))
    assert set(shown(row(asked, index, distractors=0))) == {FEE, HOURS}


def test_an_answer_in_two_sections_gets_both(index: Retriever) -> None:
    asked = example(
        "both",
        "What does it cost to join the pool, sorry, the club, and what do guests pay?",
        documents=("club.md", "guests.md"),
        facts=(("£34",), ("£5",)),
    )
    assert set(shown(row(asked, index))) == {FEE, GUESTS}


def test_an_answer_in_two_documents_without_facts_gets_both(index: Retriever) -> None:
    asked = example("both", "pool and garden, price of a year?", documents=("club.md", "guests.md"))
    made = row(asked, index)
    assert {"club", "guests"} == {part.split("]")[0] for part in made.messages[-1].content.split("[")[1:]}


def test_the_second_half_of_an_answer_is_looked_for_where_retrieval_found_the_first_alone(tmp_path: Path) -> None:
    noise = [chunk(f"n{i}.md", f"What does joining the club cost, part {i}? Ask at the counter.") for i in range(30)]
    index = searcher(tmp_path, [*noise, chunk("club.md", FEE), chunk("late.md", "Fines: 20p daily.")])
    asked = example(
        "two",
        "What does joining the club cost? And overdue?",
        documents=("club.md", "late.md"),
        facts=(("£34",), ("20p",)),
    )
    made = row(asked, index)
    assert set(shown(made)) == {FEE, "Fines: 20p daily."}
    assert made.completion == asked.reference


def test_what_retrieval_missed_comes_last(tmp_path: Path) -> None:
    noise = [chunk(f"n{i}.md", f"What does joining the club cost, part {i}? Ask at the counter.") for i in range(30)]
    index = searcher(tmp_path, [*noise, chunk("late.md", "Fines: 20p daily.")])
    asked = example("fines", "What does joining the club cost, part 3?", documents=("late.md",), facts=(("20p",),))
    texts = shown(row(asked, index, passages=3))
    assert texts[-1] == "Fines: 20p daily."
    assert len(texts) == 3


def test_a_fact_that_stands_nowhere_word_for_word_is_taught_from_its_document(index: Retriever) -> None:
    asked = fee(facts=(("thirty-four pounds",),))
    made = row(asked, index)
    assert {FEE, HOURS} & set(shown(made))
    assert made.completion == asked.reference


def test_a_withheld_row_sees_other_documents_only_and_abstains(index: Retriever) -> None:
    made = row(fee(), index, oracle=0.0, passages=3)
    assert made.completion == "I don't know."
    assert len(shown(made)) == 3
    assert not {FEE, HOURS} & set(shown(made))


def test_a_withheld_row_has_its_passages_even_where_the_right_document_fills_the_hits(tmp_path: Path) -> None:
    club = [chunk("club.md", f"{FEE} Part {i}.", start=i * 100) for i in range(20)]
    index = searcher(tmp_path, [*club, chunk("pool.md", "A pool."), chunk("bikes.md", "A bike.")])
    assert set(shown(row(fee(), index, oracle=0.0))) == {"A pool.", "A bike."}


def test_about_the_given_share_of_the_rows_holds_the_answer_and_the_seed_fixes_which(index: Retriever) -> None:
    asked = [
        example(f"e{i}", "What does it cost to join the club?", documents=("club.md",), facts=(("£34",),))
        for i in range(200)
    ]
    first = [made.completion == "I don't know." for made in rows(asked, index, oracle=0.8)]
    assert 0.1 < sum(first) / len(first) < 0.3
    assert [made.completion == "I don't know." for made in rows(asked, index, oracle=0.8)] == first
    assert [made.completion == "I don't know." for made in rows(asked, index, oracle=0.8, seed=1)] != first


def test_an_unanswerable_row_sees_what_is_retrieved_and_learns_its_own_reference(index: Retriever) -> None:
    asked = example("dogs", "Are dogs allowed in the club?", answerable=False, references=("Not in our pages.",))
    made = row(asked, index, oracle=0.0)
    assert made.completion == "Not in our pages."
    assert len(shown(made)) == 2


def test_a_row_without_named_documents_sees_what_is_retrieved_and_keeps_its_reference(index: Retriever) -> None:
    asked = example("any", "What does it cost to join?")
    made = row(asked, index, oracle=0.0)
    assert (made.completion, len(shown(made))) == (asked.reference, 2)


def test_a_hidden_document_is_never_shown(index: Retriever) -> None:
    asked = [
        fee(),
        example("dogs", "Are dogs allowed in the garden club?", answerable=False),
        example("any", "Joining the garden club costs how much?"),
        example("pool", "Joining the pool", documents=("pool.md",), facts=(("£50",),)),
    ]
    for oracle in (0.0, 1.0):
        for made in rows(asked, index, oracle=oracle, passages=6, hidden=("garden.md", "guests.md")):
            assert shown(made)
            assert not {CHUNKS[2].text, CHUNKS[3].text} & set(shown(made))


def test_a_hidden_document_is_not_fetched_for_its_answer_either(index: Retriever) -> None:
    made = row(fee(), index, hidden=("club.md",))
    assert FEE not in shown(made)
    assert made.completion == "I don't know."


def test_an_answer_that_the_arm_s_own_filter_hides_is_not_taught(index: Retriever) -> None:
    made = row(fee(), index, where=Comparison(field="region", op="eq", value="uk"))
    assert shown(made) == ["Bikes are kept behind the club."]
    assert made.completion == "I don't know."


def test_there_are_as_many_passages_as_asked_for_even_beyond_the_usual_pool(tmp_path: Path) -> None:
    index = searcher(tmp_path, [chunk(f"d{i}.md", f"Joining the club, note {i}.") for i in range(30)])
    assert len(shown(row(example("x", "joining the club"), index, passages=12))) == 12


def test_a_row_whose_retrieval_fails_is_left_out(index: Retriever) -> None:
    made = rows([example("blank", " "), fee()], index)
    assert [one.example for one in made] == ["fee"]


def test_no_examples_make_no_rows(index: Retriever) -> None:
    assert rows([], index) == []


def test_hidden_documents_join_the_arm_s_filter() -> None:
    region: Filter = Comparison(field="region", op="eq", value="uk")
    assert without((), region) is region
    assert without((), None) is None
    assert "region" in repr(without(("a.md",), region))
    assert "a.md" in repr(without(("a.md",), region))


def test_the_house_s_own_abstention_is_taught_where_there_is_one() -> None:
    unanswerable = example("u", answerable=False, references=("Please ask at the counter.",))
    assert abstention_of([fee(), unanswerable], "I don't know.") == "Please ask at the counter."
    assert abstention_of([fee()], "I don't know.") == "I don't know."


@pytest.mark.parametrize(
    ("passage", "held"),
    [
        (hit("club.md", FEE), True),
        (hit("club.md", HOURS), False),
        (hit("other.md", FEE), False),
        (hit("club.md", "It costs £340 a year."), False),
    ],
)
def test_a_passage_holds_an_answer_if_it_is_of_its_document_and_says_it(passage: Hit, held: bool) -> None:
    assert holds(fee(), passage) is held


def handed(asked: Example, index: Retriever, **changes: Any) -> list[str]:
    (found,) = labelled_passages(index, [asked], **{"passages": 2, **changes})
    assert not isinstance(found, Failure)
    return [one.chunk.text for one in found]


def test_perfect_retrieval_hands_over_what_holds_the_answer_and_nothing_beside_it(index: Retriever) -> None:
    far = example("fee", "Bikes, pools and gardens?", documents=("club.md",), facts=(("£34",),))
    assert handed(fee(), index) == [FEE]
    assert handed(far, index, passages=1) == [FEE]


def test_perfect_retrieval_finds_both_sections_that_an_answer_needs(index: Retriever) -> None:
    asked = example("both", "What do I pay?", documents=("club.md", "guests.md"), facts=(("£5",), ("£34",)))
    assert handed(asked, index) == [GUESTS, FEE]
    assert handed(asked, index, passages=1) == [GUESTS]


def test_without_facts_perfect_retrieval_is_the_best_of_the_named_documents(index: Retriever) -> None:
    asked = example("club", "What does joining the pool cost a year?", documents=("club.md",))
    assert set(handed(asked, index)) == {FEE, HOURS}
    assert handed(asked, index, passages=1) == [FEE]


@pytest.mark.parametrize(
    "asked",
    [
        fee(answerable=False),
        example("fee", "What does it cost to join the club for a year?"),
        example("fee", "What does it cost to join the club for a year?", documents=("gone.md",), facts=(("£34",),)),
    ],
    ids=["unanswerable", "no documents named", "none of them there"],
)
def test_with_nothing_to_go_by_perfect_retrieval_is_the_ordinary_one(index: Retriever, asked: Example) -> None:
    (found,) = index.search([asked.input], k=2)
    assert not isinstance(found, Failure)
    assert handed(asked, index) == [one.chunk.text for one in found]


def test_perfect_retrieval_sees_no_more_than_the_arm_s_filter_lets_through(index: Retriever) -> None:
    where = Comparison(field="region", op="eq", value="uk")
    assert handed(fee(), index, where=where) == [CHUNKS[-1].text]


def test_a_question_that_cannot_be_looked_up_is_a_failure_there_too(index: Retriever) -> None:
    first, second = labelled_passages(index, [example("blank", " "), fee()], passages=2)
    assert isinstance(first, Failure)
    assert not isinstance(second, Failure)


def test_rows_look_up_what_their_example_is_about(index: Retriever) -> None:
    mail = example("m", "Sum this up.", context="Where are the bikes kept behind the club?")
    assert "Bikes are kept behind the club." in shown(row(mail, index))
    (found,) = labelled_passages(index, [mail], passages=1)
    assert not isinstance(found, Failure)
    assert found[0].chunk.document == "bikes.md"
