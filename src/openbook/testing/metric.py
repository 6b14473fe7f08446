"""Conformance suite of the `Metric` protocol. Subclass it in your tests and give it a metric:

    class TestMyMetric(MetricConformance):
        @pytest.fixture
        def metric(self) -> Metric:
            return MyMetric()

Knows no formula: it checks what the layers above rely on. Override `cases` where the metric needs examples of its own.
"""

import math

import pytest

from openbook.core.protocols import Metric
from openbook.core.types import Answer, Chunk, Example, Failure, Hit, Score

Case = tuple[Example, Answer]


def usual_cases() -> list[Case]:
    """Examples with and without everything a metric may need, and answers good, bad, empty and odd."""
    window = Example(
        id="window",
        input="How long do I have?",
        references=("You have 27 days from delivery. [returns-uk]", "27 days. [returns-uk]"),
        documents=("policies/returns-uk.md",),
        facts=(("27 days", "twenty-seven days"),),
        stale=("30 days",),
    )
    bare = Example(id="bare", input="A label?", references=("refund",))
    unknown = Example(
        id="unknown", input="Do you sell bread?", references=("I don't know.",), answerable=False, stale=("yes, we do",)
    )
    foreign = Example(
        id="foreign", input="期間は?", references=("27日です",), facts=(("27日",),), documents=("返品.md",)
    )
    deleted = Example(id="deleted", input="And now?", references=(), answerable=False)
    ticket = Example(id="ticket", input="Refund me!", references=('{"label": "refund", "days": [27, 3]}',))
    chunk = Chunk(document="policies/returns-uk.md", text="You have 27 days.", start=0, end=17)
    hits = (Hit(chunk=chunk, score=1.0),)
    return [
        (window, Answer(text="You have 27 days from delivery. [returns-uk]", hits=hits)),
        (window, Answer(text="It was 30 days, it is 27 days now [1].", hits=hits)),
        (window, Answer(text="")),
        (window, Answer(text="I don't know.", abstained=True)),
        (bare, Answer(text="refund")),
        (bare, Answer(text='{"label": "refund"}', finish="length")),
        (ticket, Answer(text='Here you are: {"days": [3, 27.0], "label": "Refund"}')),
        (ticket, Answer(text='{"label": "refund", "days": null}')),
        (unknown, Answer(text="I don't know.", abstained=True)),
        (unknown, Answer(text="Yes, we do.")),
        (foreign, Answer(text="27日です [返品]")),
        (foreign, Answer(text="\x00 🎒\n\n[[[{" + "word " * 400)),
        (deleted, Answer(text="Nobody knows.", abstained=True)),
    ]


class MetricConformance:
    """What every metric must do: n in, n out, in order; finite or not at all; figures that do not depend on order."""

    @pytest.fixture
    def metric(self) -> Metric:
        raise NotImplementedError("a subclass gives the fixture `metric`")

    @pytest.fixture
    def cases(self) -> list[Case]:
        return usual_cases()

    def test_fulfils_the_protocol(self, metric: Metric) -> None:
        assert isinstance(metric, Metric)
        assert isinstance(metric.higher_is_better, bool)
        assert isinstance(metric.binary, bool)

    def test_has_a_name_and_a_signature_that_scoring_does_not_change(self, metric: Metric, cases: list[Case]) -> None:
        before = metric.signature
        _score(metric, cases)
        assert metric.name.strip()
        assert before.strip()
        assert metric.signature == before

    def test_judges_some_of_the_cases(self, metric: Metric, cases: list[Case]) -> None:
        assert _matrix(metric, cases), "no case has what this metric needs: override `cases`"

    def test_gives_one_result_for_each_answer_in_order(self, metric: Metric, cases: list[Case]) -> None:
        together = _score(metric, cases)
        assert len(together) == len(cases)
        assert together == [_score(metric, [case])[0] for case in cases]
        assert together[::-1] == _score(metric, cases[::-1])

    def test_scores_the_same_answers_the_same_again(self, metric: Metric, cases: list[Case]) -> None:
        assert _score(metric, cases) == _score(metric, cases)

    def test_an_empty_list_is_fine(self, metric: Metric) -> None:
        assert metric.score([], []) == []

    def test_refuses_lists_of_unequal_length(self, metric: Metric, cases: list[Case]) -> None:
        examples = [example for example, _ in cases]
        with pytest.raises(ValueError):
            metric.score(examples, [answer for _, answer in cases[1:]])

    def test_gives_finite_scores_of_one_width(self, metric: Metric, cases: list[Case]) -> None:
        matrix = _matrix(metric, cases)
        assert all(math.isfinite(value) for row in matrix for value in row)
        assert {len(row) for row in matrix} == {len(matrix[0])}
        assert len(matrix[0]) > 0

    def test_gives_none_by_the_example_and_not_by_the_answer(self, metric: Metric, cases: list[Case]) -> None:
        for example, answer in cases:
            for _, other in cases:
                first, second = metric.score([example, example], [answer, other])
                assert (first is None) == (second is None), f"{example.id}: {answer.text!r} against {other.text!r}"

    def test_failures_are_sentences_of_the_score_stage(self, metric: Metric, cases: list[Case]) -> None:
        for result in _score(metric, cases):
            if isinstance(result, Failure):
                assert result.stage == "score"
                assert result.error
                assert result.message

    def test_the_figure_of_one_answer_is_its_own_value(self, metric: Metric, cases: list[Case]) -> None:
        for row in _matrix(metric, cases):
            figure = metric.reduce([row])
            assert math.isfinite(figure)
            if len(row) == 1:
                assert figure == row[0]

    def test_the_figure_does_not_depend_on_order(self, metric: Metric, cases: list[Case]) -> None:
        matrix = _matrix(metric, cases)
        assert metric.reduce(matrix[::-1]) == pytest.approx(metric.reduce(matrix), abs=1e-12)

    def test_refuses_to_make_a_figure_of_nothing(self, metric: Metric) -> None:
        with pytest.raises(ValueError):
            metric.reduce([])

    def test_a_binary_metric_scores_0_or_1(self, metric: Metric, cases: list[Case]) -> None:
        if metric.binary:
            assert all(row in ([0.0], [1.0]) for row in _matrix(metric, cases))


def _score(metric: Metric, cases: list[Case]) -> list[Score | Failure | None]:
    return metric.score([example for example, _ in cases], [answer for _, answer in cases])


def _matrix(metric: Metric, cases: list[Case]) -> list[list[float]]:
    return [list(result.values) for result in _score(metric, cases) if isinstance(result, Score)]
