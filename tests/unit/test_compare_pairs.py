"""Pairs of arms: one family for the primary metric, positive always better, undecided with what would decide."""

from pathlib import Path

import pytest

from openbook.compare.marking.marks import Marks
from openbook.compare.verdict.pairs import Pair, all_pairs
from openbook.core.types import Example, Record
from openbook.score.bleu import Bleu
from openbook.score.facts import FactsRight, StaleWording
from openbook.score.stats import holm
from openbook.score.text import ExactMatch, TokenF1
from small_project import answered, desk, example, failed, paper

ASKED = [
    example(f"e{number}", references=(f"It is £{number}",), facts=((f"£{number}",),), stale=("free",))
    for number in range(24)
]


def records(right: int, *, broken: int = 0, wrong: str = "no") -> list[Record]:
    """The first `right` answers right, the others wrong, the last `broken` failed."""
    return [
        failed(one) if number >= len(ASKED) - broken else answered(one, one.reference if number < right else wrong)
        for number, one in enumerate(ASKED)
    ]


def pairs(
    folder: Path, arms: dict[str, list[Record]], *, asked: list[Example] = ASKED, margin: float = 0.05
) -> list[Pair]:
    seats = [desk(folder, name, made) for name, made in arms.items()]
    metrics = [FactsRight(), TokenF1(), ExactMatch(), StaleWording(), Bleu()]
    new = [one.id for one in asked[::2]]
    return all_pairs(Marks(paper(asked, new=new), metrics, seats, level=0.95), margin=margin, alpha=0.05)


def primary(found: list[Pair]) -> dict[str, Pair]:
    return {f"{pair.a} {pair.b}": pair for pair in found if not pair.exploratory}


def test_every_pair_of_arms_is_in_the_family_the_later_arm_first(tmp_path: Path) -> None:
    found = primary(pairs(tmp_path, {"base": records(0), "rag": records(12), "hybrid": records(24)}))
    assert list(found) == ["rag base", "hybrid base", "hybrid rag"]
    assert {pair.metric for pair in found.values()} == {"facts"}
    assert {pair.stratum for pair in found.values()} == {"all"}


def test_the_difference_is_that_of_the_two_figures_and_lies_in_its_interval(tmp_path: Path) -> None:
    for pair in pairs(tmp_path, {"base": records(3), "rag": records(18)}):
        assert pair.low <= pair.difference <= pair.high
    assert primary(pairs(tmp_path / "x", {"base": records(3), "rag": records(18)}))["rag base"].difference == 15 / 24


def test_a_clear_difference_is_better_for_the_one_and_worse_for_the_other(tmp_path: Path) -> None:
    up = primary(pairs(tmp_path / "a", {"base": records(0), "rag": records(24)}))["rag base"]
    down = primary(pairs(tmp_path / "b", {"rag": records(24), "base": records(0)}))["base rag"]
    assert (up.verdict, down.verdict) == ("better", "worse")
    assert up.difference == -down.difference
    assert up.needed == 0


def test_where_lower_is_better_positive_still_favours_the_first_arm(tmp_path: Path) -> None:
    found = pairs(tmp_path, {"base": records(0, wrong="It is free"), "rag": records(24)})
    stale = next(pair for pair in found if pair.metric == "stale")
    assert stale.difference == 1.0
    assert stale.verdict == "better"


def test_the_family_is_adjusted_together_and_what_is_exploratory_is_not(tmp_path: Path) -> None:
    found = pairs(tmp_path, {"base": records(2), "rag": records(9), "hybrid": records(14)})
    family = [pair for pair in found if not pair.exploratory]
    assert [pair.p_adjusted for pair in family] == holm([pair.p for pair in family])
    rest = [pair for pair in found if pair.exploratory]
    assert rest
    assert all(pair.p_adjusted == pair.p for pair in rest)


def test_strata_and_other_0_1_metrics_are_exploratory(tmp_path: Path) -> None:
    found = pairs(tmp_path, {"base": records(2), "rag": records(9)})
    assert {(pair.metric, pair.stratum) for pair in found if pair.exploratory} == {
        ("facts", "seen"),
        ("facts", "new"),
        ("exact_match", "all"),
        ("stale", "all"),
    }


def test_the_same_answers_are_equivalent_where_the_margin_allows_it(tmp_path: Path) -> None:
    found = primary(pairs(tmp_path, {"base": records(12), "rag": records(12)}, margin=0.3))["rag base"]
    assert found.verdict == "equivalent"


def test_an_undecided_pair_says_why_and_what_would_decide(tmp_path: Path) -> None:
    found = primary(pairs(tmp_path, {"base": records(12), "rag": records(14)}))["rag base"]
    assert found.verdict == "undecided"
    assert found.reason
    assert found.needed > 24


def test_failures_can_leave_a_difference_undecided(tmp_path: Path) -> None:
    late = [answered(one, one.reference if number >= 12 else "no") for number, one in enumerate(ASKED)]
    found = primary(pairs(tmp_path, {"base": late, "rag": records(24, broken=12)}))["rag base"]
    assert (found.verdict, found.failures) == ("undecided", 12)
    assert "failures" in found.reason


def test_too_few_groups_decide_nothing(tmp_path: Path) -> None:
    few = ASKED[:6]
    arms = {"base": [answered(one, "no") for one in few], "rag": [answered(one, one.reference) for one in few]}
    found = primary(pairs(tmp_path, arms, asked=few))["rag base"]
    assert found.verdict == "undecided"
    assert found.smallest == pytest.approx(2 / 2**6)


def test_arms_are_compared_over_the_questions_that_both_were_asked(tmp_path: Path) -> None:
    found = primary(pairs(tmp_path, {"base": records(0)[:10], "rag": records(24)}))["rag base"]
    assert (found.n, found.failures) == (10, 0)
    assert pairs(tmp_path / "none", {"base": records(0)[:3], "rag": records(24)[3:]}) == []


def test_a_metric_without_a_number_for_each_answer_tests_no_pair(tmp_path: Path) -> None:
    seats = [desk(tmp_path, "a", records(3)), desk(tmp_path, "b", records(9))]
    assert all_pairs(Marks(paper(ASKED), [Bleu()], seats, level=0.95), margin=0.05, alpha=0.05) == []


def test_a_pair_with_a_control_is_exploratory_and_costs_the_family_nothing(tmp_path: Path) -> None:
    seats = [desk(tmp_path, name, records(right)) for name, right in (("base", 0), ("rag", 12), ("hybrid", 20))]
    oracle = desk(tmp_path, "ceiling", records(24), kind="rag-oracle")
    without, beside = (
        all_pairs(Marks(paper(ASKED), [FactsRight()], arms, level=0.95), margin=0.05, alpha=0.05)
        for arms in (seats, [*seats, oracle])
    )
    assert primary(beside) == primary(without)
    aside = [p for p in beside if "ceiling" in (p.a, p.b) and (p.metric, p.stratum) == ("facts", "all")]
    assert len(aside) == 3
    assert all(pair.exploratory and pair.p_adjusted == pair.p for pair in aside)
