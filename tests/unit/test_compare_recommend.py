"""The recommendation: the simplest of the best, or an honest refusal; nothing that the figures do not hold."""

from typing import Any

import pytest

from openbook.compare.verdict.pairs import Pair
from openbook.compare.verdict.recommend import Reason, Recommendation, Standing, recommend, recommendable
from openbook.score.stats import AgainstBest


def standing(name: str, mean: float, **fields: Any) -> Standing:
    kind = fields.pop("kind", name)
    return Standing(name=name, kind=kind, mean=mean, low=mean - 0.1, high=mean + 0.1, **fields)


def pair(a: str, b: str, verdict: str, **fields: Any) -> Pair:
    values: dict[str, Any] = {
        "metric": "facts", "stratum": "all", "difference": 0.1, "low": 0.0, "high": 0.2, "p": 0.01, "p_adjusted": 0.02,
        "smallest": 0.001, "n": 60, "groups": 24, "failures": 0, "needed": 0, "exploratory": False, "reason": "",
    }  # fmt: skip
    return Pair(a=a, b=b, verdict=verdict, **{**values, **fields})


def advise(standings: list[Standing], pairs: list[Pair], **changes: Any) -> Recommendation:
    options: dict[str, Any] = {"metric": "facts", "margin": 0.05, "groups": 24, "failed": {}}
    against = ranks(standings, pairs) if pairs else {}
    return recommend(standings, pairs, **{**options, "against": against, **changes})


def ranks(standings: list[Standing], pairs: list[Pair]) -> dict[str, AgainstBest]:
    """Where each arm stands against the best of the others, as far as the verdicts of pairs say: beaten, near or open."""
    found = {}
    standings = [standing for standing in standings if recommendable(standing.kind)]
    for one in standings:
        beaten = near = True
        for other in standings:
            if other is not one:
                verdicts = [p.verdict for p in pairs if (p.a, p.b) == (one.name, other.name)]
                turned = {"better": "worse", "worse": "better"}
                verdicts += [turned.get(p.verdict, p.verdict) for p in pairs if (p.b, p.a) == (one.name, other.name)]
                near &= verdicts in (["better"], ["equivalent"])
                beaten &= verdicts != ["worse"]
        found[one.name] = rank(low=-0.02 if near else -0.3, possible=beaten)
    return found


def rank(low: float, *, possible: bool = True) -> AgainstBest:
    return AgainstBest(low=low, high=0.1 if possible else 0.0, possible=possible, p=0.5 if possible else 0.001)


def texts(reasons: tuple[Reason, ...]) -> tuple[str, ...]:
    return tuple(reason.text for reason in reasons)


BASE, RAG, HYBRID = standing("base", 0.1), standing("rag", 0.6), standing("hybrid", 0.8)


def test_an_arm_that_beats_every_other_is_recommended() -> None:
    found = advise(
        [BASE, RAG, HYBRID],
        [pair("rag", "base", "better"), pair("hybrid", "base", "better"), pair("hybrid", "rag", "better")],
    )
    assert found.arm == "hybrid"
    assert found.verdict == "Use hybrid: its facts of 0.80 beats every other arm's."


def test_a_pair_tells_the_same_read_from_either_side() -> None:
    found = advise([RAG, BASE], [pair("base", "rag", "worse")])
    assert found.arm == "rag"


def test_the_simplest_of_equivalent_arms_is_recommended() -> None:
    found = advise(
        [BASE, RAG, HYBRID],
        [pair("rag", "base", "better"), pair("hybrid", "base", "better"), pair("hybrid", "rag", "equivalent")],
    )
    assert found.arm == "rag"
    assert "simplest arm whose facts is less than 0.05 worse than the best one's (hybrid)" in found.verdict


def test_an_arm_that_no_other_betters_by_the_margin_is_recommended_though_another_may_be_the_best() -> None:
    against = {"rag": rank(-0.03), "hybrid": rank(-0.14)}
    found = advise([standing("rag", 0.8), standing("hybrid", 0.75)], [], against=against)
    assert found.arm == "rag"
    assert found.verdict == "Use rag: no other arm betters its facts of 0.80 by 0.05 or more."


def test_a_simpler_arm_that_may_be_as_good_leaves_it_undecided_and_the_safe_one_is_named() -> None:
    found = advise([RAG, HYBRID], [], against={"rag": rank(-0.14), "hybrid": rank(-0.03)})
    assert found.arm is None
    assert "If facts is all that counts: no other arm betters hybrid by 0.05 or more." in texts(found.flips_if)


def test_a_simpler_arm_that_is_beaten_is_passed_over() -> None:
    against = {"base": rank(-0.4, possible=False), "rag": rank(-0.04), "hybrid": rank(-0.02)}
    assert advise([BASE, RAG, HYBRID], [], against=against).arm == "rag"


def test_of_arms_of_one_kind_the_better_is_taken_where_both_are_near_the_best() -> None:
    both = [standing("narrow", 0.7, kind="rag"), standing("wide", 0.72, kind="rag")]
    assert advise(both, [], against={"narrow": rank(-0.04), "wide": rank(-0.01)}).arm == "wide"


def test_an_arm_that_breaks_a_constraint_is_not_eligible_and_the_verdict_says_so() -> None:
    broken = {"hybrid": "2.9 seconds at the 95th percentile, above 2"}
    against = {"base": rank(-0.4, possible=False), "rag": rank(0.0)}
    found = advise([BASE, RAG, HYBRID], [], against=against, breaks=broken)
    assert found.arm == "rag"
    assert found.verdict == (
        "Use rag: its facts of 0.60 beats every other eligible arm's."
        " Not eligible: hybrid (2.9 seconds at the 95th percentile, above 2)."
    )


def test_constraints_can_leave_one_arm_or_none() -> None:
    one = advise([RAG, HYBRID], [], against={"rag": rank(0.0)}, breaks={"hybrid": "too slow"})
    assert (one.arm, one.verdict.split(":")[0]) == ("rag", "Use rag")
    assert "only arm that meets the constraints" in one.verdict
    none = advise([RAG, HYBRID], [], breaks={"rag": "too slow", "hybrid": "too slow"})
    assert none.arm is None
    assert none.verdict.startswith("No arm meets the constraints. Not eligible: rag (too slow); hybrid")


def test_a_control_is_never_recommended() -> None:
    ceiling = standing("perfect", 0.95, kind="a control")
    assert (
        advise(
            [BASE, RAG, ceiling],
            [pair("rag", "base", "better")],
            against={"base": rank(-0.6, possible=False), "rag": rank(0.0)},
        ).arm
        == "rag"
    )


def test_without_a_clear_winner_none_is_named_and_what_would_decide_is() -> None:
    found = advise([RAG, HYBRID], [pair("hybrid", "rag", "undecided", needed=210)])
    assert found.arm is None
    assert found.verdict == (
        "No clear winner between rag and hybrid on facts. About 210 test examples in all would decide at a margin of 0.05."
    )
    assert texts(found.flips_if)[0] == (
        "If you must choose today: rag is the simplest of them, hybrid was the best on facts here."
    )


def test_fewer_examples_than_there_are_are_never_asked_for() -> None:
    assert "would decide" not in advise([RAG, HYBRID], [pair("hybrid", "rag", "undecided", needed=40)]).verdict


def test_arms_with_the_same_figure_are_not_said_to_lead_each_other() -> None:
    found = advise([RAG, standing("hybrid", 0.6)], [pair("hybrid", "rag", "undecided", needed=210)])
    assert texts(found.reasons)[0] == (
        "rag and hybrid have the same facts (0.60 [0.50, 0.70]); a difference either way may have been missed."
    )
    apart = advise([RAG, HYBRID], [pair("hybrid", "rag", "undecided", needed=210)])
    assert "its lead over rag (0.60 [0.50, 0.70]) may be chance" in texts(apart.reasons)[0]


@pytest.mark.parametrize(
    ("rag", "hybrid", "said"),
    [
        (0.0, 0.97, "If the form counts too: hybrid keeps it in 0.97 of its answers, rag 0.00."),
        (0.95, 0.97, None),
        (None, 0.97, None),
    ],
)
def test_where_the_metric_leaves_it_open_the_form_may_say_more(
    rag: float | None, hybrid: float, said: str | None
) -> None:
    open_ = [standing("rag", 0.6, form="voice", style=rag), standing("hybrid", 0.8, form="voice", style=hybrid)]
    found = advise(open_, [pair("hybrid", "rag", "undecided", needed=210)])
    lines = [reason for reason in found.flips_if if "form" in reason.text]
    assert [line.text for line in lines] == ([said] if said else [])
    assert all(line.cells == ("hybrid.voice.all", "rag.voice.all") for line in lines)


@pytest.mark.parametrize(("rag", "told"), [(0.0, True), (0.99, False)])
def test_a_recommended_arm_with_the_worse_form_is_told_of_the_arm_that_keeps_it(rag: float, told: bool) -> None:
    found = advise(
        [standing("rag", 0.6, form="voice", style=rag), standing("hybrid", 0.58, form="voice", style=0.97), BASE],
        [],
        against={"rag": rank(0.0), "hybrid": rank(-0.1), "base": rank(-0.6, possible=False)},
    )
    assert found.arm == "rag"
    said = "If the form counts too: hybrid keeps it in 0.97 of its answers, rag 0.00."
    assert (said in texts(found.flips_if)) == told


def test_three_arms_are_listed_as_one_writes_them() -> None:
    undecided = [
        pair("rag", "base", "undecided"),
        pair("hybrid", "rag", "undecided"),
        pair("hybrid", "base", "undecided"),
    ]
    assert "between base, rag and hybrid on" in advise([BASE, RAG, HYBRID], undecided).verdict


def test_failures_that_leave_it_undecided_are_named() -> None:
    reason = "undecided because of 3 failures"
    found = advise([RAG, HYBRID], [pair("hybrid", "rag", "undecided", reason=reason)])
    assert Reason(f"hybrid − rag: {reason}.", cells=("hybrid − rag",)) in found.reasons


def test_a_best_arm_that_was_never_compared_wins_nothing() -> None:
    assert advise([RAG, HYBRID], []).arm is None


def test_a_verdict_against_the_highest_figure_is_no_win() -> None:
    assert advise([RAG, HYBRID], [pair("hybrid", "rag", "worse")]).arm is None


def test_with_few_groups_it_says_that_it_cannot_decide() -> None:
    found = advise([RAG, HYBRID], [pair("hybrid", "rag", "better")], groups=6)
    assert found.arm is None
    assert found.verdict.startswith("Cannot decide: 6 groups, smallest possible p 0.031.")
    assert "Cannot decide: 1 group, smallest possible p 1." in advise([RAG, HYBRID], [], groups=1).verdict


def test_too_many_failures_decide_nothing() -> None:
    found = advise([RAG, HYBRID], [pair("hybrid", "rag", "better")], failed={"hybrid": 9})
    assert found.arm is None
    assert "too many failed answers in hybrid (9)" in found.verdict


@pytest.mark.parametrize(("standings", "says"), [([], "no arm has answered"), ([RAG], "only rag took part")])
def test_there_must_be_something_to_choose_from(standings: list[Standing], says: str) -> None:
    found = advise(standings, [])
    assert found.arm is None
    assert says in found.verdict


def test_where_lower_is_better_the_lowest_is_best() -> None:
    found = advise([BASE, RAG], [pair("rag", "base", "worse")], higher_is_better=False, metric="stale")
    assert found.arm == "base"


def test_reasons_hold_the_figures_of_all_arms_and_only_those_there_are() -> None:
    standings = [
        standing("rag", 0.6, style=0.2, seconds=1.0),
        standing("hybrid", 0.8, style=0.9, fresh=0.75, seconds=2.0),
    ]
    found = advise(standings, [pair("hybrid", "rag", "better")])
    assert texts(found.reasons) == (
        "facts: rag 0.60 [0.50, 0.70], hybrid 0.80 [0.70, 0.90].",
        "form: rag 0.20, hybrid 0.90.",
        "changed facts answered rightly after the update: hybrid 0.75.",
        "median seconds an answer takes, one at a time: rag 1.00 s, hybrid 2.00 s.",
    )


def test_a_much_faster_arm_would_flip_it() -> None:
    standings = [standing("rag", 0.6, seconds=0.5), standing("hybrid", 0.8, seconds=2.0)]
    (flip,) = advise(standings, [pair("hybrid", "rag", "better")]).flips_if
    assert flip.text == "a limit on latency below 2.00 s: rag answers in 0.50 s, with 0.60."


def test_what_was_learnt_by_heart_flips_when_documents_change() -> None:
    found = advise([BASE, standing("tuned", 0.8)], [pair("tuned", "base", "better")])
    assert any("goes stale" in flip.text for flip in found.flips_if)


def test_an_arm_without_an_index_that_comes_near_is_named_the_nearest_of_them() -> None:
    standings = [standing("prompted", 0.71), standing("tuned", 0.75), standing("rag", 0.8, fresh=0.9)]
    verdicts = [pair("rag", "prompted", "better"), pair("rag", "tuned", "better"), pair("tuned", "prompted", "better")]
    (flip,) = advise(standings, verdicts).flips_if
    assert flip.text == "documents that never change: tuned comes within 0.1 of it without an index."


def test_two_arms_of_one_kind_can_stand_against_each_other() -> None:
    standings = [standing("narrow", 0.6, kind="rag"), standing("wide", 0.7, kind="rag")]
    assert advise(standings, [pair("wide", "narrow", "better")]).arm == "wide"


def test_a_control_is_never_recommended_and_never_in_the_way() -> None:
    oracle = standing("rag-oracle", 0.95)
    found = advise([RAG, HYBRID, oracle], [pair("hybrid", "rag", "better")])
    assert found.arm == "hybrid"
    assert "beats every other arm's" in found.verdict
    assert advise([oracle, standing("tuned+rag", 0.9)], []).verdict == "Nothing to recommend: only controls took part."


def test_a_system_from_outside_can_win_and_is_the_last_of_equals() -> None:
    bot = standing("bot", 0.9, kind="external")
    assert advise([HYBRID, bot], [pair("bot", "hybrid", "better")]).arm == "bot"
    assert advise([HYBRID, bot], [pair("bot", "hybrid", "equivalent")]).arm == "hybrid"


def test_a_system_from_outside_is_not_called_one_without_an_index() -> None:
    rag = standing("rag", 0.9, fresh=0.9)
    found = advise([rag, standing("bot", 0.85, kind="external")], [pair("rag", "bot", "better")])
    assert not [line for line in texts(found.flips_if) if "without an index" in line]


def test_every_sentence_names_the_cells_that_hold_its_figures() -> None:
    standings = [
        standing("rag", 0.6, style=0.2, form="voice", seconds=1.0),
        standing("hybrid", 0.8, style=0.9, form="voice", fresh=0.75, seconds=2.0),
    ]
    found = advise(standings, [pair("hybrid", "rag", "better")])
    assert found.cells == ("rag.facts.all", "hybrid.facts.all")
    assert [reason.cells for reason in found.reasons] == [
        ("rag.facts.all", "hybrid.facts.all"),
        ("rag.voice.all", "hybrid.voice.all"),
        ("hybrid.fresh",),
        ("rag.seconds.p50", "hybrid.seconds.p50"),
    ]
    assert [flip.cells for flip in found.flips_if] == [("rag.seconds.p50", "hybrid.seconds.p50", "rag.facts.all")]


def test_an_open_verdict_rests_on_the_pairs_that_left_it_open() -> None:
    found = advise([BASE, RAG, HYBRID], [pair("hybrid", "rag", "undecided"), pair("hybrid", "base", "better")])
    assert found.cells == ("rag.facts.all", "hybrid.facts.all", "hybrid − rag")


def test_a_recommendation_is_told_as_sentences_with_their_cells_beside() -> None:
    row = advise([RAG, HYBRID], [pair("hybrid", "rag", "undecided")]).row()
    assert all(isinstance(line, str) for line in (*row["reasons"], *row["flips_if"]))
    assert (len(row["reasons"]), len(row["flips_if"])) == (len(row["reason_cells"]), len(row["flip_cells"]))
