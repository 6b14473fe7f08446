"""Intervals, power and verdicts on cases that can be checked by hand."""

import subprocess
import sys

import numpy as np
import pytest

from openbook.score.stats import (
    Needed,
    classify,
    contrast,
    design_effect,
    group_correlation,
    mean_interval,
    needed,
    needed_groups,
    paired_interval,
    pseudo_values,
    sign_flip,
    smallest_effect,
    tost,
)
from openbook.score.stats.verdict import short
from openbook.score.text import ExactMatch

EIGHT = list("abcdefgh")


def test_all_right_and_all_wrong_get_the_rule_of_three() -> None:
    wrong, right = mean_interval([0.0] * 60, range(60)), mean_interval([1.0] * 60, range(60))
    assert (wrong.low, wrong.high) == (0, pytest.approx(0.0487, abs=1e-4))
    assert (right.low, right.high) == (pytest.approx(0.9513, abs=1e-4), 1)
    assert wrong.method == "rule of three"


def test_the_rule_of_three_counts_groups_and_not_examples() -> None:
    assert mean_interval([0.0] * 60, EIGHT * 7 + EIGHT[:4]).high == pytest.approx(1 - 0.05 ** (1 / 8))


def test_scores_that_are_all_the_same_still_have_an_interval() -> None:
    found = mean_interval([0.5] * 10, range(10))
    assert found.low < 0.4 < 0.6 < found.high


def test_one_group_says_nothing() -> None:
    found = mean_interval([0.0, 1.0, 1.0], ["a", "a", "a"])
    assert (found.low, found.high, found.method) == (0, 1, "one group")


def test_groups_whose_members_agree_widen_the_interval() -> None:
    values = [0.0, 0.0, 0.0, 1.0, 1.0, 1.0] * 6
    alone = mean_interval(values, range(36))
    together = mean_interval(values, [i // 3 for i in range(36)])
    assert alone.mean == together.mean == 0.5
    assert together.high - together.low > 1.4 * (alone.high - alone.low)
    assert group_correlation(values, [i // 3 for i in range(36)]) == pytest.approx(1.0)
    assert design_effect(values, [i // 3 for i in range(36)]) == pytest.approx(3.0)
    assert design_effect(values, range(36)) == 1.0


def test_failures_widen_an_interval_to_their_worst_and_best() -> None:
    values = [1.0, 0.0] * 20
    whole, torn = mean_interval(values, range(40)), mean_interval([*values[:-4], *[None] * 4], range(40))
    assert torn.failures == 4
    assert torn.n == 36
    assert torn.low < whole.low < whole.high < torn.high
    assert torn.mean == 0.5


def test_scores_outside_their_bounds_and_no_scores_are_refused() -> None:
    with pytest.raises(ValueError, match="outside"):
        mean_interval([50.0], ["a"])
    with pytest.raises(ValueError, match="nothing was scored"):
        mean_interval([None], ["a"])
    with pytest.raises(ValueError, match="never as NaN"):
        paired_interval([float("nan")], ["a"])


def test_six_groups_cannot_decide_and_eight_can() -> None:
    six, eight = sign_flip([1.0] * 6, range(6)), sign_flip([1.0] * 8, range(8))
    assert (six.p, six.smallest, six.decidable) == (2 / 64, 2 / 64, False)
    assert (eight.p, eight.decidable, eight.enumerated) == (2 / 256, True, True)


def test_groups_without_a_difference_are_kept() -> None:
    found = sign_flip([1.0] * 6 + [0.0] * 4, range(10))
    assert (found.groups, found.informative) == (10, 6)
    assert found.p == 2 / 64


def test_many_groups_are_drawn_and_p_is_never_zero() -> None:
    found = sign_flip([1.0] * 40, range(40), draws=999)
    assert not found.enumerated
    assert found.p == found.smallest == 1 / 1000
    assert sign_flip([1.0, -0.9] * 20, range(40), seed=1) == sign_flip([1.0, -0.9] * 20, range(40), seed=1)


def verdict(wins: int, losses: int, ties: int, *, margin: float = 0.05, lost: int = 0) -> tuple[str, str]:
    a = [1.0] * wins + [0.0] * losses + [1.0] * ties
    b: list[float | None] = [0.0] * wins + [1.0] * losses + [1.0] * ties
    found = classify([contrast([*a, *[None] * lost], [*b, *[1.0] * lost], range(len(a) + lost), margin=margin)])[0]
    return found.kind, found.reason


def test_the_four_verdicts() -> None:
    assert verdict(30, 5, 65) == ("better", "")
    assert verdict(5, 30, 65) == ("worse", "")
    assert verdict(2, 2, 396) == ("equivalent", "")
    kind, reason = verdict(6, 4, 50)
    assert kind == "undecided"
    assert reason == "no clear difference, but one of 0.05 or more is not ruled out"


def test_a_difference_that_only_the_family_takes_away_is_said_to_be_one_by_itself() -> None:
    wins = contrast([1.0] * 60, [0.0] * 9 + [1.0] * 1 + [1.0] * 50, range(60), margin=0.05)
    ties = contrast([1.0] * 60, [1.0] * 60, range(60), margin=0.05)
    assert classify([wins])[0].kind == "better"
    found = classify([wins, *[ties] * 19])[0]
    assert (found.kind, found.reason) == (
        "undecided",
        "a difference by itself (p .004), but not as one of 20 pairs (p .078)",
    )


def test_a_significant_gain_inside_the_margin_is_equivalent() -> None:
    scores = contrast([0.52] * 50, [0.5] * 25 + [0.51] * 25, range(50), margin=0.05)
    found = classify([scores])[0]
    assert found.kind == "equivalent"
    assert found.significant


def test_too_few_groups_are_said_in_a_sentence() -> None:
    assert verdict(6, 0, 0) == (
        "undecided",
        "cannot decide: 6 groups (at least 8 are needed), smallest possible p .031",
    )


def test_a_verdict_that_failures_could_overturn_is_undecided_because_of_them() -> None:
    assert verdict(18, 5, 60, lost=1)[0] == "better"
    assert verdict(18, 5, 60, lost=15) == ("undecided", "undecided because of 15 failures")


def test_where_lower_is_better_a_positive_difference_is_still_better() -> None:
    found = contrast([0.0] * 20, [1.0] * 20, range(20), margin=0.05, higher_is_better=False)
    assert found.difference == 1.0
    assert classify([found])[0].kind == "better"
    torn = contrast([0.0] * 19 + [None], [1.0] * 20, range(20), margin=0.05, higher_is_better=False)
    assert torn.ends[0].mean == pytest.approx(0.95)
    assert torn.ends[1].mean == 1.0


def test_a_family_of_contrasts_is_adjusted_together() -> None:
    one = contrast([1.0] * 12 + [0.0] * 28, [0.0] * 8 + [1.0] * 4 + [0.0] * 28, range(40), margin=0.05)
    assert one.p == pytest.approx(2 / 256)
    alone, *many = (v for family in ([one], [one] * 8) for v in classify(family))
    assert alone.kind == "better"
    assert {(v.kind, round(v.p_adjusted, 4)) for v in many} == {("undecided", 0.0625)}


@pytest.mark.parametrize(("groups", "equivalent"), [(45, False), (58, False), (59, True)])
def test_arms_that_never_differ_are_equivalent_once_a_real_difference_would_hardly_have_hidden(
    groups: int, equivalent: bool
) -> None:
    # A true difference of .05 shows in none of 45 groups one time in ten, in none of 59 one time in twenty.
    assert tost([0.0] * groups, list(range(groups)), 0.05).equivalent is equivalent


def test_equivalence_at_a_spread_of_three_tenths_takes_about_324_groups() -> None:
    # 322 by the normal formula at seven eighths of alpha an end, 308 at all of it.
    assert 322 <= needed_groups(0.3, 0.05) <= 326
    assert 282 <= needed_groups(0.3, 0.05, question="difference") <= 287


def test_more_spread_a_smaller_margin_and_a_smaller_alpha_need_more() -> None:
    plain = needed_groups(0.3, 0.05)
    assert needed_groups(0.4, 0.05) > plain
    assert needed_groups(0.3, 0.04) > plain
    assert needed_groups(0.3, 0.05, alpha=0.01) > plain
    assert needed_groups(0.3, 0.05, power=0.9) > plain
    assert needed_groups(1e-6, 0.05) == 8


def test_what_would_decide_is_an_interval_in_groups_and_examples() -> None:
    differences = [1.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0] * 6
    found = needed(differences, [i // 2 for i in range(48)], 0.05, family=4)
    assert isinstance(found, Needed)
    assert found.groups[0] < found.groups[1]
    assert found.examples == (2 * found.groups[0], 2 * found.groups[1])


def test_where_nothing_differed_the_rule_of_three_decides_or_as_many_as_may_have_stayed_unseen() -> None:
    quiet = needed([0.0] * 16, range(16), 0.05)
    assert quiet.groups[0] == 59
    # One in eight may differ and none of 16 have shown it, one time in ten.
    assert quiet.groups[1] > needed([1.0, *[0.0] * 15], range(16), 0.05).groups[0]
    assert quiet.sd == 0


@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("differing", [0.0, 0.02, 0.1, 0.4])
@pytest.mark.parametrize("tail", [1, 2, 3])
def test_what_did_not_decide_is_fewer_than_what_is_said_to_decide(differing: float, tail: int, clustered: bool) -> None:
    for groups in (12, 40, 90):
        labels = [number // 3 for number in range(3 * groups)] if clustered else list(range(groups))
        random = np.random.default_rng([tail, groups])
        signs = random.choice([-1.0, 1.0], p=[0.1 * tail, 1 - 0.1 * tail], size=len(labels))
        first = np.where(random.random(len(labels)) < differing, signs, 0.0)
        made = contrast(first.tolist(), [0.0] * len(labels), labels, margin=0.05, bounds=(-1, 1), draws=2_000)
        if classify([made])[0].kind == "undecided":
            assert needed(first, labels, 0.05).groups[1] > groups


def test_at_what_is_said_to_decide_nothing_is_left_undecided() -> None:
    random = np.random.default_rng(5)
    dev = random.choice([-1.0, 0.0, 1.0], p=[0.08, 0.84, 0.08], size=400)
    groups = needed(dev, range(400), 0.1).groups[1]
    for true in (0.0, 0.04, 0.06, 0.1):
        drawn = random.choice([-1.0, 0.0, 1.0], p=[0.08 - true / 2, 0.84, 0.08 + true / 2], size=groups)
        made = contrast(drawn.tolist(), [0.0] * groups, range(groups), margin=0.1, bounds=(-1, 1), draws=2_000)
        assert classify([made])[0].kind != "undecided"


def test_one_answer_that_differs_does_not_make_a_small_difference_showable() -> None:
    # Nine groups must tell, all to one side, before 2 / 2^9 is below .005.
    lone = smallest_effect(0.129, 60, alpha=0.005, whole=True)
    assert lone == smallest_effect(0.0, 60, alpha=0.005)
    graded = smallest_effect(0.129, 60, alpha=0.005)
    assert graded is not None
    assert lone is not None
    assert graded < lone / 2


def test_the_smallest_effect_shrinks_with_groups_and_is_none_where_nothing_can_be_decided() -> None:
    few, many = smallest_effect(0.4, 10), smallest_effect(0.4, 40)
    assert few is not None
    assert many is not None
    assert 0.17 < many < few / 2
    assert smallest_effect(0.4, 7) is None
    assert smallest_effect(0.4, 8, alpha=0.001) is None


def test_pseudo_values_of_a_mean_are_the_scores_themselves() -> None:
    values, names = pseudo_values(ExactMatch().reduce, [[0.0], [1.0], [1.0]], ["c", "a", "b"])
    assert names == ["a", "b", "c"]
    assert values.tolist() == pytest.approx([1, 1, 0])


def test_small_p_values_are_written_short() -> None:
    assert [short(p) for p in (0.03125, 0.0004, 0.5, 1.0, 0.9999)] == [".031", "<.001", ".500", "1", "1"]


def test_statistics_do_without_scipy_stats_and_the_registry_without_numpy() -> None:
    code = (
        "import sys, openbook.score as s; assert 'numpy' not in sys.modules, 'numpy';"
        "s.METRICS.load('f1'); s.METRICS.load('rouge_l')().signature; s.METRICS.load('bleu')().signature;"
        "assert not {'nltk', 'sacrebleu', 'numpy'} & set(sys.modules);"
        "import openbook.score.stats; assert 'scipy.stats' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
