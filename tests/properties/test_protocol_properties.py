"""What must hold of joint flips, the best arm and recipes for any scores."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openbook.score.stats import AgainstBest, against_best, crossed_interval, max_t, mean_interval

SCORE = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1).map(lambda value: round(value, 3)))
TABLES = st.integers(2, 4).flatmap(
    lambda arms: st.lists(st.tuples(*[SCORE] * arms, st.integers(0, 11)), min_size=3, max_size=30)
)


def against(rows: list[tuple[float, ...]], **options: object) -> dict[str, AgainstBest]:
    scores = {f"arm{k}": [row[k] for row in rows] for k in range(len(rows[0]) - 1)}
    return against_best(scores, [int(row[-1]) for row in rows], draws=300, **options)  # type: ignore[arg-type]


@settings(max_examples=60)
@given(TABLES)
def test_the_arm_with_the_best_mean_may_be_the_best_and_nothing_is_better_than_it_can_be(
    rows: list[tuple[float, ...]],
) -> None:
    found = against(rows)
    means = {f"arm{k}": float(np.mean([row[k] for row in rows])) for k in range(len(found))}
    assert found[max(means, key=means.__getitem__)].possible
    for name, row in found.items():
        others = max(mean for other, mean in means.items() if other != name)
        assert -1 <= row.low <= 0 <= row.high <= 1
        assert row.low <= max(0.0, means[name] - others) + 1e-9 or not row.possible
        assert row.possible or means[name] < others


@settings(max_examples=40)
@given(TABLES)
def test_the_comparison_with_the_best_mirrors_where_lower_is_better(rows: list[tuple[float, ...]]) -> None:
    turned = [(*(1 - score for score in row[:-1]), row[-1]) for row in rows]
    first, second = against(rows), against(turned, higher_is_better=False)
    for name, row in first.items():
        assert (row.low, row.high) == pytest.approx((second[name].low, second[name].high))


@settings(max_examples=60)
@given(st.lists(st.tuples(*[st.integers(-9, 9)] * 3), min_size=1, max_size=12))
def test_a_family_never_lowers_a_p_and_does_not_depend_on_its_order(rows: list[tuple[int, ...]]) -> None:
    sums = [{str(group): float(row[k]) for group, row in enumerate(rows)} for k in range(3)]
    adjusted = max_t(sums, draws=4096)
    for one, p in zip(sums, adjusted, strict=True):
        assert max_t([one], draws=4096)[0] <= p + 1e-12 <= 1 + 1e-9
    assert max_t(sums[::-1], draws=4096)[::-1] == pytest.approx(adjusted)


@settings(max_examples=60)
@given(st.lists(st.tuples(SCORE, SCORE, SCORE, st.integers(0, 9)), min_size=2, max_size=30))
def test_a_recipe_is_never_surer_than_its_adapters(rows: list[tuple[float, ...]]) -> None:
    scores = np.array([[row[k] for row in rows] for k in range(3)])
    groups = [int(row[-1]) for row in rows]
    inner = mean_interval(scores.mean(axis=0).clip(0, 1).tolist(), groups)
    found = crossed_interval(scores, groups, inner)
    assert 0 <= found.low <= inner.low + 1e-12
    assert inner.high - 1e-12 <= found.high <= 1
