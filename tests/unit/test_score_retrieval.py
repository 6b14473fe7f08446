"""Recall and nDCG of the documents behind the passages."""

import math

import pytest

from openbook.core.types import Answer, Score
from openbook.score import METRICS
from openbook.score.retrieval import ndcg, recall
from small_project import example, hit


def mark(metric: str, found: list[str], wanted: tuple[str, ...]) -> float | None:
    answer = Answer(text="", hits=tuple(hit(name, f"passage {place}") for place, name in enumerate(found)))
    (score,) = METRICS.load(metric)().score([example("a", documents=wanted)], [answer])
    return score.values[0] if isinstance(score, Score) else score


def test_recall_is_the_share_of_the_named_documents() -> None:
    assert mark("retrieval_recall", ["a.md", "c.md"], ("a.md", "b.md")) == 0.5
    assert mark("retrieval_recall", ["c.md"], ("a.md",)) == 0.0


def test_two_passages_of_one_document_count_once() -> None:
    assert recall(["a", "a"], ["a", "b"]) == 0.5
    assert ndcg(["a", "a"], ["a", "b"], depth=2) == pytest.approx(1 / (1 + 1 / math.log2(3)))
    assert ndcg(["c", "c", "a"], ["a"], depth=3) == pytest.approx(1 / math.log2(3)), "a is the second document"


def test_the_further_down_the_less() -> None:
    marks = [mark("retrieval_ndcg", ["x.md"] * place + ["a.md"] + ["y.md"], ("a.md",)) for place in range(2)]
    assert marks == [1.0, pytest.approx(1 / math.log2(3))]
    assert mark("retrieval_ndcg", ["x.md"], ("a.md",)) == 0.0


def test_more_named_documents_than_passages_can_still_be_perfect() -> None:
    assert mark("retrieval_ndcg", ["a.md"], ("a.md", "b.md", "c.md")) == 1.0
    assert mark("retrieval_recall", ["a.md"], ("a.md", "b.md", "c.md")) == pytest.approx(1 / 3)


@pytest.mark.parametrize("metric", ["retrieval_recall", "retrieval_ndcg"])
def test_nothing_found_is_nought_and_nothing_named_is_no_mark(metric: str) -> None:
    assert mark(metric, [], ("a.md",)) == 0.0
    assert mark(metric, ["a.md"], ()) is None
