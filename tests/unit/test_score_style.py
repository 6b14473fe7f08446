"""A style as weighted checks, and the classifier that tells a house's texts from others."""

import random

import pytest

from openbook.core.errors import ConfigError
from openbook.core.types import Answer
from openbook.score.likeness import Text, accuracy, train
from openbook.score.style import Form, Length, Like, Style, StyleCheck, Weighted, Wordings
from small_project import example

ASKED = example("asked")
SUBJECTS = ("kettle", "bicycle", "tent", "boot", "lamp", "stove", "rope", "map", "sleeping bag", "compass")


def pile(form: str, *, per_subject: int = 3) -> list[Text]:
    return [
        Text(text=form.format(subject=subject, number=number), group=subject)
        for subject in SUBJECTS
        for number in range(per_subject)
    ]


HOUSE = pile("Hey there! Your {subject} is ready in {number} days. Cheers, the crew")
OTHERS = pile("The {subject} will be available for collection after {number} days.")


@pytest.mark.parametrize(
    ("check", "text", "passes"),
    [
        (Form("v", "Hello.+"), " Hello\nyou ", True),
        (Form("v", "Hello"), "Hello you", False),
        (Length(2, 3), "one  two\nthree", True),
        (Length(2, 3), "one", False),
        (Wordings(["Best wishes,", "crew"], forbidden=False), "best\nWishes, the crew", True),
        (Wordings(["crew"], forbidden=False), "The crewman", False),
        (Wordings(["!", "maybe"], forbidden=True), "No way!", False),
        (Wordings(["cat"], forbidden=True), "Concatenate.", True),
        (Wordings(["[none]"], forbidden=True), "x[none]y", False),
    ],
)
def test_each_check_looks_at_what_it_says(check: StyleCheck, text: str, passes: bool) -> None:
    assert check.passes(text) is passes


def test_the_mark_is_the_share_of_the_weights_and_the_parts_are_each_checks_share() -> None:
    checks = [Weighted(check=Length(1, 2), weight=3), Weighted(check=Wordings(["hi"], forbidden=False), weight=1)]
    style = Style(name="voice", checks=checks)
    answers = [Answer(text="hi you"), Answer(text="no"), Answer(text="hi to you")]
    assert [style.mark(ASKED, answer) for answer in answers] == [1.0, 0.75, 0.25]
    parts = style.parts([ASKED] * 3, answers)
    assert [(part.n, part.figures) for part in parts] == [
        (3, {"share": pytest.approx(2 / 3), "weight": 3}),
        (3, {"share": pytest.approx(2 / 3), "weight": 1}),
    ]
    assert style.signature != Style(name="voice", checks=checks[:1]).signature


def test_a_house_style_is_told_from_another_on_subjects_never_trained_on() -> None:
    found = accuracy(HOUSE, OTHERS)
    assert found.mean == 1.0
    assert 0.8 < found.low < 1.0
    assert found.groups == 20


def test_two_halves_of_one_pile_cannot_be_told_apart() -> None:
    draw = random.Random(3)
    halves: list[list[Text]] = [[], []]
    for one in pile("Your {subject} comes in {number} days.", per_subject=12):
        halves[draw.random() < 0.5].append(one)
    found = accuracy(*halves)
    assert found.low < 0.5 < found.high


def test_the_classifier_does_not_go_by_length() -> None:
    made = train([one.text for one in HOUSE], [one.text for one in OTHERS])
    assert made.like(" ".join(one.text for one in HOUSE[:6]))
    assert not made.like(" ".join(one.text for one in OTHERS[:6]))


def test_a_check_that_cannot_tell_styles_apart_warns() -> None:
    same = Like("voice", HOUSE[::2], HOUSE[1::2], named="texts of other.jsonl")
    assert "cannot tell the house's references from texts of other.jsonl" in same.remark()
    good = Like("voice", HOUSE, OTHERS, named="sentences of the documents")
    assert "cross-validated accuracy 1.00 [0." in good.remark()
    assert Style(name="v", checks=[Weighted(check=good, weight=1)]).remarks() == (good.remark(),)


def test_likeness_is_the_same_whatever_the_order_of_the_texts() -> None:
    shuffled = random.Random(1).sample(HOUSE, len(HOUSE))
    assert train([t.text for t in HOUSE], ["The tent."]) == train([t.text for t in shuffled], ["The tent."])


@pytest.mark.parametrize(("house", "others"), [(HOUSE[:9], OTHERS), (HOUSE, []), (HOUSE, [OTHERS[0]] * 12)])
def test_too_few_texts_are_refused(house: list[Text], others: list[Text]) -> None:
    with pytest.raises(ConfigError, match="`like` needs 10 texts of each kind, in at least 2 groups"):
        Like("voice", house, others, named="others")


def test_an_empty_answer_is_like_nobody() -> None:
    assert not Like("voice", HOUSE, OTHERS, named="others").passes(" ")


def test_a_broken_pattern_is_refused() -> None:
    with pytest.raises(ConfigError, match="not a regular expression"):
        Form("voice", "(")
