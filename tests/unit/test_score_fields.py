"""Extraction: JSON or not, fields and whole records against the reference."""

import json
from typing import Any

import pytest

from openbook.core.types import Answer
from openbook.score.fields import FieldMatch, JsonValid, RecordMatch, leaves
from small_project import example

WANTED = {"name": "Ann Bell", "items": [{"sku": "a1", "count": 2}, {"sku": "b2", "count": 1}], "urgent": True}
ORDER = example("order", references=(json.dumps(WANTED),))


def marks(answer: Any) -> tuple[float | None, ...]:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    given = Answer(text=text)
    found = (metric.mark(ORDER, given) for metric in (JsonValid(), FieldMatch(), RecordMatch()))
    return tuple(value if isinstance(value, float) else None for value in found)


def test_the_same_record_in_another_order_and_case_is_the_same() -> None:
    same = {"urgent": True, "items": [{"count": 1.0, "sku": "B2"}, {"sku": "a1", "count": 2}], "name": " ann  bell"}
    assert marks(f"Sure!\n```json\n{json.dumps(same)}\n```") == (1.0, 1.0, 1.0)


def test_a_wrong_a_missing_and_a_further_field_cost_what_they_are_worth() -> None:
    assert marks({**WANTED, "name": "Bob"}) == (1.0, pytest.approx(10 / 12), 0.0)
    assert marks({key: WANTED[key] for key in ("name", "items")}) == (1.0, pytest.approx(10 / 11), 0.0)
    assert marks({**WANTED, "note": "x"}) == (1.0, pytest.approx(12 / 13), 0.0)


@pytest.mark.parametrize("text", ["", "Ann Bell, urgent", '{"name": "Ann', '"Ann Bell"', "12"])
def test_no_record_is_nothing_right(text: str) -> None:
    assert marks(text) == (0.0, 0.0, 0.0)


def test_types_count_and_null_is_absence() -> None:
    assert leaves({"a": 1}) == leaves({"a": 1.0, "b": None})
    assert leaves({"a": 1}) != leaves({"a": "1"})
    assert leaves({"a": 1}) != leaves({"a": True})
    assert leaves({"a": 10**400}) == leaves({"a": 10**400})


def test_references_that_are_no_records_are_not_marked() -> None:
    cites = example("cites", references=("It takes 27 days [1].",))
    assert [metric.mark(cites, Answer(text="{}")) for metric in (JsonValid(), FieldMatch(), RecordMatch())] == [
        None
    ] * 3


def test_the_schema_of_the_answer_decides_what_is_valid() -> None:
    metric = JsonValid({"type": "object", "required": ["name"]})
    assert [metric.mark(ORDER, Answer(text=text)) for text in ('{"name": 1}', "{}", "no")] == [1.0, 0.0, 0.0]
    assert metric.signature != JsonValid().signature


def test_parts_are_precision_and_recall_of_each_field() -> None:
    answers = [Answer(text=json.dumps({**WANTED, "name": "Bob"})), Answer(text=json.dumps({"name": "Ann Bell"}))]
    found = {part.name: part for part in FieldMatch().parts([ORDER, ORDER], answers)}
    assert found["name"].figures == {"precision": 0.5, "recall": 0.5, "f1": 0.5}
    assert found["items[].sku"].figures == {"precision": 1.0, "recall": 0.5, "f1": pytest.approx(2 / 3)}
    assert found["items[].sku"].n == 4
