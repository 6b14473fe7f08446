"""Risk and coverage: the area by its definition, ties by lot, intervals that hold the truth."""

import itertools

import numpy as np
import pytest

from openbook.score.stats import mean_interval, pseudo_values, risk_coverage


def by_definition(wrong: list[bool]) -> float:
    """Mean over k of the share that is wrong among the first k."""
    return sum(sum(wrong[:k]) / k for k in range(1, len(wrong) + 1)) / len(wrong)


def alone(count: int) -> list[str]:
    return [str(place) for place in range(count)]


def test_answers_are_given_surest_first() -> None:
    found = risk_coverage([True, False, True, False], [0.1, 0.9, 0.4, 0.6], alone(4))
    assert found.risks == pytest.approx((0, 0, 1 / 3, 1 / 2))
    assert found.area == pytest.approx((1 / 3 + 1 / 2) / 4)
    assert found.area == found.best


def test_the_area_is_that_of_the_definition() -> None:
    chance = np.random.default_rng(0)
    wrong, sure = (chance.random(40) < 0.4).tolist(), chance.random(40).tolist()
    ordered = [bad for _, bad in sorted(zip(sure, wrong, strict=True), reverse=True)]
    found = risk_coverage(wrong, sure, alone(40))
    assert found.area == pytest.approx(by_definition(ordered))
    assert found.best == pytest.approx(by_definition(sorted(wrong)))
    assert found.risks[-1] == pytest.approx(sum(wrong) / 40)


def test_equally_sure_answers_count_as_if_drawn_by_lot() -> None:
    wrong, sure = [True, False, False, True, False], [2, 1, 1, 1, 0]
    orders = [[wrong[0], *(wrong[i] for i in middle), wrong[4]] for middle in itertools.permutations((1, 2, 3))]
    found = risk_coverage(wrong, sure, alone(5))
    assert found.area == pytest.approx(sum(map(by_definition, orders)) / len(orders))


def test_an_order_that_knows_nothing_has_the_risk_itself() -> None:
    found = risk_coverage([True, False, False, False], [float("-inf")] * 4, alone(4))
    assert found.area == pytest.approx(0.25)
    assert set(found.risks) == {0.25}


def test_the_interval_is_the_jackknife_over_groups() -> None:
    chance = np.random.default_rng(1)
    wrong = (chance.random(60) < 0.3).tolist()
    sure, groups = chance.random(60).tolist(), [str(place // 4) for place in range(60)]

    def area(matrix: object) -> float:
        rows = np.array(matrix)
        return risk_coverage(rows[:, 0].astype(bool).tolist(), rows[:, 1].tolist(), ["one"] * len(rows)).area

    values, names = pseudo_values(area, list(zip(wrong, sure, strict=True)), groups)
    wanted = mean_interval(list(values), names, bounds=(-np.inf, np.inf))
    found = risk_coverage(wrong, sure, groups)
    assert found.high - found.low == pytest.approx(wanted.high - wanted.low)
    assert found.low < found.area < found.high


def test_the_interval_holds_the_true_area_about_as_often_as_it_says() -> None:
    chance = np.random.default_rng(2)

    def drawn(count: int) -> tuple[list[bool], list[float]]:
        sure = chance.random(count)
        return (chance.random(count) < 0.6 * (1 - sure)).tolist(), sure.tolist()

    truth = risk_coverage(*drawn(20_000), ["one"] * 20_000).area
    held = [risk_coverage(*drawn(80), alone(80)) for _ in range(200)]
    assert 0.9 <= sum(one.low <= truth <= one.high for one in held) / 200 <= 0.99


def test_where_all_agree_the_interval_has_some_width_all_the_same() -> None:
    none, every = (risk_coverage([bad] * 10, list(range(10)), alone(10)) for bad in (False, True))
    assert (none.low, none.area) == (0, 0)
    assert 0.2 < none.high < 0.4
    assert (every.high, every.area) == (1, 1)
    assert 0.6 < every.low < 0.8


def test_one_group_says_nothing() -> None:
    found = risk_coverage([True, False], [0, 1], ["a", "a"])
    assert (found.low, found.high) == (0.0, 1.0)


@pytest.mark.parametrize(("wrong", "sure", "groups"), [([], [], []), ([True], [1, 2], ["a"]), ([True], [1], [])])
def test_what_does_not_fit_is_refused(wrong: list[bool], sure: list[float], groups: list[str]) -> None:
    with pytest.raises(ValueError, match="make no curve"):
        risk_coverage(wrong, sure, groups)
