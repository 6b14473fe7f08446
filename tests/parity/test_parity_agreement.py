"""Kappa and macro F1 against published values, the delta method, simulation, and scikit-learn where it is installed."""

import numpy as np
import pytest

from openbook.core.types import Answer, Score
from openbook.score.labels import MacroF1
from openbook.score.stats import kappa, pseudo_values
from small_project import example

DIAGNOSES = ((75, 1, 4), (5, 4, 1), (0, 0, 10))
"""Fleiss, "Statistical Methods for Rates and Proportions", table of two raters' diagnoses of 100 patients."""


def labels(table: tuple[tuple[int, ...], ...]) -> tuple[list[int], list[int]]:
    cells = [(row, column) for row, counts in enumerate(table) for column, n in enumerate(counts) for _ in range(n)]
    return [row for row, _ in cells], [column for _, column in cells]


def test_kappa_has_the_published_value_and_interval() -> None:
    found = kappa(*labels(DIAGNOSES))
    assert (found.observed, found.chance) == (pytest.approx(0.89), pytest.approx(0.66))
    assert found.kappa == pytest.approx(0.676, abs=5e-4)
    # Published: standard error .088, so .676 ± 1.96 · .088.
    assert (found.low, found.high) == (pytest.approx(0.504, abs=1e-3), pytest.approx(0.849, abs=1e-3))


def test_kappa_of_fifty_grant_proposals() -> None:
    """Two readers, 20 times both yes, 15 times both no: .4 in every textbook."""
    assert kappa(*labels(((20, 5), (10, 15)))).kappa == pytest.approx(0.4)


def test_the_standard_error_is_the_delta_methods() -> None:
    table = np.array(DIAGNOSES, dtype=float) / 100

    def value(shares: np.ndarray) -> float:
        chance = shares.sum(axis=1) @ shares.sum(axis=0)
        return float((np.trace(shares) - chance) / (1 - chance))

    slope = np.zeros_like(table)
    for place in np.ndindex(3, 3):
        moved = np.zeros_like(table)
        moved[place] = 1e-6
        slope[place] = (value(table + moved) - value(table - moved)) / 2e-6
    error = np.sqrt(((slope**2 * table).sum() - (slope * table).sum() ** 2) / 100)
    found = kappa(*labels(DIAGNOSES))
    assert (found.high - found.low) / 2 == pytest.approx(1.959964 * error, rel=1e-4)


def test_groups_of_one_have_about_the_interval_of_independent_items_and_copies_teach_nothing() -> None:
    first, second = labels(((40, 10), (12, 38)))
    plain, single = kappa(first, second), kappa(first, second, range(100))
    assert single.high - single.low == pytest.approx(plain.high - plain.low, rel=0.05)
    copied = kappa(first * 3, second * 3, [*range(100)] * 3)
    assert (copied.kappa, copied.low, copied.high) == pytest.approx((single.kappa, single.low, single.high))
    assert (copied.n, copied.groups) == (300, 100)


def test_kappas_interval_covers_in_simulation() -> None:
    draw = np.random.default_rng(5)
    truth = np.array([[0.35, 0.1], [0.15, 0.4]])
    chance = float(truth.sum(axis=1) @ truth.sum(axis=0))
    wanted = (0.75 - chance) / (1 - chance)
    hits = 0
    for _ in range(400):
        cells = draw.choice(4, size=80, p=truth.ravel())
        found = kappa((cells // 2).tolist(), (cells % 2).tolist())
        hits += found.low <= wanted <= found.high
    assert 0.92 <= hits / 400 <= 0.98


def test_full_agreement_has_an_interval_and_one_label_has_no_kappa() -> None:
    found = kappa([0, 1] * 15, [0, 1] * 15)
    assert found.kappa == found.high == 1.0
    assert 0.7 < found.low < 0.9
    with pytest.raises(ValueError, match="the same label"):
        kappa([1, 1, 1], [1, 1, 1])


def random_labels() -> tuple[list[str], list[str]]:
    draw = np.random.default_rng(7)
    wanted = draw.choice(list("abcd"), size=300, p=[0.6, 0.25, 0.1, 0.05])
    given = np.where(draw.random(300) < 0.6, wanted, draw.choice(list("abcd"), size=300))
    return wanted.tolist(), given.tolist()


def macro(wanted: list[str], given: list[str]) -> tuple[MacroF1, list[tuple[float, ...]]]:
    metric = MacroF1(sorted({*wanted, *given}))
    examples = [example(str(place), references=(label,)) for place, label in enumerate(wanted)]
    scores = metric.score(examples, [Answer(text=label) for label in given])
    return metric, [score.values for score in scores if isinstance(score, Score)]


def test_macro_f1_has_scikit_learns_documented_value() -> None:
    metric, matrix = macro(list("012012"), list("021001"))
    assert metric.reduce(matrix) == pytest.approx(0.2666666, abs=1e-6)


def test_macro_f1_and_kappa_have_the_values_that_scikit_learn_gave() -> None:
    """scikit-learn 1.9.1, numpy 2: `cohen_kappa_score(*random_labels())` and `f1_score(*random_labels(), average="macro")`."""
    wanted, given = random_labels()
    metric, matrix = macro(wanted, given)
    assert kappa(wanted, given).kappa == pytest.approx(0.5251612903225806, abs=1e-12)
    assert metric.reduce(matrix) == pytest.approx(0.5796596204722324, abs=1e-12)


def test_macro_f1_and_kappa_are_scikit_learns() -> None:
    sklearn = pytest.importorskip("sklearn.metrics")
    wanted, given = random_labels()
    metric, matrix = macro(wanted, given)
    assert metric.reduce(matrix) == pytest.approx(sklearn.f1_score(wanted, given, average="macro"))
    assert kappa(wanted, given).kappa == pytest.approx(sklearn.cohen_kappa_score(wanted, given))


def test_leaving_groups_out_by_their_sums_changes_nothing() -> None:
    metric, matrix = macro(*random_labels())
    groups = [place % 40 for place in range(300)]
    slow, names = pseudo_values(metric.reduce, matrix, groups)
    quick, same = pseudo_values(metric.reduce, matrix, groups, additive=True)
    assert names == same
    assert quick == pytest.approx(slow, abs=1e-9)
