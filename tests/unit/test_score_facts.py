"""Facts, staleness, abstention, citation and cost of single answers."""

import pytest

from openbook.core.types import Answer, Chunk, Example, Hit, Score, Usage
from openbook.score.abstain import Abstention
from openbook.score.citation import CitesRight
from openbook.score.cost import answer_usd, busy_seconds, machine_usd, per_1000, tokens_usd
from openbook.score.facts import FactsRight, StaleWording, freshness_class

WINDOW = Example(
    id="window",
    input="How long, and what does it cost?",
    references=("27 days and £4.",),
    documents=("policies/returns-uk.md",),
    facts=(("27 days", "twenty-seven days"), ("£4",)),
    stale=("30 days",),
)
UNKNOWN = Example(id="unknown", input="Bread?", references=("I don't know.",), answerable=False)
DELETED = Example(id="deleted", input="Bread?", references=("I don't know.",), answerable=False, stale=("30 days",))


def facts(example: Example, text: str, *, abstained: bool = False) -> float | None:
    return FactsRight().mark(example, Answer(text=text, abstained=abstained))


def test_facts_are_right_when_every_group_has_one_of_its_wordings() -> None:
    assert facts(WINDOW, "Twenty-seven days, for £4.") == 1
    assert facts(WINDOW, "27 days.") == 0
    assert facts(WINDOW, "") == 0


def test_facts_are_wrong_when_a_stale_wording_stands_beside_them() -> None:
    assert facts(WINDOW, "27 days, not 30 days, for £4.") == 0


def test_an_unanswerable_example_is_right_when_the_answer_abstains() -> None:
    assert facts(UNKNOWN, "I don't know.", abstained=True) == 1
    assert facts(UNKNOWN, "Yes, we do.") == 0


def test_an_abstention_that_repeats_a_deleted_fact_is_wrong() -> None:
    assert facts(DELETED, "I don't know, it was 30 days.", abstained=True) == 0


def test_an_example_without_facts_is_not_judged_by_them() -> None:
    assert facts(Example(id="1", input="?", references=("r",), stale=("30 days",)), "r") is None


def test_stale_counts_wordings_that_are_no_longer_true() -> None:
    metric = StaleWording()
    assert metric.mark(WINDOW, Answer(text="30 days")) == 1
    assert metric.mark(WINDOW, Answer(text="130 days")) == 0
    assert metric.mark(UNKNOWN, Answer(text="30 days")) is None
    assert not metric.higher_is_better


@pytest.mark.parametrize(
    ("example", "text", "abstained", "expected"),
    [
        (WINDOW, "27 days and £4", False, "fresh"),
        (WINDOW, "30 days", False, "stale"),
        (WINDOW, "27 days and £4, it was 30 days", False, "both"),
        (WINDOW, "27 days", False, "neither"),
        (WINDOW, "Ask the crew.", True, "abstained"),
        (WINDOW, "I don't know, it was 30 days.", True, "stale"),
        (DELETED, "I don't know.", True, "abstained"),
        (DELETED, "30 days", False, "stale"),
        (DELETED, "Yes.", False, "neither"),
    ],
)
def test_freshness_is_told_by_what_stands_in_the_answer(
    example: Example, text: str, abstained: bool, expected: str
) -> None:
    assert freshness_class(example, Answer(text=text, abstained=abstained)) == expected


def test_abstaining_is_right_only_where_nothing_can_be_answered() -> None:
    marks = [
        Abstention().mark(example, Answer(text="", abstained=abstained))
        for example in (WINDOW, UNKNOWN)
        for abstained in (False, True)
    ]
    assert marks == [1, 0, 0, 1]


def hit(name: str) -> Hit:
    return Hit(chunk=Chunk(document=name, text="text", start=0, end=4), score=1.0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("27 days. [returns-uk]", (1, 1, 1)),
        ("27 days. [Returns-UK] [shipping]", (1, 2, 1)),
        ("27 days. [returns-uk; shipping]", (1, 2, 1)),
        ("27 days. [policies/returns-uk.md]", (1, 1, 1)),
        ("27 days. [2]", (1, 1, 1)),
        ("27 days. [1, 2]", (1, 2, 1)),
        ("27 days. [3]", (0, 1, 1)),
        ("27 days. [0]", (0, 1, 1)),
        ("27 days. [none]", (0, 0, 1)),
        ("27 days. [returns-uk](https://example.org)", (0, 0, 1)),
        ("27 days. [returns-uk] [returns-uk]", (1, 1, 1)),
        ("27 days.", (0, 0, 1)),
    ],
)
def test_cited_labels_are_counted_against_the_examples_documents(text: str, expected: tuple[int, ...]) -> None:
    answer = Answer(text=text, hits=(hit("shipping.md"), hit("policies/returns-uk.md")))
    assert CitesRight().score([WINDOW], [answer]) == [Score(values=tuple(map(float, expected)))]


def test_labels_that_look_like_numbers_or_lists_are_taken_whole() -> None:
    example = Example(id="1", input="?", references=("r",), documents=("2023.md", "terms, old.md", "v1.2.md"))
    answer = Answer(text="[2023] [terms, old] [v1.2]", hits=(hit("other.md"),))
    assert CitesRight().score([example], [answer]) == [Score(values=(3, 3, 3))]


def test_citations_are_averaged_over_labels() -> None:
    matrix = [(1.0, 2.0, 1.0), (0.0, 0.0, 1.0)]
    metric = CitesRight()
    assert metric.precision(matrix) == 1 / 2
    assert metric.recall(matrix) == 1 / 2
    assert metric.reduce([*matrix, (1.0, 1.0, 1.0)]) == 2 * 2 / (3 + 3)
    assert metric.precision([(0.0, 0.0, 1.0)]) is None


def test_examples_without_documents_are_not_judged_by_citations() -> None:
    assert CitesRight().score([UNKNOWN], [Answer(text="[none]")]) == [None]


def test_a_paid_models_answer_costs_its_tokens() -> None:
    answer = Answer(text="x", usage=Usage(input_tokens=2000, output_tokens=500), seconds={"generate": 9.0})
    assert answer_usd(answer, usd_per_hour=99, prices=(0.5, 2.0)) == pytest.approx(0.002)
    assert tokens_usd(Usage(), prices=(1, 1)) == 0


def test_a_local_models_answer_costs_the_seconds_that_the_machine_was_busy() -> None:
    answer = Answer(text="x", seconds={"retrieve": 1.0, "first_token": 2.0, "generate": 35.0})
    assert busy_seconds(answer) == 36
    assert busy_seconds(Answer(text="", seconds={"retrieve": 1.0, "first_token": 2.0})) == 3
    assert answer_usd(answer, usd_per_hour=0.1) == pytest.approx(0.001) == machine_usd(36, usd_per_hour=0.1)


def test_the_price_of_a_thousand_answers_is_their_mean_times_a_thousand() -> None:
    assert per_1000([0.001, 0.003]) == pytest.approx(2.0)
    assert per_1000([]) is None
