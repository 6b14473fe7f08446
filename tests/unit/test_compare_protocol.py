"""The rest of the protocol on small comparisons: declared pairs, constraints, recipes, group means, what would decide, 2×2."""

from pathlib import Path
from typing import Any

import pytest
from scipy import stats

from openbook.compare.comparison import compare
from openbook.compare.marking.marks import Marks
from openbook.compare.material import gather
from openbook.compare.outcome import conclude
from openbook.compare.pages.footnotes import footnotes
from openbook.compare.verdict.bygroup import by_group, grouped
from openbook.compare.verdict.constraints import broken, checks
from openbook.compare.verdict.interaction import interaction
from openbook.compare.verdict.pairs import Pair, all_pairs
from openbook.compare.verdict.protocol import estimands_disagree
from openbook.compare.verdict.recipe import arm_recipe, pair_recipe
from openbook.config import Constraints, Model, parse
from openbook.core.contrasts import read_contrast, read_contrasts
from openbook.core.errors import ConfigError
from openbook.core.types import Example, Record
from openbook.score.bleu import Bleu
from openbook.score.facts import FactsRight, StaleWording
from small_project import MANY_SHOPS, answered, desk, edit, example, failed, open_project, paper

ASKED = [example(f"e{n:02}", references=(f"It is £{n}",), facts=((f"£{n}",),), stale=("free",)) for n in range(24)]
DEV = [example(f"d{n:02}", references=(f"It is £{n}",), facts=((f"£{n}",),)) for n in range(12)]
ARMS = ("base", "rag", "rag-wide", "tuned+rag", "wide")


def records(right: int, *, asked: list[Example] = ASKED, lost: int = 0) -> list[Record]:
    """The first `right` answers right, the others wrong, the last `lost` failed."""
    return [
        failed(one) if number >= len(asked) - lost else answered(one, one.reference if number < right else "no")
        for number, one in enumerate(asked)
    ]


def marks(folder: Path, arms: dict[str, list[list[Record]]], **options: Any) -> Marks:
    seats = [desk(folder, name, rows, seed=seed) for name, seeds in arms.items() for seed, rows in enumerate(seeds)]
    return Marks(options.pop("paper", paper(ASKED)), [FactsRight()], seats, level=0.95, **options)


# Declared pairs


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("rag-base", ("rag", "base")),
        ("rag − base", ("rag", "base")),
        ("rag-wide-base", ("rag-wide", "base")),
        ("tuned+rag-rag-wide", ("tuned+rag", "rag-wide")),
        ("rag-wide - wide", ("rag-wide", "wide")),
    ],
)
def test_a_contrast_is_read_by_the_names_of_arms(text: str, pair: tuple[str, str]) -> None:
    assert read_contrast(text, ARMS) == pair


@pytest.mark.parametrize("text", ["rag-bass", "rag", "rag-rag", "", "-rag"])
def test_what_is_no_contrast_is_refused_with_the_known_ones(text: str) -> None:
    with pytest.raises(ValueError, match="no contrast named"):
        read_contrast(text, ARMS)


def test_a_contrast_that_reads_two_ways_or_stands_there_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="two ways"):
        read_contrast("a-b-c", ("a", "b-c", "a-b", "c"))
    with pytest.raises(ValueError, match="twice"):
        read_contrasts(["rag-base", "base-rag"], ARMS)


def test_settings_name_only_contrasts_of_their_arms() -> None:
    base = {"documents": {"sources": ["*.md"]}}
    assert parse({**base, "compare": {"contrasts": ["hybrid-rag"]}}).compare.contrasts == ("hybrid-rag",)
    with pytest.raises(ConfigError, match="Did you mean 'hybrid-rag'"):
        parse({**base, "compare": {"contrasts": ["hybird-rag"]}})


def test_a_declared_family_is_smaller_and_the_other_pairs_are_exploratory(tmp_path: Path) -> None:
    some = marks(tmp_path, {"base": [records(4)], "rag": [records(12)], "hybrid": [records(14)]})
    every = {(p.a, p.b): p for p in all_pairs(some, margin=0.05, alpha=0.05) if p.stratum == "all"}
    found = {
        (p.a, p.b): p
        for p in all_pairs(some, margin=0.05, alpha=0.05, contrasts=[("rag", "base"), ("gone", "base")])
        if p.stratum == "all"
    }
    assert {names for names, p in found.items() if not p.exploratory} == {("rag", "base")}
    assert set(found) == set(every)
    pair, wide = found["rag", "base"], every["rag", "base"]
    assert pair.p == pair.p_adjusted < wide.p_adjusted
    assert pair.enough is not None
    assert wide.enough is not None
    assert pair.enough.examples[1] <= wide.enough.examples[1]


def test_max_t_adjusts_the_family_no_more_than_holm_does(tmp_path: Path) -> None:
    arms = {"base": [records(4)], "rag": [records(12)], "hybrid": [records(13)], "tuned": [records(12)]}
    holm, joint = (
        [p for p in all_pairs(marks(tmp_path / how, arms), margin=0.05, alpha=0.05, adjust=how) if not p.exploratory]  # type: ignore[arg-type]
        for how in ("holm", "max-t")
    )
    assert [p.p for p in holm] == [p.p for p in joint]
    assert sum(p.p_adjusted for p in joint) < sum(p.p_adjusted for p in holm)
    assert all(p.p <= p.p_adjusted + 1e-3 for p in joint)


def test_max_t_bounds_failures_like_holm(tmp_path: Path) -> None:
    some = marks(tmp_path, {"base": [records(14)], "rag": [records(24, lost=12)]})
    (pair,) = [p for p in all_pairs(some, margin=0.05, alpha=0.05, adjust="max-t") if not p.exploratory]
    assert (pair.verdict, pair.p_adjusted, pair.failures) == ("undecided", 1.0, 12)


# Recipes


def test_a_recipe_s_interval_holds_that_of_its_adapters(tmp_path: Path) -> None:
    some = marks(tmp_path, {"rag": [records(12)], "tuned": [records(6), records(12), records(20)]})
    cell, found = some.cell("tuned", some.primary, "all"), arm_recipe(some, "tuned")
    assert cell is not None
    assert found is not None
    assert (found.seeds, found.level) == (3, 0.95)
    assert found.low < cell.low < cell.high < found.high
    assert arm_recipe(some, "rag") is None
    (pair,) = [p for p in all_pairs(some, margin=0.05, alpha=0.05) if not p.exploratory]
    assert pair.recipe is not None
    assert pair.recipe.low < pair.low < pair.high < pair.recipe.high


def test_two_seeds_that_differ_leave_the_recipe_nearly_open(tmp_path: Path) -> None:
    some = marks(tmp_path, {"tuned": [records(6), records(20)], "hybrid": [records(12), records(22)]})
    found = arm_recipe(some, "tuned")
    assert found is not None
    assert found.high - found.low > 0.9
    assert pair_recipe(some, "hybrid", "tuned") is not None


def test_a_recipe_with_failures_holds_them_at_both_ends(tmp_path: Path) -> None:
    whole = arm_recipe(marks(tmp_path / "a", {"tuned": [records(12), records(13)]}), "tuned")
    torn = arm_recipe(marks(tmp_path / "b", {"tuned": [records(12), records(13, lost=4)]}), "tuned")
    assert whole is not None
    assert torn is not None
    assert torn.high > whole.high
    nothing = marks(tmp_path / "c", {"tuned": [records(0, lost=24), records(0, lost=24)]})
    assert arm_recipe(nothing, "tuned") is None


def test_where_lower_is_better_a_recipe_of_a_pair_is_turned_too(tmp_path: Path) -> None:
    says = [[answered(one, "free" if n < upto else "no") for n, one in enumerate(ASKED)] for upto in (16, 12, 14)]
    seats = [desk(tmp_path, "rag", records(24)), *(desk(tmp_path, "tuned", row, seed=n) for n, row in enumerate(says))]
    some = Marks(paper(ASKED), [StaleWording()], seats, level=0.95)
    (pair,) = [p for p in all_pairs(some, margin=0.05, alpha=0.05) if not p.exploratory]
    assert pair.recipe is not None
    assert pair.difference < 0
    assert pair.recipe.low < pair.difference < pair.recipe.high < 0


def test_a_figure_that_is_no_mean_has_no_recipe(tmp_path: Path) -> None:
    seats = [desk(tmp_path, "tuned", records(9), seed=seed) for seed in (0, 1)]
    assert arm_recipe(Marks(paper(ASKED), [Bleu()], seats, level=0.95), "tuned") is None


# Group means


def test_groups_of_one_have_no_second_estimand_and_others_may_disagree() -> None:
    options: dict[str, Any] = {"margin": 0.05, "level": 0.95, "alpha": 0.05, "higher_is_better": True}
    assert grouped([1.0] * 9, [0.0] * 9, range(9), **options) is None
    groups = ["large"] * 20 + [f"small{n}" for n in range(12)]
    a, b = [1.0] * 20 + [0.0] * 12, [0.0] * 20 + [1.0] * 12
    (found,) = by_group([grouped(a, b, groups, **options)], alpha=0.05, adjust="holm")
    assert found is not None
    assert found.difference == pytest.approx(-11 / 13)
    (gap,) = by_group([grouped([None, *a[1:]], b, groups, **options)], alpha=0.05, adjust="holm")
    assert gap is not None
    assert gap.difference == found.difference


def test_estimands_that_disagree_are_a_finding(tmp_path: Path) -> None:
    large = {one.id: "large" if n < 14 else one.id for n, one in enumerate(ASKED)}
    some = marks(
        tmp_path,
        {
            "base": [[answered(one, one.reference if n >= 14 else "no") for n, one in enumerate(ASKED)]],
            "rag": [[answered(one, one.reference if n < 14 else "no") for n, one in enumerate(ASKED)]],
        },
        paper=paper(ASKED, large),
    )
    (pair,) = [p for p in all_pairs(some, margin=0.05, alpha=0.05) if not p.exploratory]
    assert "with every question counted alike and -0.82 (worse) with every group counted alike" in estimands_disagree(
        pair
    )
    single = marks(tmp_path / "x", {"base": [records(3)], "rag": [records(9)]})
    assert [estimands_disagree(p) for p in all_pairs(single, margin=0.05, alpha=0.05)] == [""] * 2


# What would decide


def test_the_spread_is_from_dev_where_both_arms_answered_enough_of_it(tmp_path: Path) -> None:
    arms = {name: [records(right) + records(dev, asked=DEV)] for name, right, dev in (("base", 8, 6), ("rag", 10, 6))}
    for dev, side in ((DEV, "dev"), (DEV[:7], "test"), ([], "test")):
        (pair,) = family(marks(tmp_path / f"{side}{len(dev)}", arms, dev=dev))
        assert pair.enough is not None
        assert pair.enough.spread == side
    quiet, loud = (family(marks(tmp_path / n, arms, dev=d))[0].enough for n, d in (("q", DEV), ("l", [])))
    assert quiet is not None
    assert loud is not None
    assert quiet.examples[1] < loud.examples[1]


def test_the_least_difference_that_could_have_been_shown_shrinks_with_groups(tmp_path: Path) -> None:
    (many,) = family(marks(tmp_path / "m", {"base": [records(8)], "rag": [records(10)]}))
    few = {one.id: f"g{n % 9}" for n, one in enumerate(ASKED)}
    (less,) = family(marks(tmp_path / "f", {"base": [records(8)], "rag": [records(10)]}, paper=paper(ASKED, few)))
    two = {one.id: f"g{n % 7}" for n, one in enumerate(ASKED)}
    (none,) = family(marks(tmp_path / "n", {"base": [records(8)], "rag": [records(10)]}, paper=paper(ASKED, two)))
    assert many.enough is not None
    assert less.enough is not None
    assert none.enough is not None
    assert many.enough.detectable is not None
    assert less.enough.detectable is not None
    assert 0 < many.enough.detectable < 0.5
    assert none.enough.detectable is None
    assert many.enough.groups[0] <= many.enough.groups[1]


def test_arms_that_never_differed_ask_for_as_much_as_the_rule_of_three(tmp_path: Path) -> None:
    (pair,) = family(marks(tmp_path, {"base": [records(8)], "rag": [records(8)]}))
    assert (pair.verdict, pair.difference) == ("undecided", 0.0)
    assert pair.enough is not None
    assert pair.enough.examples[0] == 59
    assert pair.needed == pair.enough.examples[1] > 59
    chance = pair.enough.detectable
    assert chance is not None
    # Six groups that all differ to one side pass: 2 / 2**6 is below alpha.
    assert stats.binom.sf(5, 24, chance) == pytest.approx(0.8)
    same = [example(f"x{n}", references=("It is £1",), facts=(("£1",),)) for n in range(59)]
    arms = {name: [records(9, asked=same)] for name in ("base", "rag")}
    assert family(marks(tmp_path / "x", arms, paper=paper(same)))[0].verdict == "equivalent"


def family(some: Marks) -> list[Pair]:
    return [p for p in all_pairs(some, margin=0.05, alpha=0.05) if not p.exploratory]


# Constraints


def row(**figures: Any) -> dict[str, Any]:
    return {"seconds": {"p95": figures.get("p95")}, "usd": {"per_1000": figures.get("usd")}}


def test_a_constraint_is_met_broken_or_not_measured() -> None:
    wanted = Constraints(seconds_p95=2.0, usd_per_1000=1.0, fresh=0.5)
    found = checks(wanted, "rag", row(p95=2.5, usd=0.5), fresh=None, model=Model())
    assert {check.constraint: check.met for check in found} == {
        "seconds_p95": False,
        "usd_per_1000": True,
        "fresh": None,
    }
    assert broken(found) == {"rag": "2.5 seconds at the 95th percentile, above 2"}
    assert [c.met for c in checks(wanted, "rag", row(), fresh=0.4, model=Model())] == [None, None, False]
    assert checks(Constraints(), "rag", row(p95=9.0), fresh=0.0, model=Model()) == []


@pytest.mark.parametrize(
    ("model", "met"),
    [
        (Model(), True),
        (Model(name="hf:some/model"), True),
        (Model(name="openai:gpt"), False),
        (Model(name="openai:mine", base_url="http://127.0.0.1:8000/v1"), True),
        (Model(name="elsewhere:bot"), None),
    ],
)
def test_private_is_about_where_questions_go(model: Model, met: bool | None) -> None:
    (found,) = checks(Constraints(private=True), "rag", row(), fresh=None, model=model)
    assert found.met is met


# The 2×2

KINDS = {"prompted": "prompted", "plain": "prompted", "rag": "rag", "tuned": "tuned", "both": "tuned+rag"}
SETTINGS: dict[str, dict[str, Any]] = {
    **{name: {"instructions": "Answer.", "shots": []} for name in KINDS},
    "prompted": {"instructions": "Answer.", "shots": [["q", "a"]]},
    "hybrid": {"instructions": "Answer.", "shots": []},
}


def test_the_interaction_is_what_both_give_beyond_their_sum(tmp_path: Path) -> None:
    arms = {name: [records(n)] for name, n in (("prompted", 0), ("plain", 2), ("rag", 6), ("tuned", 6), ("both", 22))}
    some = marks(tmp_path, {**arms, "hybrid": [records(24)]})
    found = interaction(some, {**KINDS, "hybrid": "hybrid"}, SETTINGS, margin=0.05, alpha=0.05)
    assert found is not None
    assert found.arms["prompted"] == "plain"
    assert found.equal_prompts
    assert found.whole.difference == pytest.approx((22 - 6) / 24 - (6 - 2) / 24)
    assert found.whole.low <= found.whole.difference <= found.whole.high
    assert found.whole.p < 0.02
    assert found.book is not None
    assert found.book.difference == pytest.approx(2 / 24)


def test_without_interaction_none_is_found_and_unlike_prompts_are_said(tmp_path: Path) -> None:
    arms = {name: [records(n)] for name, n in (("prompted", 2), ("rag", 8), ("tuned", 6), ("both", 12))}
    kinds = {name: kind for name, kind in KINDS.items() if name != "plain"}
    found = interaction(marks(tmp_path, arms), kinds, SETTINGS, margin=0.05, alpha=0.05)
    assert found is not None
    assert found.whole.difference == pytest.approx(0.0)
    assert found.whole.p == 1.0
    assert not found.equal_prompts
    assert found.book is None


def test_without_all_four_arms_there_is_no_interaction(tmp_path: Path) -> None:
    some = marks(tmp_path, {"rag": [records(8)], "tuned": [records(6)]})
    assert interaction(some, {"rag": "rag", "tuned": "tuned"}, SETTINGS, margin=0.05, alpha=0.05) is None


# In the report

MORE = """
[compare]
arms = ["base", "rag", "tuned"]
seeds = [0, 1]
contrasts = ["rag-base"]
adjust = "max-t"

[constraints]
seconds_p95 = 1e-9
private = true
"""


@pytest.mark.usefixtures("no_waiting_for_the_disk")
def test_all_of_it_stands_in_the_report_and_in_its_notes(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", shops=MANY_SHOPS, more=MORE)
    compare(project)
    outcome = conclude(project, gather(project))
    report = dict(outcome.report)
    assert report["family"] == {"pairs": 1, "adjust": "max-t", "alpha": 0.05}
    assert [(p["a"], p["b"]) for p in report["pairs"] if not p["exploratory"]] == [("rag", "base")]
    assert report["recommendation"]["arm"] is None
    assert report["recommendation"]["verdict"].startswith("No arm meets the constraints. Not eligible: base (")
    assert report["best"] == {}
    assert report["interaction"] is None
    assert report["arms"]["tuned"]["recipe"]["seeds"] == 2
    notes = footnotes(report)
    assert notes[0] == "Look 1 at these test questions: tested at alpha 0.05."
    assert any(line.startswith("2 training seeds: the intervals hold for these adapters.") for line in notes)
    free = edit(project.root, "seconds_p95 = 1e-9\n", "")
    found = dict(conclude(free, gather(free)).report)
    assert found["recommendation"]["arm"] == "rag"
    assert found["best"]["rag"] == {"low": 0.0, "high": found["best"]["rag"]["high"], "possible": True, "p": 1.0}
    page = (outcome.folder / "report.html").read_text(encoding="utf-8")
    assert "could show" in page
