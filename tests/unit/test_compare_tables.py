"""Tables: figures as one reads them, a dash where there is nothing, and every note that the table needs."""

from typing import Any

import pytest

from openbook.compare.pages import tables


def cell(mean: float, low: float, high: float, **fields: Any) -> dict[str, Any]:
    return {"mean": mean, "low": low, "high": high, "level": 0.95, "n": 10, "groups": 8, "failures": 0, **fields}


def arm(**fields: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "kind": "rag", "seeds": [0], "adapter": None, "asked": 10, "cut": 0,
        "scores": {"facts": {"all": cell(0.5, 0.25, 0.75), "seen": cell(0.625, 0.5, 0.75)}},
        "seconds": {"p50": 1.25}, "usd": {"training": 0.0, "indexing": 0.0, "per_1000": 0.5},
    }  # fmt: skip
    return {**values, **fields}


def report(arms: dict[str, Any], **fields: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "project": {"name": "Shops", "task": "answer"},
        "metric": "facts",
        "margin": 0.05,
        "level": 0.95,
        "metrics": [
            {"name": "facts", "signature": "facts|v1", "higher_is_better": True, "primary": True},
            {"name": "style", "signature": "pattern|x", "higher_is_better": True, "primary": False},
            {"name": "bleu", "signature": "bleu|x", "higher_is_better": True, "primary": False},
        ],
        "examples": {"side": "test", "asked": {"seen": 6, "new": 4}, "groups": {"all": 8}, "dropped": 0},
        "documents": {"skipped": {}},
        "arms": arms,
        "pairs": [],
        "probes": {"freshness": None, "gap": {}},
        "recommendation": {"arm": None, "verdict": "Nothing.", "reasons": [], "flips_if": []},
        "machine": {"cpu": "A", "cores": 2},
        "machines": [{"cpu": "A", "cores": 2}],
    }
    return {**values, **fields}


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.625, ".62"), (0.0, ".00"), (1.0, "1.00"), (-0.125, "-.12"), (41.26, "41.3"), (100.0, "100.0"), (0.005, ".01")],
)
def test_a_figure_has_two_decimals_and_no_leading_zero(value: float, shown: str) -> None:
    assert tables.figure(value) == shown


@pytest.mark.parametrize(("value", "shown"), [(0.25, "+.25"), (-0.25, "−.25"), (0.0, "+.00")])
def test_a_difference_carries_its_sign(value: float, shown: str) -> None:
    assert tables.signed(value) == shown


def test_an_interval_names_its_failures() -> None:
    assert tables.interval(cell(0.5, 0.25, 0.75)) == ".50 [.25, .75]"
    assert tables.interval(cell(0.5, 0.25, 0.75, failures=3)) == ".50 [.25, .75] (3 failed)"
    assert tables.interval(None) == "–"


def test_a_row_has_as_many_cells_as_there_are_heads_and_a_dash_where_there_is_nothing() -> None:
    made = report({"rag": arm(seconds={}, usd={"per_1000": None})})
    (row,) = tables.rows(made)
    assert len(row) == len(tables.heads(made))
    assert tables.heads(made)[:3] == ["arm", "facts", "style"]
    assert row == ["rag", ".50 [.25, .75]", "–", ".62 [.50, .75]", "–", "–", "–", "–"]


def test_the_arms_that_are_not_in_the_table_are_named_with_their_reasons() -> None:
    made = report(
        {
            "rag": arm(),
            "tuned": {"kind": "tuned", "not_applicable": "quote cannot be tuned here"},
            "hybrid": {"kind": "hybrid", "not_applicable": "not yet: its adapter is not trained"},
        }
    )
    assert len(tables.rows(made)) == 1
    assert tables.absent(made) == [
        "tuned: not applicable: quote cannot be tuned here.",
        "hybrid: not yet: its adapter is not trained.",
    ]


def test_the_notes_say_what_was_asked_and_how() -> None:
    (line,) = tables.notes(report({"rag": arm()}))
    assert line == "10 test questions in 8 groups (6 seen, 4 new); 95% intervals over groups; margin 0.05 on facts."


@pytest.mark.parametrize(
    ("arms", "fields", "note"),
    [
        ({"rag": arm(asked=3)}, {}, "rag: 3 of 10 answers so far."),
        ({"rag": arm(cut=2)}, {}, "rag: 2 answers were cut at the length limit."),
        ({"tuned": arm(adapter={"rows": 3})}, {}, "One training seed: the tuned arms' figures hold for these adapters"),
        (
            {"rag": arm()},
            {"machines": [{"cpu": "A", "cores": 2}, {"cpu": "B", "cores": 8}]},
            "Answers come from different machines (2 cores of A; 8 cores of B)",
        ),
        (
            {"rag": arm()},
            {"documents": {"skipped": {"a.md": "'a.md' is empty."}}},
            "1 document is not in the index, for example: 'a.md' is empty.",
        ),
        (
            {"rag": arm()},
            {"examples": {"side": "dev", "asked": {"seen": 0, "new": 4}, "groups": {"all": 3}, "dropped": 5}},
            "5 examples are used for nothing",
        ),
    ],
)
def test_whatever_must_be_known_to_read_the_table_is_noted(arms: Any, fields: Any, note: str) -> None:
    assert any(line.startswith(note) for line in tables.notes(report(arms, **fields)))


def test_dev_questions_are_not_called_test_questions() -> None:
    examples = {"side": "dev", "asked": {"seen": 0, "new": 4}, "groups": {"all": 3}, "dropped": 0}
    assert tables.notes(report({"rag": arm(asked=4)}, examples=examples))[0].startswith("4 dev questions")


def test_several_seeds_are_not_called_one() -> None:
    made = report({"tuned": arm(adapter={"rows": 3}, seeds=[0, 1], asked=20)})
    assert len(tables.notes(made)) == 1


def test_a_cell_cannot_break_a_markdown_table() -> None:
    assert tables.grid(["a|b"], [["c"]]) == "| a\\|b |\n| --- |\n| c |"


def test_the_markdown_page_holds_the_verdict_the_table_and_how_to_make_it_again() -> None:
    advice = {"arm": "rag", "verdict": "Use rag.", "reasons": ["facts: rag .50."], "flips_if": ["a limit on latency"]}
    text = tables.markdown(report({"rag": arm()}, recommendation=advice), command="openbook compare -C shops")
    for part in (
        "# Shops",
        "**Use rag.**",
        "- facts: rag .50.",
        "- a limit on latency",
        "| rag | .50",
        "`openbook compare",
    ):
        assert part in text
    assert "## Freshness" not in text
