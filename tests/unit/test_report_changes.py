"""Changes between two reports: claimed only where the paired answers allow it."""

from collections.abc import Sequence
from typing import Any

import pytest

from openbook.compare.changes.changes import Change, changes, shared

Json = dict[str, Any]
N = 40


def report(rag: Sequence[float | None], *, run: str, base: Sequence[float] = (1.0,) * N, **more: Any) -> Json:
    """Two arms, a question in a group of its own each; None is an answer that failed."""
    sides = {"base": base, "rag": rag}
    return {
        "metric": "facts",
        "margin": 0.05,
        "level": 0.95,
        "metrics": [{"name": "facts", "signature": "facts|1", "higher_is_better": True, "primary": True}],
        "arms": {
            name: {"runs": [f"{name} {run}"], "scores": {"facts": {s: {"mean": 0.5} for s in ("all", "new")}}}
            for name in sides
        },
        "answers": [
            question(number, {name: marks[number] for name, marks in sides.items()}) for number in range(len(rag))
        ],
        **more,
    }


def question(number: int, marks: dict[str, float | None], **more: Any) -> Json:
    answers = {arm: {"failure": "It broke."} if m is None else {"marks": {"facts": m}} for arm, m in marks.items()}
    row = {"id": f"q{number}", "input": f"{number}?", "reference": "yes", "stratum": "new", "group": f"g{number}"}
    return {**row, "arms": answers, **more}


def found(before: Json, after: Json) -> dict[tuple[str, str], Change]:
    rows = changes(before, after, shared(before, after))
    return {(row.arm, row.stratum): row for row in rows}


def half(right: int) -> list[float]:
    return [1.0] * right + [0.0] * (N - right)


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [(10, 35, "better"), (35, 10, "worse"), (20, 22, "undecided"), (20, 20, "undecided")],
)
def test_a_change_is_claimed_where_the_paired_interval_allows_it(before: int, after: int, verdict: str) -> None:
    row = found(report(half(before), run="1"), report(half(after), run="2"))["rag", "all"]
    assert row.verdict == verdict
    assert row.difference == pytest.approx((after - before) / N)
    assert row.low is not None
    assert row.high is not None
    assert (verdict == "undecided") == (row.low <= 0 <= row.high)


def test_lower_may_be_better() -> None:
    metrics = [{"name": "facts", "signature": "facts|1", "higher_is_better": False, "primary": True}]
    old, new = report(half(35), run="1", metrics=metrics), report(half(10), run="2", metrics=metrics)
    row = found(old, new)["rag", "all"]
    assert row.verdict == "better"
    assert row.difference is not None
    assert row.difference > 0


def test_the_family_is_the_arms_that_were_run_anew() -> None:
    old, new = report(half(20), run="1"), report(half(26), run="2")
    alone = report(half(26), run="2")
    alone["arms"]["base"]["runs"] = old["arms"]["base"]["runs"]
    assert found(old, alone)["base", "all"].verdict == "same run"
    one, two = found(old, alone)["rag", "all"], found(old, new)["rag", "all"]
    assert one.p == two.p == pytest.approx(2 / 2**6)
    assert (one.p_adjusted, one.verdict) == (one.p, "better")
    assert (two.p_adjusted, two.verdict) == (pytest.approx(2 * 2 / 2**6), "undecided")
    stratum = found(old, new)["rag", "new"]
    assert (stratum.exploratory, stratum.verdict) == (True, "better")


def test_a_failure_is_bounded() -> None:
    row = found(report(half(10), run="1"), report([*half(22)[:36], *[None] * 4], run="2"))["rag", "all"]
    assert row.failures == 4
    assert row.low is not None
    assert row.difference is not None
    assert row.low < row.difference


def test_only_the_same_questions_count() -> None:
    old, new = report(half(10), run="1"), report(half(35), run="2")
    for number, row in enumerate(new["answers"]):
        if number < 10:
            row["input"] = "Something else?"
        elif number < 20:
            row["reference"] = "no"
        elif number < 32:
            row["id"] = f"other {number}"
    assert found(old, new)["rag", "all"].n == 8
    new["answers"] = []
    assert found(old, new)["rag", "all"].verdict == "not comparable"


def test_groups_of_either_report_belong_together() -> None:
    old, new = report(half(10), run="1"), report(half(35), run="2")
    for number in range(N):
        old["answers"][number]["group"] = f"pair {number // 2}"
        new["answers"][number]["group"] = f"pair {(number + 1) // 2}" if number < 20 else f"alone {number}"
    both = shared(old, new)
    assert len({both.group[f"q{number}"] for number in range(20)}) == 1
    assert found(old, new)["rag", "all"].groups == 11


def test_another_formula_or_an_unknown_metric_is_not_compared() -> None:
    old, new = report(half(10), run="1"), report(half(35), run="2")
    old["metrics"][0]["signature"] = "facts|0"
    assert found(old, new)["rag", "all"].reason == "its formula is another one"
    old["metrics"] = []
    assert found(old, new)["rag", "all"].reason == "the first report does not have it"
