"""Doubtful references: labels at odds with each other, and arms that agree although they cannot have it from each other."""

from typing import Any

import pytest

from openbook.compare.causes.doubt import Other, contradicted, disputed
from openbook.core.types import Answer, Example
from openbook.ingest.groups import group
from small_project import example, hit

QUESTION = (
    "How long may a guest keep a borrowed book before a fee is due at the city library on a normal weekday please"
)


def odds(*examples: Example) -> dict[str, str]:
    return contradicted(examples, group(examples).twins)


def labelled(name: str, answer: str, question: str = QUESTION, **fields: Any) -> Example:
    return example(name, question, references=(answer,), **fields)


def test_one_question_with_two_labels_contradicts_itself() -> None:
    assert odds(labelled("a", "27 days"), labelled("b", "30 days")) == {"a": "b", "b": "a"}


def test_labels_that_agree_contradict_nothing() -> None:
    assert odds(labelled("a", "27 days"), labelled("b", "27 days.")) == {}
    long = "You may keep it for 27 days, then a fee is due."
    assert odds(labelled("a", long), labelled("b", "A fee is due when you keep it for more than 27 days.")) == {}


def test_facts_decide_where_both_have_some() -> None:
    facts: dict[str, Any] = {"facts": (("27 days",),)}
    assert (
        odds(labelled("a", "You have 27 days.", **facts), labelled("b", "Bring it back within 27 days!", **facts)) == {}
    )
    assert odds(labelled("a", "Within 27 days.", **facts), labelled("b", "Within 9 days.", facts=(("9 days",),)))


def test_answerable_here_and_unanswerable_there_is_a_contradiction() -> None:
    assert odds(labelled("a", "27 days"), labelled("b", "No idea", answerable=False))
    assert not odds(labelled("a", "Unknown", answerable=False), labelled("b", "No idea", answerable=False))


def test_nearly_the_same_question_about_another_number_is_another_question() -> None:
    long = f"{QUESTION} and thank you very much for all of your help with this and the other things that I asked about"
    other = long.replace("a borrowed", "2 borrowed")
    assert odds(labelled("a", "27 days", long), labelled("b", "30 days", long.replace("please", "kindly")))
    assert not odds(labelled("a", "27 days", long), labelled("b", "30 days", other))


def given(text: str, passage: str = "") -> Other:
    hits = (hit("a.md", passage),) if passage else ()
    return Other(answer=Answer(text=text, hits=hits), looks_up=bool(passage))


ASKED = example("q", facts=(("27 days",),))
PASSAGE = "A borrowed book is due back after 30 days."


def test_an_arm_that_looked_up_and_one_that_did_not_dispute_a_reference() -> None:
    said = "It is due after 30 days"
    assert disputed(ASKED, [given(f"{said} [a]", PASSAGE), given(f"{said}.")])


@pytest.mark.parametrize(
    "answers",
    [
        [given("due after 30 days", PASSAGE), given("due after 30 days", PASSAGE)],
        [given("due after 30 days"), given("due after 30 days")],
        [given("due after 30 days", PASSAGE), given("due after 31 days")],
        [given("due after 30 days", "Dogs are welcome."), given("due after 30 days")],
        [given("due after 30 days", f"{PASSAGE} Members: 27 days."), given("due after 30 days")],
        [given("No", "No dogs."), given("No")],
    ],
    ids=["same passage", "nobody looked", "no agreement", "no support", "the reference is there too", "a word"],
)
def test_less_than_that_leaves_the_reference_alone(answers: list[Other]) -> None:
    assert not disputed(ASKED, answers)
