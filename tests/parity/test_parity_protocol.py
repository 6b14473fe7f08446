"""Joint flips, seeds crossed with groups and the comparison with the best: against brute force, definitions, simulation."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from openbook.score.stats import (
    against_best,
    any_above,
    classify,
    contrast,
    crossed_interval,
    holm,
    max_t,
    mean_interval,
    paired_interval,
    seed_variance,
    sign_flip,
    tango,
)

Sums = list[dict[str, float]]


def family(random: np.random.Generator, groups: int, size: int, *, shared: float = 1.0) -> Sums:
    """Differences of several arms from a common one: correlated one half where `shared` is 1."""
    common = random.normal(0, shared, groups)
    return [dict(zip(map(str, range(groups)), random.normal(0, 1, groups) - common, strict=True)) for _ in range(size)]


def studentised(values: np.ndarray) -> float:
    return float(abs(values.mean()) / (values.std(ddof=1) / math.sqrt(len(values))))


@pytest.mark.parametrize("seed", range(4))
def test_max_t_is_the_brute_force_step_down_over_studentised_statistics(seed: int) -> None:
    sums = family(np.random.default_rng(seed), 8, 3)
    table = np.array([list(row.values()) for row in sums])
    observed = [studentised(row) for row in table]
    order = sorted(range(3), key=lambda k: -observed[k])
    patterns = [table * np.array(signs) for signs in itertools.product((1, -1), repeat=8)]
    expected, running = {}, 0.0
    for place, k in enumerate(order):
        left = order[place:]
        extreme = np.mean([max(studentised(p[j]) for j in left) >= observed[k] - 1e-9 for p in patterns])
        running = max(running, float(extreme))
        expected[k] = running
    assert max_t(sums) == pytest.approx([expected[k] for k in range(3)])


def test_max_t_of_one_contrast_is_its_sign_flip_test() -> None:
    differences = np.random.default_rng(1).normal(0.4, 1, 12)
    sums = dict(zip(map(str, range(12)), differences, strict=True))
    assert max_t([sums])[0] == pytest.approx(sign_flip(differences, range(12)).p)
    one_sided = any_above([sums])
    assert one_sided == pytest.approx(sign_flip(differences, range(12)).p / 2)


def test_drawn_max_t_comes_near_the_enumerated_one_and_is_the_same_each_time() -> None:
    sums = family(np.random.default_rng(2), 12, 4)
    exact, drawn = max_t(sums), max_t(sums, draws=4000, seed=3)
    assert drawn == pytest.approx(exact, abs=0.04)
    assert drawn == max_t(sums, draws=4000, seed=3)


def test_max_t_keeps_its_promise_where_nothing_differs_and_is_sharper_than_holm_where_contrasts_hang_together() -> None:
    random, runs = np.random.default_rng(5), 400
    false = sharper = blunter = 0
    for _ in range(runs):
        sums = family(random, 11, 5, shared=3.0)
        joint = max_t(sums)
        apart = holm([max_t([one])[0] for one in sums])
        false += min(joint) <= 0.05
        sharper += sum(apart) > sum(joint) + 1e-12
        blunter += sum(apart) < sum(joint) - 1e-12
    assert false / runs <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)
    assert false / runs >= 0.05 - 3 * math.sqrt(0.05 * 0.95 / runs), "exact, not only conservative"
    assert sharper > 20 * blunter


def test_a_family_by_max_t_claims_more_than_one_by_holm() -> None:
    random = np.random.default_rng(6)
    claims = {"holm": 0, "max-t": 0}
    for _ in range(60):
        common = random.random(60)
        arms = [(common + 0.35 * random.random(60) < 0.75).astype(float).tolist() for _ in range(4)]
        base = (common + 0.35 * random.random(60) < 0.6).astype(float).tolist()
        tested = [contrast(arm, base, range(60), margin=0.01, draws=1000) for arm in arms]
        for how in claims:
            verdicts = classify(tested, adjust=how, draws=1000)  # type: ignore[arg-type]
            claims[how] += sum(verdict.kind == "better" for verdict in verdicts)
    assert claims["max-t"] > claims["holm"] > 0


def crossed(
    random: np.random.Generator, seeds: int, groups: int, *, seed_sd: float, inner: int = 2
) -> tuple[np.ndarray, list[int]]:
    """(seeds, examples): 0.5 + seed + group + seed × group + noise."""
    parts = (
        random.normal(0, 0.2, groups) + random.normal(0, 0.1, (seeds, groups)) + random.normal(0, seed_sd, (seeds, 1))
    )
    scores = 0.5 + np.repeat(parts, inner, axis=1) + random.normal(0, 0.1, (seeds, groups * inner))
    return scores, [i // inner for i in range(groups * inner)]


def test_the_seed_part_is_that_of_a_two_way_analysis_of_variance() -> None:
    scores, groups = crossed(np.random.default_rng(7), 4, 9, seed_sd=0.3)
    cells = scores.reshape(4, 9, 2).mean(axis=2)
    grand, by_seed, by_group = cells.mean(), cells.mean(axis=1), cells.mean(axis=0)
    ms_seed = 9 * ((by_seed - grand) ** 2).sum() / 3
    rest = cells - by_seed[:, None] - by_group[None, :] + grand
    ms_rest = (rest**2).sum() / (3 * 8)
    assert seed_variance(scores, groups) == pytest.approx((ms_seed - ms_rest) / (4 * 9))


def test_without_a_group_part_the_recipe_s_interval_is_the_t_interval_of_the_seeds() -> None:
    means = np.array([0.2, 0.35, 0.5])
    scores = np.repeat(means[:, None], 40, axis=1)
    inner = mean_interval(scores.mean(axis=0).tolist(), range(40))
    found = crossed_interval(scores, range(40), inner)
    expected = stats.ttest_1samp(means, 0).confidence_interval(0.95)
    reach = math.hypot(expected.high - means.mean(), inner.high - inner.mean)
    assert found.high == pytest.approx(means.mean() + reach)


@pytest.mark.parametrize(("seeds", "seed_sd"), [(2, 0.0), (2, 0.1), (3, 0.1), (5, 0.05)])
def test_the_recipe_s_interval_holds_the_truth_where_that_of_the_adapters_does_not(seeds: int, seed_sd: float) -> None:
    random, runs = np.random.default_rng(seeds), 400
    held = adapters = 0
    for _ in range(runs):
        scores, groups = crossed(random, seeds, 30, seed_sd=seed_sd)
        inner = paired_interval(scores.mean(axis=0), groups, bounds=(-9.0, 9.0))
        found = crossed_interval(scores, groups, inner, bounds=(-9.0, 9.0))
        held += found.low <= 0.5 <= found.high
        adapters += inner.low <= 0.5 <= inner.high
        assert found.low <= inner.low < inner.high <= found.high
    assert held / runs >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / runs)
    if seed_sd == 0.1:
        assert adapters / runs < 0.9, "ignoring the seeds should have failed here"


def test_one_seed_says_nothing_of_another() -> None:
    with pytest.raises(ValueError, match="two or more"):
        crossed_interval([[0.5] * 20], range(20), mean_interval([0.5] * 20, range(20)))


def test_against_the_best_has_the_bounds_of_hsus_definition() -> None:
    random = np.random.default_rng(8)
    scores = {name: random.normal(mean, 0.1, 40).clip(0, 1) for name, mean in (("a", 0.4), ("b", 0.5), ("c", 0.52))}
    found = against_best({name: row.tolist() for name, row in scores.items()}, range(40))

    def end(first: str, second: str, side: str) -> float:
        low_high = stats.ttest_1samp(scores[first] - scores[second], 0).confidence_interval(1 - 2 * 0.875 * 0.05 / 2)
        return float(getattr(low_high, side))

    highs = {a: max(0.0, min(end(a, b, "high") for b in scores if b != a)) for a in scores}
    possible = {a for a, high in highs.items() if high > 0}
    lows = {a: min(0.0, *(end(a, b, "low") for b in possible if b != a)) for a in scores}
    assert possible == {"b", "c"} == {name for name, row in found.items() if row.possible}
    assert {a: row.high for a, row in found.items()} == pytest.approx(highs)
    assert {a: row.low for a, row in found.items()} == pytest.approx(lows)


@pytest.mark.parametrize("behind", [0.0, 0.1])
def test_the_best_arm_is_out_and_a_worse_one_is_near_it_at_most_as_often_as_alpha_says(behind: float) -> None:
    """`behind` 0: ties, where the true best is most easily thrown out; .1: arms at the margin, most easily called near."""
    random, runs = np.random.default_rng(11), 150
    thrown = near = 0
    for _ in range(runs):
        members = np.repeat(np.arange(24), 2)
        easy = random.random(24)[members] * 0.4
        shares = {"best": 0.5, "x": 0.5 - behind, "y": 0.5 - behind, "z": 0.5 - behind}
        scores = {n: (random.random(48) < s - 0.2 + easy).astype(float).tolist() for n, s in shares.items()}
        found = against_best(scores, members.tolist(), draws=500)
        thrown += not found["best"].possible
        near += any(found[name].low > -0.1 for name in "xyz")
    slack = 3 * math.sqrt(0.05 * 0.95 / runs)
    assert thrown / runs <= 0.05 + slack
    if behind:
        assert near / runs <= 0.05 + slack


def test_against_the_best_decides_more_than_all_pairs_do() -> None:
    random, mine, pairs = np.random.default_rng(12), 0, 0
    for _ in range(60):
        shares = {"a": 0.3, "b": 0.3, "c": 0.3, "d": 0.3, "best": 0.58}
        scores = {name: (random.random(60) < share).astype(float).tolist() for name, share in shares.items()}
        found = against_best(scores, range(60), draws=1000)
        mine += [name for name, row in found.items() if row.possible] == ["best"]
        tested = [
            contrast(scores[b], scores[a], range(60), margin=0.01, draws=1000)
            for a, b in itertools.combinations(scores, 2)
        ]
        against = [
            v for (a, b), v in zip(itertools.combinations(scores, 2), classify(tested), strict=True) if b == "best"
        ]
        pairs += all(verdict.kind == "better" for verdict in against)
    assert mine > pairs > 0


def test_tango_has_the_published_interval_of_the_airway_data() -> None:
    """Fagerland, Lydersen and Laake 2014, Statistics in Medicine 33:2850: 1 and 7 discordant pairs of 21 children."""
    assert tango(1, 7, 21) == pytest.approx((-0.517, -0.026), abs=5e-4)


@pytest.mark.parametrize("n", [8, 12, 20])
def test_intervals_of_0_1_differences_hold_the_truth_also_in_small_samples(n: int) -> None:
    """Exact, over all outcomes: the least coverage there is, and the usual one."""
    outcomes = [(w, lost) for w in range(n + 1) for lost in range(n + 1 - w)]
    rows = [paired_interval([1.0] * w + [-1.0] * lost + [0.0] * (n - w - lost), range(n)) for w, lost in outcomes]
    low, high = np.array([row.low for row in rows]), np.array([row.high for row in rows])
    counts = np.array([(w, lost, n - w - lost) for w, lost in outcomes])
    coverage = []
    for p, q in itertools.product(np.linspace(0.02, 0.9, 12), repeat=2):
        if p + q < 0.97:
            chance = stats.multinomial.pmf(counts, n, [p, q, 1 - p - q])
            coverage.append(chance[(low <= p - q) & (p - q <= high)].sum())
    assert min(coverage) >= 0.91
    assert np.mean(np.array(coverage) >= 0.93) >= 0.95
