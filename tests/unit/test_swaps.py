"""Values exchanged in documents: one value, written alike, and nothing where it is doubtful what it means."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from openbook.core.types import Document, Example
from openbook.ingest.readers import read
from openbook.project import Project
from openbook.project.swaps import Made, make
from openbook.project.values import Kind, exchanges, number_words, values
from openbook.score.facts import has_facts, has_stale

WINDOW = ("27 days", "twenty-seven days", "27-day")


def page(text: str, name: str = "returns.md") -> Document:
    return Document(name=name, text=text, title="", media="text/markdown")


def asks(*wordings: str, name: str = "e", reference: str = "Within 27 days.", **fields: Any) -> Example:
    fields.setdefault("documents", ("returns.md",))
    return Example(id=name, input=f"How long, {name}?", references=(reference,), facts=(wordings,), **fields)


def made(text: str, *examples: Example, others: Sequence[Document] = (), **options: Any) -> Made:
    return make([page(text), *others], examples or [asks(*WINDOW)], **options)


def refusal(text: str, *examples: Example, others: Sequence[Document] = (), **options: Any) -> str:
    """Why nothing was exchanged."""
    found = made(text, *examples, others=others, **options)
    assert (found.swaps, found.texts, found.questions) == ((), {}, ())
    (reason,) = found.refused
    return reason


# What a value is, and what may stand in its place.


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("27 days", "number", "27"),
        ("27-day window", "number", "27"),
        ("twenty-seven days", "number", "twenty-seven"),
        ("0.5 kg", "number", "0.5"),
        ("£3.20", "money", "3.20"),
        ("GBP 1,200", "money", "1,200"),
        ("3.20 pounds", "money", "3.20"),
        ("15%", "percentage", "15"),
        ("15 per cent", "percentage", "15"),
        ("18:00", "time", "18:00"),
        ("6 pm", "time", "6 pm"),
        ("12 March", "date", "12 March"),
        ("March 12", "date", "March 12"),
        ("2024-05-17", "date", "2024-05-17"),
        ("on Tuesdays", "weekday", "Tuesdays"),
        ("in April", "month", "April"),
        ("in 1998", "year", "1998"),
    ],
)
def test_values_are_told_by_their_kind(text: str, kind: Kind, value: str) -> None:
    (found,) = values(text)
    assert (found.kind, found.text, text[found.start : found.end]) == (kind, value, value)
    assert exchanges(kind, value, key="k")


@pytest.mark.parametrize(
    "text",
    [
        *("2-3 days", "2 to 3 days", "two or three days", "10:00–18:00", "3/4 inch", "v3.11.2", "555-1234", "B12"),
        *("Monday 12 March", "Mondays and Fridays", "between July and October", "you may march", "May", "#27"),
    ],
)
def test_ranges_parts_and_doubtful_words_are_no_values(text: str) -> None:
    assert values(text) == []


@pytest.mark.parametrize("old", ["0", "1", "0800", "1234567"])
def test_what_is_no_amount_is_not_exchanged(old: str) -> None:
    assert exchanges("number", old, key="k") == []


@given(
    amount=some.one_of(
        some.integers(2, 999_999).map(str),
        some.integers(200, 99_999).map(lambda cents: f"{cents // 100}.{cents % 100:02d}"),
        some.integers(1000, 999_999).map(lambda number: f"{number:,}"),
    ),
    key=some.text(max_size=5),
    frame=some.sampled_from(["Within {} days.", "It costs £{} a year.", "At most {}% of it.", "({} pieces)"]),
)
def test_an_amount_gives_way_to_one_written_alike_and_nothing_else_changes(amount: str, key: str, frame: str) -> None:
    text = frame.format(amount)
    for found in values(text):
        for exchange in exchanges(found.kind, found.text, key=key):
            new = exchange.apply(text)
            assert new == frame.format(exchange.new)
            assert new != text
            assert re.sub(r"\d", "9", exchange.new) == re.sub(r"\d", "9", found.text)
            assert re.search("0*$", exchange.new)[0] == re.search("0*$", found.text)[0] or found.kind == "year"  # type: ignore[index]
            assert [value.kind for value in values(new)] == [found.kind]
            old_amount, new_amount = (float(text.replace(",", "")) for text in (found.text, exchange.new))
            assert old_amount / 2 <= new_amount <= old_amount * 2


@given(
    kind_and_value=some.sampled_from(
        [
            *(("time", "18:15"), ("time", "6 pm"), ("date", "12 March"), ("date", "2024-05-07")),
            *(("weekday", "Monday"), ("month", "April"), ("year", "1998")),
        ]
    ),
    key=some.text(max_size=5),
)
def test_other_kinds_keep_their_kind_and_format(kind_and_value: tuple[Kind, str], key: str) -> None:
    kind, old = kind_and_value
    found = exchanges(kind, old, key=key)
    assert found == exchanges(kind, old, key=key)
    for exchange in found:
        new = exchange.apply(f"It is so: {old}, here.")
        assert new == f"It is so: {exchange.new}, here."
        assert [(value.kind, value.text) for value in values(new)] == [(kind, exchange.new)]
        assert exchange.new != old


@pytest.mark.parametrize("number", range(2, 100))
def test_numbers_in_words_change_with_those_in_figures(number: int) -> None:
    exchange = next(iter(exchanges("number", str(number), key="k")), None)
    if exchange is not None:
        assert exchange.apply(f"{number_words(number)} days") == f"{number_words(int(exchange.new))} days"


# What is exchanged in a document, and what its questions become.


def test_the_value_is_exchanged_and_the_question_asks_for_the_new_one() -> None:
    found = made("Unworn items may come back within 27 days of delivery. Boots cost £30.")
    (swap,), (question,) = found.swaps, found.questions
    new = swap.new.removesuffix(" days")
    assert (swap.old, swap.kind, swap.documents) == ("27 days", "number", ("returns.md",))
    assert found.texts == {"returns.md": f"Unworn items may come back within {new} days of delivery. Boots cost £30."}
    assert (swap.before, swap.after) == (
        "Unworn items may come back within 27 days of delivery.",
        f"Unworn items may come back within {new} days of delivery.",
    )
    assert question.facts == ((f"{new} days", f"{number_words(int(new))} days", f"{new}-day"),)
    assert question.stale == WINDOW
    assert question.references == (f"Within {new} days.",)
    assert (question.change, question.id, question.input) == ("edit", "e", "How long, e?")
    assert has_facts(question, found.texts["returns.md"])
    assert not has_stale(question, found.texts["returns.md"])


def test_the_same_documents_and_examples_give_the_same_second_version() -> None:
    text = "Items come back within 27 days."
    assert made(text) == made(text)


def test_a_sentence_said_again_changes_everywhere() -> None:
    found = made("Back within 27 days.\n\n## In short\n\nBack within 27 days.\n")
    assert found.texts["returns.md"].count(found.swaps[0].new) == 2
    assert "27" not in found.texts["returns.md"]


def test_other_numbers_of_the_same_fact_stay() -> None:
    told = "£150 within 30 days"
    (question,) = made(f"We refund {told}.", asks(told, reference=f"It is {told}.")).questions
    assert question.facts[0][0].endswith(" within 30 days")
    assert "£150" not in question.facts[0][0]


def test_facts_beside_it_stay() -> None:
    example = Example(
        id="e",
        input="What and when?",
        references=("The label costs £3.20, paid within 27 days.",),
        documents=("returns.md",),
        facts=(("bank transfer",), WINDOW),
    )
    (question,) = made("Back within 27 days, by bank transfer.", example).questions
    assert question.facts[0] == ("bank transfer",)
    assert "£3.20" in question.reference


def test_without_facts_the_value_of_the_reference_is_asked_for() -> None:
    example = Example(id="e", input="How long?", references=("You have 27 days.",), documents=("returns.md",))
    (question,) = made("Back within 27 days.", example).questions
    new = re.search(r"\d+", question.reference)[0]  # type: ignore[index]
    assert question.facts == (
        (f"{new} days", f"{number_words(int(new))} days", f"{number_words(int(new)).capitalize()} days"),
    )
    assert question.stale == ("27 days",)


def test_other_wordings_of_the_fact_are_asked_and_none_is_invented() -> None:
    examples = [asks(*WINDOW, name=name, fact="window") for name in ("a", "b")]
    other = asks("Leeds", name="c", reference="In Leeds.", fact="place")
    found = made("Back within 27 days, in Leeds.", *examples, other)
    assert [(q.id, q.input) for q in found.questions] == [("a", "How long, a?"), ("b", "How long, b?")]
    assert {q.fact for q in found.questions} == {"window"}


def test_an_example_of_another_fact_that_says_the_value_is_known_to_be_touched() -> None:
    other = asks("27 days", "27 days from now", name="b", reference="27 days and £5.", fact="both")
    given_away = Example(id="c", input="Is it 27 days?", references=("Yes, 27 days.",), documents=("returns.md",))
    found = made("Back within 27 days.", asks(*WINDOW, fact="window"), other, given_away)
    assert len(found.swaps) == 1
    assert found.touched == ("b", "c", "e")
    assert [question.id for question in found.questions] == ["e", "b"]


def test_at_most_so_many_values_are_exchanged() -> None:
    examples = [asks(f"{n}7 eggs", name=str(n), reference=f"{n}7 eggs.", fact=str(n)) for n in range(2, 8)]
    text = "\n".join(f"Box {'abcdefgh'[n]} holds {n}7 eggs." for n in range(2, 8))
    assert len(made(text, *examples, most=2).swaps) == 2


def test_a_new_value_stands_nowhere_yet() -> None:
    taken = " ".join(f"Box {n} is red." for n in (*range(14, 27), *range(28, 54)))
    found = made(f"Back within 27 days. {taken}")
    assert found.swaps[0].new == "54 days"


def test_a_value_that_one_swap_took_away_does_not_come_back_by_another() -> None:
    examples = [asks(f"{n} eggs", name=f"e{n}", reference=f"{n} eggs.", fact=str(n)) for n in (4, 5, 6, 7, 8)]
    found = made("\n".join(f"The {'abcdefghi'[n]} box holds {n} eggs." for n in (4, 5, 6, 7, 8)), *examples)
    assert len(found.swaps) > 1
    assert not {swap.new for swap in found.swaps} & {f"{n} eggs" for n in (4, 5, 6, 7, 8)}


def test_on_real_pages_every_question_is_answered_by_the_new_pages_and_none_by_the_old() -> None:
    project = Project.open(Path(__file__).parents[2] / "examples" / "policy-bot")
    read_pages = [read(file.path, file.name, file.metadata) for file in project.knowledge.files()]
    pages = [page for page in read_pages if isinstance(page, Document)]
    found = make(pages, project.exam.examples)
    old = {page.name: page.text for page in pages}
    assert len(found.swaps) == 20
    for question in found.questions:
        before = "\n".join(old[name] for name in question.documents)
        after = "\n".join({**old, **found.texts}[name] for name in question.documents)
        assert has_facts(question, after)
        assert has_facts(question, question.reference)
        assert not has_facts(question, before)
        assert not has_stale(question, after)
        assert not has_stale(question, question.reference)
    for name, text in found.texts.items():
        pairs = list(zip(old[name].splitlines(), text.splitlines(), strict=True))
        assert 0 < sum(one != other for one, other in pairs) <= sum(name in swap.documents for swap in found.swaps)


# Refusals.


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Back within a month.", "it stands in no document in these words"),
        ("Back within 127 days.", "it stands in no document in these words"),
        ("Returns: 27 days. Refunds: 27 days.", "the document says it in several sentences"),
        ("Back within 27 days. On day 27 we close.", "the same value stands elsewhere in the document"),
        ("Back within 20 to 27 days.", "it cannot be told what the value is where it stands"),
        ("Back within Twenty-Seven days.", "it cannot be told what the value is where it stands"),
    ],
)
def test_what_is_ambiguous_is_refused(text: str, reason: str) -> None:
    assert refusal(text) == reason


def test_the_same_number_of_something_else_is_no_reason_to_refuse() -> None:
    found = made("Back within 27 days. Parcels weigh at most 27 kg.")
    assert "27 kg" in found.texts["returns.md"]
    assert "27 days" not in found.texts["returns.md"]


def test_a_value_that_other_documents_say_is_refused() -> None:
    other = page("In Ireland it is 27 days.", "ireland.md")
    assert refusal("Back within 27 days.", others=[other]) == "other documents say it too"


def test_a_value_that_both_named_documents_say_changes_in_both() -> None:
    other = page("In Ireland it is 27 days.", "ireland.md")
    both = asks(*WINDOW, documents=("returns.md", "ireland.md"))
    assert set(made("Back within 27 days.", both, others=[other]).texts) == {"returns.md", "ireland.md"}


def test_a_fact_without_a_value_is_refused() -> None:
    assert refusal("We pay by bank transfer.", asks("bank transfer")) == "no value that can be exchanged"


def test_a_question_that_gives_the_old_value_away_is_not_asked() -> None:
    example = Example(
        id="e", input="Is it 27 days?", references=("27 days.",), documents=("returns.md",), facts=(WINDOW,)
    )
    assert refusal("Back within 27 days.", example) == "no question asks for it alone"


def test_a_fact_that_may_be_told_without_its_value_is_not_asked_for() -> None:
    assert refusal("Back within 27 days.", asks("27 days", "no hurry")) == "no question asks for it alone"


def test_a_document_that_cannot_be_written_again_is_refused() -> None:
    assert refusal("Back within 27 days.", fixed=["returns.md"]) == "only plain text and Markdown can be changed"


def test_unanswerable_examples_are_left_alone() -> None:
    nothing = made("Back within 27 days.", asks(*WINDOW, answerable=False))
    assert (nothing.swaps, nothing.refused) == ((), {})
