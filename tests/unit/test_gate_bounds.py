"""The ends that a gate rests on: each is wrong with the stated probability at most, and failures widen them."""

import math

import numpy as np
import pytest
from scipy import stats as reference

from openbook.compare.gates.bounds import Ends, figure_ends, mean_ends, paired_ends
from openbook.score.stats import mean_interval, paired_interval, quantile_bounds, quantile_needed

GROUPS = [str(number) for number in range(40)]


def test_ends_are_those_of_the_two_sided_interval() -> None:
    values = [1.0] * 30 + [0.0] * 10
    expected = mean_interval(values, GROUPS, 1 - 2 * 0.875 * 0.05)
    assert mean_ends(values, GROUPS, alpha=0.05) == Ends(expected.low, expected.high)
    others = [0.0] * 5 + values[:35]
    found = paired_interval(np.array(values) - np.array(others), GROUPS, 1 - 2 * 0.875 * 0.05)
    assert paired_ends(values, others, GROUPS, alpha=0.05) == Ends(found.low, found.high)


def test_where_all_agree_an_end_still_has_its_whole_confidence() -> None:
    """With a true share of the upper end, forty scores in a row are all zero with probability alpha, not twice that."""
    high = mean_ends([0.0] * 40, GROUPS, alpha=0.05).high
    assert (1 - high) ** 40 == pytest.approx(0.05)
    low = paired_ends([0.5] * 40, [0.5] * 40, GROUPS, alpha=0.05).low
    assert (1 + low) ** 40 == pytest.approx(0.05)


def test_a_failure_stands_at_its_worst_for_either_end() -> None:
    values = [1.0] * 30 + [0.0] * 9
    ends = mean_ends([*values, None], GROUPS, alpha=0.05)
    assert ends.low == mean_ends([*values, 0.0], GROUPS, alpha=0.05).low
    assert ends.high == mean_ends([*values, 1.0], GROUPS, alpha=0.05).high
    other = [1.0] * 40
    both = paired_ends([*values, None], [None, *other[1:]], GROUPS, alpha=0.05)
    assert both.low == paired_ends([*values, 0.0], other, GROUPS, alpha=0.05).low
    assert both.high == paired_ends([*values, 1.0], [0.0, *other[1:]], GROUPS, alpha=0.05).high


def mean_of(matrix: object) -> float:
    return float(np.mean(np.array(matrix)[:, 0]))


def test_a_figure_that_is_a_mean_after_all_has_the_mean_s_ends() -> None:
    values = np.random.default_rng(0).uniform(0.2, 0.8, 40)
    found = figure_ends(mean_of, [[v] for v in values], GROUPS, alpha=0.05, within=Ends(0.0, 1.0), failed=0.0)
    # Not the very same: a mean's interval knows that scores end at 0 and 1.
    assert tuple(found) == pytest.approx(tuple(mean_ends(values.tolist(), GROUPS, alpha=0.05)), abs=0.01)


def test_a_figure_with_failures_or_without_spread_is_bounded_by_what_it_can_be() -> None:
    matrix = [[0.5]] * 40
    whole = figure_ends(mean_of, matrix, GROUPS, alpha=0.05, within=Ends(0.0, 1.0), failed=0.0)
    assert 0 < whole.low < 0.5 < whole.high < 1
    part = figure_ends(mean_of, matrix, GROUPS, alpha=0.05, within=Ends(0.0, 1.0), failed=0.2)
    assert part == pytest.approx(Ends(whole.low * 0.8, whole.high * 0.8 + 0.2))


@pytest.mark.parametrize(("q", "n"), [(0.5, 4), (0.5, 5), (0.5, 31), (0.95, 58), (0.95, 59), (0.95, 200)])
def test_a_quantile_s_bounds_are_wrong_with_probability_alpha_at_most_and_no_tighter_ones_would_be(
    q: float, n: int
) -> None:
    low, high = quantile_bounds(range(1, n + 1), q)
    if math.isfinite(low):
        assert reference.binom.cdf(low - 1, n, q) <= 0.05
    assert reference.binom.cdf((low if math.isfinite(low) else 0), n, q) > 0.05
    if math.isfinite(high):
        assert reference.binom.sf(high - 1, n, q) <= 0.05
        assert reference.binom.sf(high - 2, n, q) > 0.05
    assert math.isfinite(high) == (n >= quantile_needed(q))


def test_the_fewest_values_that_bound_a_quantile_from_above() -> None:
    assert quantile_needed(0.5) == 5
    assert quantile_needed(0.95) == 59
    assert quantile_needed(0.95, alpha=0.025) == 72


def test_quantile_bounds_hold_in_a_simulation() -> None:
    random = np.random.default_rng(1)
    truth = reference.expon.ppf(0.5)
    spans = [quantile_bounds(random.exponential(size=20).tolist(), 0.5) for _ in range(2000)]
    assert np.mean([low > truth for low, _ in spans]) < 0.07
    assert np.mean([high < truth for _, high in spans]) < 0.07
