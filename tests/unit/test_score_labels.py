"""The label that an answer gives, accuracy, and the macro-average over classes."""

import pytest

from openbook.core.types import Answer, Example, Score
from openbook.score.labels import ABSTAINED, Accuracy, MacroF1, given_label, label_set
from small_project import example

LABELS = frozenset({"card arrival", "refund", "lost card"})


def wants(label: str, *others: str, answerable: bool = True) -> Example:
    return example(label, references=(label, *others), answerable=answerable)


@pytest.mark.parametrize(
    "text",
    [
        "card_arrival",
        "  Card arrival.\n",
        '"CARD-ARRIVAL"',
        "Label: card arrival",
        "Card arrival\n\nBecause the card has not come.",
        '{"label": "card_arrival"}',
        '```json\n{"intent": "Card arrival", "sure": true}\n```',
        "**card arrival**",
    ],
)
def test_a_label_is_found_in_every_form_that_a_program_could_read(text: str) -> None:
    assert given_label(text, LABELS) == "card arrival"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "This is not a refund.",
        "refund or lost card",
        '{"first": "refund", "second": "lost card"}',
        "refunds",
        "{",
        "I think the label is: refund",
    ],
)
def test_a_sentence_about_labels_gives_none(text: str) -> None:
    assert given_label(text, LABELS) is None


def test_the_label_set_is_that_of_the_answerable_references_in_one_spelling() -> None:
    examples = [wants("lost_card", "Lost card"), wants("refund"), wants("I don't know.", answerable=False)]
    assert label_set(examples) == ("lost card", "refund")


def test_accuracy_takes_any_accepted_label_and_an_abstention_where_there_is_no_answer() -> None:
    examples = [wants("refund", "lost card"), wants("refund"), wants("?", answerable=False), wants("refund")]
    answers = [Answer(text="Lost card"), Answer(text="lost card"), Answer(text="?", abstained=True), Answer(text="?")]
    assert Accuracy(LABELS_SORTED).score(examples, answers) == [
        Score(values=(value,)) for value in (1.0, 0.0, 1.0, 0.0)
    ]


LABELS_SORTED = sorted(LABELS)


def test_macro_f1_is_the_mean_over_classes_and_not_over_answers() -> None:
    metric = MacroF1(["a", "b"])
    examples = [wants("a")] * 8 + [wants("b")] * 2
    answers = [Answer(text="a")] * 10
    matrix = [s.values for s in metric.score(examples, answers) if isinstance(s, Score)]
    assert metric.reduce(matrix) == pytest.approx((16 / 18 + 0) / 2)


def test_an_answer_without_a_label_misses_its_class_and_counts_against_no_other() -> None:
    metric = MacroF1(["a", "b"])
    examples, answers = [wants("a"), wants("a"), wants("b")], [Answer(text="a"), Answer(text="hm"), Answer(text="b")]
    matrix = [s.values for s in metric.score(examples, answers) if isinstance(s, Score)]
    assert metric.reduce(matrix) == pytest.approx((2 / 3 + 1) / 2)
    assert {part.name: part.figures for part in metric.parts(examples, answers)} == {
        "a": {"precision": 1.0, "recall": 0.5, "f1": pytest.approx(2 / 3)},
        "b": {"precision": 1.0, "recall": 1.0, "f1": 1.0},
        "(no label)": {"share": pytest.approx(1 / 3)},
    }


def test_out_of_scope_is_a_class_of_its_own() -> None:
    metric = MacroF1(["a"])
    examples = [wants("a"), wants("x", answerable=False)]
    answers = [Answer(text="a"), Answer(text="a")]
    found = {part.name: part.figures for part in metric.parts(examples, answers)}
    assert found[ABSTAINED] == {"precision": None, "recall": 0.0, "f1": 0.0}
    assert found["a"]["precision"] == 0.5


def test_another_label_set_is_another_metric() -> None:
    assert MacroF1(["a", "b"]).signature != MacroF1(["a", "c"]).signature
    assert MacroF1(["b", "a"]).signature == MacroF1(["a", "B"]).signature
