"""What a year costs: straight lines, where they cross, and what is not known; and two ways of training side by side."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbook.compare.comparison import compare
from openbook.compare.outcome import conclude
from openbook.compare.pages.costs_words import arm_cells, markdown, sentence
from openbook.compare.verdict.costs import (
    Line,
    cheapest,
    costs_row,
    crossing_in_queries,
    crossing_in_updates,
    line_of,
)
from small_project import open_project

RAG = Line(set_up=1.0, update=0.5, query=0.0004)
TUNED = Line(set_up=13.0, update=12.0, query=0.0001)
BASE = Line(set_up=0.0, update=0.0, query=0.0001)


def arm(kind: str, *, training: float = 0.0, indexing: float = 0.0, per_1000: float | None = 0.1) -> dict[str, Any]:
    return {"kind": kind, "usd": {"training": training, "indexing": indexing, "per_1000": per_1000}}


ARMS = {
    "base": arm("base", per_1000=0.1),
    "rag": arm("rag", indexing=1.0, per_1000=0.4),
    "tuned": arm("tuned", training=13.0, per_1000=0.1),
    "hybrid": arm("hybrid", training=20.0, indexing=1.0, per_1000=0.3),
}


def row(**changes: Any) -> dict[str, Any]:
    found = costs_row(ARMS, **{"queries": 10_000, "updates": 1, "reindexing": 0.5, **changes})
    assert found is not None
    return found


def test_a_year_is_the_set_up_and_twelve_months() -> None:
    assert RAG.year(queries=1000, updates=2) == pytest.approx(1.0 + 12 * (2 * 0.5 + 1000 * 0.0004))


def test_two_arms_cost_the_same_where_their_lines_cross() -> None:
    found = crossing_in_queries({"rag": RAG, "tuned": TUNED}, updates=1)
    assert found.at == pytest.approx((12 / 12 + 11.5) / 0.0003)
    assert (found.below, found.above) == ("rag", "tuned")
    assert crossing_in_queries({"tuned": TUNED, "rag": RAG}, updates=1) == found
    by_updates = crossing_in_updates({"rag": RAG, "tuned": TUNED}, queries=100_000)
    assert by_updates.at == pytest.approx((100_000 * 0.0003 * 12 - 12) / 12 / 11.5)
    assert (by_updates.below, by_updates.above) == ("tuned", "rag")


def test_an_arm_that_is_cheaper_in_everything_is_never_overtaken() -> None:
    found = crossing_in_queries({"rag": RAG, "base": BASE}, updates=1)
    assert (found.at, found.below, found.above) == (None, "base", "base")


def test_arms_that_cost_the_same_never_cross() -> None:
    found = crossing_in_queries({"one": BASE, "other": BASE}, updates=1)
    assert (found.at, found.below, found.above) == (None, "", "")


MONEY = st.floats(0, 100).map(lambda value: round(value, 4))
LINES = st.builds(Line, set_up=MONEY, update=MONEY, query=MONEY)


@given(a=LINES, b=LINES, updates=st.integers(0, 20))
def test_on_either_side_of_a_crossing_the_named_arm_is_cheaper(a: Line, b: Line, updates: int) -> None:
    lines = {"a": a, "b": b}
    found = crossing_in_queries(lines, updates=updates)
    if not found.below:
        return
    at = found.at if found.at is not None else 1.0
    for queries, cheaper in ((at / 2, found.below), (2 * at, found.above)):
        year = {name: line.year(queries=queries, updates=updates) for name, line in lines.items()}
        other = "a" if cheaper == "b" else "b"
        assert year[cheaper] <= year[other] + 1e-6


def test_an_update_re_indexes_what_is_looked_up_and_trains_anew_what_was_only_learnt() -> None:
    updates = {name: line.update for name, one in ARMS.items() if (line := line_of(one, reindexing=0.5))}
    assert updates == {"base": 0.0, "rag": 0.5, "tuned": 13.0, "hybrid": 0.5}
    assert line_of(ARMS["rag"], reindexing=None) == Line(set_up=1.0, update=1.0, query=0.0004)


def test_what_a_prompt_search_cost_is_part_of_the_set_up() -> None:
    line = line_of({**ARMS["rag"], "search": {"usd": 0.25}}, reindexing=0.5)
    assert line is not None
    assert line.set_up == pytest.approx(1.25)


def test_arms_of_unknown_price_controls_and_other_people_s_systems_have_no_line() -> None:
    assert line_of(arm("rag", per_1000=None), reindexing=None) is None
    assert line_of(arm("external"), reindexing=None) is None
    assert line_of(arm("rag-oracle"), reindexing=None) is None
    assert costs_row({"rag": ARMS["rag"]}, queries=1, updates=1, reindexing=None) is None


def test_the_sentence_names_the_cheapest_first_and_where_rivals_meet() -> None:
    report = {"costs": row(), "arms": ARMS}
    assert cheapest(report["costs"]) == ["base", "rag", "hybrid", "tuned"]
    said = sentence(report)
    assert said.startswith(
        "At 10,000 queries and 1 update of the documents a month, the first year costs, the cheapest"
    )
    assert "base $12.00, rag $55.00, hybrid $63.00, tuned $181.00." in said
    assert "rag and tuned: equal at 45,000, beyond it tuned is cheaper (queries a month)" in said
    assert "rag and hybrid: equal at 16,667, beyond it hybrid is cheaper (queries a month)" in said
    assert arm_cells(report)[1] == ["rag", "1.00", "0.5", "0.4", "55.00"]
    assert "| rag, tuned | equal at 45,000" in markdown(report)


@pytest.mark.usefixtures("no_waiting_for_the_disk")
def test_a_report_has_the_costs_of_its_arms(tmp_path: Path) -> None:
    more = "[cost]\nusd_per_hour = 3600.0\nqueries_per_month = 500\nupdates_per_month = 4\n"
    project = open_project(tmp_path / "shops", updates=True, more=more)
    outcome = conclude(project, compare(project))
    costs, arms = outcome.report["costs"], outcome.report["arms"]
    assert list(costs["arms"]) == ["base", "prompted", "rag", "tuned", "hybrid"]
    assert (costs["queries_per_month"], costs["updates_per_month"], costs["update_measured"]) == (500, 4, True)
    assert costs["arms"]["rag"]["set_up"] == arms["rag"]["usd"]["indexing"]
    assert costs["arms"]["rag"]["update"] == pytest.approx(project.knowledge.seconds("updates"), abs=1e-5)
    assert costs["arms"]["tuned"]["update"] == arms["tuned"]["usd"]["training"]
    assert len(costs["crossings"]) == 10
    for page in ("report.md", "report.html"):
        assert "At 500 queries and 4 updates" in (outcome.folder / page).read_text(encoding="utf-8")


@pytest.mark.usefixtures("no_waiting_for_the_disk")
def test_two_ways_of_training_one_arm_are_told_side_by_side(tmp_path: Path) -> None:
    arms = '["tuned", "whole", "longer"]'
    whole = '[arms.whole]\nkind = "tuned"\n[arms.whole.tune]\nmethod = "full"\n'
    longer = '[arms.longer]\nkind = "tuned"\n[arms.longer.tune]\nmethod = "full"\nepochs = 2\n'
    project = open_project(tmp_path / "shops", more=f"[compare]\narms = {arms}\n{whole}{longer}")
    (line,) = conclude(project, compare(project)).report["methods"]
    assert line.startswith("lora (tuned) against full (whole): training took ")
    assert "facts " in line
    assert "difference +.00 [" in line
