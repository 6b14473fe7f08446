"""Which metrics mark a comparison, which one decides, and what is refused before anything runs."""

from pathlib import Path
from typing import Any

import pytest

from openbook.compare.marking.metrics import metrics_for
from openbook.config import parse
from openbook.core.errors import ConfigError
from openbook.core.types import Example
from small_project import example

PLAIN = [example("e")]
FACTS = [example("e", facts=(("£3",),), documents=("a.md",), stale=("£2",)), example("u", answerable=False)]


def names(examples: list[Example], *, task: str = "answer", root: Path = Path(), **compare: Any) -> list[str]:
    config = parse({"documents": {"sources": ["*.md"]}, "project": {"task": task}, "compare": compare})
    return [metric.name for metric in metrics_for(config, examples, root=root)]


def test_facts_decide_where_examples_carry_them_and_token_overlap_where_not() -> None:
    assert names(FACTS)[0] == "facts"
    assert names(PLAIN)[0] == "f1"


@pytest.mark.parametrize(
    ("task", "first"), [("classify", "accuracy"), ("summarise", "rouge_l"), ("generate", "rouge_l")]
)
def test_other_tasks_have_a_primary_metric_of_their_own(task: str, first: str) -> None:
    assert names(FACTS, task=task)[0] == first


def test_only_what_the_examples_carry_is_marked() -> None:
    assert set(names(PLAIN)) == {"f1", "exact_match", "rouge_l", "bleu", "grounding"}
    assert {"facts", "stale", "citation", "retrieval_recall", "retrieval_ndcg", "abstention"} < set(names(FACTS))


def test_the_configured_metric_decides_and_checks_come_after_it() -> None:
    kpis = [{"name": "greets", "pattern": "Hello.*"}]
    assert names(FACTS, metric="rouge_l", kpis=kpis)[:2] == ["rouge_l", "greets"]
    assert names(FACTS, metric="greets", kpis=kpis)[0] == "greets"


def test_a_metric_of_another_task_can_be_asked_for() -> None:
    assert names(FACTS, task="classify", metric="f1")[0] == "f1"


@pytest.mark.parametrize(
    ("examples", "compare", "says"),
    [
        (FACTS, {"metric": "fact"}, "no metric named 'fact'. Did you mean 'facts'"),
        (FACTS, {"metric": "bleu"}, "'bleu' is one figure for all answers together"),
        (FACTS, {"metric": "citation"}, "'citation' is one figure for all answers together"),
        (FACTS, {"metric": "macro_f1"}, "'macro_f1' is one figure for all answers together"),
        (FACTS, {"metric": "grounding"}, "'grounding' says nothing of the arms that look nothing up"),
        (FACTS, {"metric": "retrieval_ndcg"}, "'retrieval_ndcg' says nothing of the arms that look nothing up"),
        (PLAIN, {"metric": "citation"}, "'citation' is one figure for all answers together"),
        (PLAIN, {"metric": "record_match"}, "no example carries what 'record_match' looks at"),
        (PLAIN, {"metric": "facts"}, "no example carries what 'facts' looks at"),
        (PLAIN, {"metric": "stale"}, "no example carries what 'stale' looks at"),
        (FACTS, {"kpis": [{"name": "facts", "pattern": "x"}]}, "'facts' is taken by a metric of Openbook's own"),
        (
            FACTS,
            {"kpis": [{"name": "a", "pattern": "x"}, {"name": "a", "pattern": "y"}]},
            "'a' is taken by another KPI",
        ),
        (FACTS, {"kpis": [{"name": "a", "pattern": "("}]}, "not a regular expression"),
        (FACTS, {"kpis": [{"name": "a", "call": "nowhere:f"}]}, "no module 'nowhere'"),
    ],
)
def test_what_cannot_decide_or_is_wrong_is_refused(examples: list[Example], compare: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says.replace("(", r"\(")):
        names(examples, **compare)


def test_a_check_may_be_a_function_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "house.py").write_text("def polite(example, text):\n    return 'please' in text\n")
    assert "polite" in names(FACTS, root=tmp_path, kpis=[{"name": "polite", "call": "house:polite"}])


RECORDS = [example("r", references=('{"a": 1}',))]
LABELS = [example(f"l{n}", references=("ab"[n % 2],)) for n in range(6)]


def test_an_extraction_is_marked_by_its_fields_where_references_are_records() -> None:
    assert names(RECORDS, task="extract")[:3] == ["field_match", "record_match", "json_valid"]
    assert names(PLAIN, task="extract")[0] == "f1"
    assert names(FACTS, task="extract")[0] == "facts"


def test_a_macro_average_needs_labels_and_not_texts() -> None:
    assert "macro_f1" in names(LABELS, task="classify")
    assert "macro_f1" not in names(PLAIN, task="classify")


def test_a_style_is_a_metric_of_weighted_checks() -> None:
    checks = [{"words": [1, 9], "weight": 2}, {"require": ["hi"]}, {"forbid": ["maybe"]}, {"pattern": "H.*"}]
    assert "voice" in names(PLAIN, kpis=[{"name": "voice", "checks": checks}])


@pytest.mark.parametrize(
    ("check", "says"),
    [
        ({}, "a check has exactly one of"),
        ({"pattern": "x", "words": [1, 2]}, "a check has exactly one of"),
        ({"words": [3, 2]}, "fewest and the most words"),
        ({"forbid": [" "]}, "a wording is blank"),
        ({"require": ["x"], "against": "o.jsonl"}, "`against` belongs to `like = true`"),
        ({"like": True, "weight": 0}, "greater than 0"),
        ({"patern": "x"}, "no key named 'patern'. Did you mean 'pattern'"),
        ({"pattern": "("}, "not a regular expression"),
        ({"like": True}, "learns from a project's training examples"),
    ],
)
def test_a_check_that_is_none_is_refused(check: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        names(PLAIN, kpis=[{"name": "voice", "checks": [check]}])
