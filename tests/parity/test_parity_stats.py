"""Statistics against SciPy, brute force, published values and simulation."""

import itertools
import math

import numpy as np
import pytest
from scipy import optimize, stats

from openbook.score.stats import (
    classify,
    contrast,
    group_correlation,
    holm,
    mcnemar,
    mean_interval,
    needed_groups,
    paired_interval,
    proportion_interval,
    pseudo_values,
    sign_flip,
    spread,
    tango,
    tost,
    wilson,
)
from openbook.score.stats.cautious import cautious_error, uneven_df
from openbook.score.stats.tails import t_quantile

Clustered = tuple[list[float], list[int]]


@pytest.mark.parametrize(("k", "n"), [(1, 9), (5, 10), (17, 60), (59, 60), (0, 12)])
@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_wilson_is_scipys(k: int, n: int, level: float) -> None:
    expected = stats.binomtest(k, n).proportion_ci(level, method="wilson")
    assert wilson(k, n, level) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_has_the_values_of_newcombe_1998(k: int, n: int, low: float, high: float) -> None:
    assert wilson(k, n) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("n", [8, 20, 60])
def test_the_rule_of_three_is_the_exact_one_sided_bound(n: int) -> None:
    expected = stats.binomtest(0, n, alternative="less").proportion_ci(0.95, method="exact").high
    assert proportion_interval(0, n)[1] == pytest.approx(expected)
    assert proportion_interval(n, n)[0] == pytest.approx(1 - expected)
    assert proportion_interval(0, 300)[1] == pytest.approx(3 / 300, rel=0.01)


def test_the_t_interval_of_independent_scores_is_scipys() -> None:
    values = np.random.default_rng(3).uniform(0.2, 0.8, 25)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    found = mean_interval(values.tolist(), range(25), bounds=(-math.inf, math.inf))
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    shifted = values - 0.5
    paired = paired_interval(shifted, range(25), 0.9)
    expected = stats.ttest_1samp(shifted, 0).confidence_interval(0.9)
    assert (paired.low, paired.high) == pytest.approx((expected.low, expected.high))


def test_the_interval_of_bounded_scores_is_wilsons_of_as_many_0_1_scores_with_two_groups_more() -> None:
    values = np.random.default_rng(3).uniform(0.2, 0.8, 25)
    found = mean_interval(values.tolist(), range(25))
    error = (
        np.sqrt(27 / 26 * np.square([*(v - p for v in [*values, 0, 1] for p in [np.mean([*values, 0, 1])])]).sum()) / 27
    )
    mean = values.mean()
    n = mean * (1 - mean) / error**2
    t = stats.t.ppf(0.975, 24)
    for end in (found.low, found.high):
        assert abs(end - mean) == pytest.approx(t * math.sqrt(end * (1 - end) / n))


def test_the_standard_error_is_the_cluster_sandwich_of_a_regression_on_a_constant() -> None:
    random = np.random.default_rng(4)
    groups = random.integers(0, 9, 50)
    values = random.normal(size=50) + groups
    ones = np.ones((50, 1))
    bread = np.linalg.inv(ones.T @ ones)
    residuals = values - values.mean()
    meat = sum(
        np.outer(ones[groups == g].T @ residuals[groups == g], ones[groups == g].T @ residuals[groups == g])
        for g in range(9)
    )
    expected = math.sqrt((bread @ meat @ bread)[0, 0] * 9 / 8)
    assert spread(values, groups.tolist()).error == pytest.approx(expected)


def test_uneven_groups_have_the_degrees_of_freedom_and_the_scale_of_a_drawn_sum_of_squares() -> None:
    random, sizes = np.random.default_rng(15), np.array([1.0, 2.0, 2.0, 9.0, 17.0, 1.0, 4.0])
    deviations = np.sqrt(sizes * (1 + 0.5 * (sizes - 1)))
    sums = random.normal(size=(200_000, 7)) * deviations
    squares = np.square(sums - sizes * (sums.sum(axis=1) / sizes.sum())[:, None]).sum(axis=1)
    assert uneven_df(sizes) == pytest.approx(2 * squares.mean() ** 2 / squares.var(), rel=0.03)
    true = np.sqrt(np.square(deviations).sum()) / sizes.sum()
    found = np.sqrt(np.mean([cautious_error(row, sizes) ** 2 for row in sums[:20_000]]))
    assert found == pytest.approx(true, rel=0.03)
    assert uneven_df(np.full(12, 3.0)) == pytest.approx(11)


def test_the_group_correlation_is_the_one_of_scipys_analysis_of_variance() -> None:
    random = np.random.default_rng(5)
    groups = np.repeat(np.arange(12), random.integers(1, 6, 12))
    values = random.normal(size=len(groups)) + random.normal(size=12)[groups]
    f = stats.f_oneway(*(values[groups == g] for g in range(12))).statistic
    sizes = np.bincount(groups)
    size = (len(groups) - (sizes**2).sum() / len(groups)) / 11
    assert group_correlation(values, groups.tolist()) == pytest.approx((f - 1) / (f + size - 1))


def test_holm_has_the_values_of_its_definition_and_of_rs_p_adjust() -> None:
    assert holm([0.01, 0.02, 0.03, 0.04, 0.05]) == pytest.approx([0.05, 0.08, 0.09, 0.09, 0.09])
    p_values = np.random.default_rng(6).uniform(0, 0.3, 7).tolist()
    order = sorted(p_values)
    expected = [max(min(1.0, (7 - j) * order[j]) for j in range(order.index(p) + 1)) for p in p_values]
    assert holm(p_values) == pytest.approx(expected)


@pytest.mark.parametrize(("wins", "losses"), [(0, 0), (5, 0), (7, 3), (10, 10), (21, 4)])
def test_mcnemar_is_scipys_binomial_test_and_the_sign_flip_of_single_examples(wins: int, losses: int) -> None:
    expected = stats.binomtest(wins, wins + losses).pvalue if wins + losses else 1.0
    assert mcnemar(wins, losses) == pytest.approx(expected)
    differences = [1.0] * wins + [-1.0] * losses + [0.0] * 9
    found = sign_flip(differences, range(len(differences)), draws=2**14)
    assert found.p == pytest.approx(expected, abs=0 if found.enumerated else 0.012)


@pytest.mark.parametrize("seed", range(5))
def test_the_enumerated_sign_flip_is_the_brute_force_one(seed: int) -> None:
    random = np.random.default_rng(seed)
    differences = random.choice([-1.0, -0.3, 0.0, 0.5, 1.0], 30)
    groups = [*range(9), *random.integers(0, 9, 21).tolist()]
    sums = [sum(d for d, g in zip(differences, groups, strict=True) if g == name) for name in range(9)]
    observed = studentised(sums)
    patterns = list(itertools.product((1, -1), repeat=9))
    extreme = sum(studentised([s * x for s, x in zip(sums, p, strict=True)]) >= observed - 1e-9 for p in patterns)
    found = sign_flip(differences, groups)
    assert found.enumerated
    assert found.p == pytest.approx(extreme / 512)


def studentised(sums: list[float]) -> float:
    deviation = float(np.std(sums, ddof=1))
    return math.inf if deviation < 1e-12 and any(sums) else abs(sum(sums)) / max(deviation, 1e-300)


def test_the_sign_flip_of_single_examples_is_scipys_permutation_test() -> None:
    random = np.random.default_rng(7)
    first, second = random.normal(0.4, 1, 11), random.normal(0, 1, 11)
    expected = stats.permutation_test(
        (first, second), lambda x, y: np.mean(x - y), permutation_type="samples", n_resamples=np.inf
    ).pvalue
    assert sign_flip(first - second, range(11)).p == pytest.approx(expected)


def test_a_drawn_sign_flip_comes_near_the_enumerated_one() -> None:
    differences = np.random.default_rng(8).normal(0.3, 1, 12)
    exact, drawn = (sign_flip(differences, range(12), draws=draws) for draws in (4096, 4000))
    assert (exact.enumerated, drawn.enumerated) == (True, False)
    assert drawn.p == pytest.approx(exact.p, abs=4 * math.sqrt(exact.p / 4000))


@pytest.mark.parametrize("margin", [0.06, 0.1, 0.2])
def test_equivalence_of_independent_scores_is_two_one_sided_t_tests(margin: float) -> None:
    differences = np.random.default_rng(9).normal(0.02, 0.25, 40)
    sides = [(-margin, "greater"), (margin, "less")]
    expected = max(stats.ttest_1samp(differences, end, alternative=side).pvalue for end, side in sides)
    found = tost(differences, range(40), margin, spent=1.0)
    assert found.p == pytest.approx(expected, abs=1e-8)
    assert found.equivalent == (expected < 0.05)
    cautious = tost(differences, range(40), margin)
    assert cautious.p == pytest.approx(min(1.0, expected / 0.875) if expected / 0.875 < 0.5 else 1.0, abs=1e-8)
    assert cautious.equivalent == (expected < 0.875 * 0.05)


@pytest.mark.parametrize(("wins", "losses", "n"), [(9, 2, 40), (1, 0, 30), (6, 6, 25), (0, 4, 12)])
def test_tangos_ends_are_where_the_constrained_likelihood_puts_the_score_statistic(
    wins: int, losses: int, n: int
) -> None:
    for end, side in zip(tango(wins, losses, n), (1, -1), strict=True):
        cell = losing_cell(wins, losses, n, end)
        variance = n * (2 * cell + end - end**2)
        statistic = (wins - losses - n * end) / math.sqrt(variance)
        assert statistic == pytest.approx(side * 1.959964, abs=2e-3)


def losing_cell(wins: int, losses: int, n: int, delta: float) -> float:
    """The losing cell's most likely probability when winning is more likely by `delta`, by numeric search."""

    def loss(cell: float) -> float:
        cells = ((wins, cell + delta), (losses, cell), (n - wins - losses, 1 - 2 * cell - delta))
        return -sum(count * math.log(max(p, 1e-300)) for count, p in cells if count)

    low, high = max(0.0, -delta), (1 - delta) / 2
    return float(optimize.minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-12}).x)


def test_without_discordant_pairs_tangos_interval_is_its_closed_form() -> None:
    z2 = stats.norm.ppf(0.975) ** 2
    assert tango(0, 0, 50) == pytest.approx((-z2 / (50 + z2), z2 / (50 + z2)), abs=1e-9)


def test_t_quantiles_are_scipys() -> None:
    assert [t_quantile(0.975, df) for df in (1, 7, 200)] == pytest.approx(stats.t.ppf(0.975, [1, 7, 200]))


def test_pseudo_values_give_the_delta_methods_interval_of_a_ratio() -> None:
    random = np.random.default_rng(10)
    matrix = np.stack([random.binomial(3, 0.5, 300), np.full(300, 4.0)], axis=1) + random.integers(0, 2, (300, 1))
    groups = [i // 2 for i in range(300)]
    values, names = pseudo_values(lambda rows: float(np.divide(*np.sum(rows, axis=0))), matrix, groups)
    ratio = matrix[:, 0].sum() / matrix[:, 1].sum()
    influence = (matrix[:, 0] - ratio * matrix[:, 1]).reshape(150, 2).sum(axis=1) / matrix[:, 1].sum()
    expected = math.sqrt(150 / 149 * (influence**2).sum())
    found = spread(values, names)
    assert found.mean == pytest.approx(ratio, abs=1e-4)
    assert found.error == pytest.approx(expected, rel=0.02)


def clustered(random: np.random.Generator, groups: int, p: float, correlation: float = 0.4) -> Clustered:
    """0/1 scores in groups of 1 to about 7, alike within a group (beta-binomial)."""
    sizes = 1 + random.poisson(2, groups)
    strength = (1 - correlation) / correlation
    shares = random.beta(p * strength, (1 - p) * strength, groups)
    members = np.repeat(np.arange(groups), sizes)
    return (random.random(len(members)) < shares[members]).astype(float).tolist(), members.tolist()


@pytest.mark.parametrize(("groups", "p"), [(8, 0.5), (20, 0.2), (20, 0.9), (40, 0.5)])
def test_intervals_of_clustered_scores_hold_the_truth_as_often_as_they_say(groups: int, p: float) -> None:
    random, runs = np.random.default_rng(groups), 400
    held = naive = 0
    for _ in range(runs):
        values, members = clustered(random, groups, p)
        found = mean_interval(values, members)
        held += found.low <= p <= found.high
        low, high = wilson(sum(values), len(values))
        naive += low <= p <= high
    slack = 3 * math.sqrt(0.95 * 0.05 / runs)
    assert held / runs >= 0.95 - slack
    assert naive / runs < 0.95 - slack, "ignoring the groups should have failed here"


@pytest.mark.parametrize("groups", [8, 14, 30])
def test_the_sign_flip_claims_a_difference_that_is_not_there_at_most_as_often_as_it_says(groups: int) -> None:
    random, runs = np.random.default_rng(groups), 400
    false = naive = found = 0
    for _ in range(runs):
        first, members = clustered(random, groups, 0.5)
        shift = random.choice([-1.0, 1.0], groups)  # a whole group prefers one arm: what ignoring groups trips over
        differences = np.array(first) * shift[members]
        false += sign_flip(differences, members, draws=1000, seed=1).p <= 0.05
        naive += mcnemar(int((differences > 0).sum()), int((differences < 0).sum())) <= 0.05
        found += sign_flip(np.array(first), members, draws=1000, seed=1).p <= 0.05
    assert false / runs <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)
    assert naive / runs > 0.1, "ignoring the groups should have failed here"
    assert found / runs > 0.4, "a test that never rejects would pass too"


def test_equivalence_at_the_margin_is_claimed_at_most_as_often_as_alpha_says() -> None:
    random, runs = np.random.default_rng(1), 150
    claims = 0
    for _ in range(runs):
        values, members = clustered(random, 40, 0.1, 0.2)
        claims += tost(values, members, 0.1).equivalent
    assert claims / runs <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)


def test_the_groups_said_to_be_needed_do_decide_as_often_as_was_asked() -> None:
    random, groups = np.random.default_rng(2), needed_groups(0.2, 0.1)
    claims = [tost(random.normal(0, 0.2, groups).clip(-1, 1), range(groups), 0.1).equivalent for _ in range(200)]
    assert np.mean(claims) >= 0.8 - 3 * math.sqrt(0.8 * 0.2 / 200)
    shown = needed_groups(0.2, 0.1, question="difference")
    flips = [sign_flip(random.normal(0.1, 0.2, shown), range(shown), draws=1000).p <= 0.05 for _ in range(200)]
    assert np.mean(flips) >= 0.8 - 3 * math.sqrt(0.8 * 0.2 / 200)


def test_a_family_of_true_nulls_holds_a_false_claim_at_most_as_often_as_alpha_says() -> None:
    random, runs = np.random.default_rng(3), 120
    false = 0
    for _ in range(runs):
        arms = [random.integers(0, 2, 24).astype(float).tolist() for _ in range(4)]
        members = [i // 2 for i in range(24)]
        family = [contrast(x, arms[0], members, margin=0.05, draws=500) for x in arms[1:]]
        false += any(v.kind in ("better", "worse") for v in classify(family))
    assert false / runs <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)
