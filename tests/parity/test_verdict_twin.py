"""The simulation's vectorised twin gives the answers of `openbook.score.stats`, study by study."""

import numpy as np
import pytest

from openbook.score.stats import classify, contrast, holm, mean_interval, paired_interval, sign_flip, spread
from verdict_suite import truth, twin

Values = np.ndarray
LAWS = ("binary", "graded", "tailed")


def studies(law: str, layout: str, groups: int, count: int, *, paired: bool) -> tuple[Values, truth.Batch, list[str]]:
    """(studies, examples) scores or differences, the same as a batch, and each example's group."""
    random = np.random.default_rng([groups, len(layout), LAWS.index(law), paired])
    sizes = truth.layout(layout, groups)

    def scores() -> Values:
        if law == "graded":
            return truth._graded(random, 0.5, "strong", count, sizes)
        share = truth._tailed(random, 0.3, "some", count, sizes)
        return (share < 0.1).astype(float) if law == "binary" else share

    values = scores() - scores() if paired else scores()
    values[:3] = values[:3, :1]  # some studies without any spread
    members = [f"{group:04d}" for group in np.repeat(np.arange(groups), sizes.astype(int))]
    return values, truth._examples(values, sizes), members


CASES = [(law, layout, groups) for law in LAWS for layout in ("1", "17", "1-17") for groups in (2, 8, 13, 40)]


@pytest.mark.parametrize(("law", "layout", "groups"), CASES)
def test_means_and_their_intervals_are_the_real_ones(law: str, layout: str, groups: int) -> None:
    values, batch, members = studies(law, layout, groups, 12, paired=False)
    low, high = twin.mean_interval(batch, 0.95)
    mean, error = twin.spread(batch)
    for study, row in enumerate(values):
        found = mean_interval(row.tolist(), members)
        assert (low[study], high[study]) == pytest.approx((found.low, found.high), abs=1e-9)
        assert (mean[study], error[study]) == pytest.approx(
            (spread(row, members).mean, spread(row, members).error), abs=1e-12
        )


@pytest.mark.parametrize(("law", "layout", "groups"), CASES)
def test_differences_p_values_and_equivalence_are_the_real_ones(law: str, layout: str, groups: int) -> None:
    values, batch, members = studies(law, layout, groups, 12, paired=True)
    low, high = twin.paired_interval(batch, 0.95)
    p = twin.sign_flip(batch.sums)
    equivalent = twin.equivalent(batch, 0.1)
    for study, row in enumerate(values):
        found = paired_interval(row, members)
        assert (low[study], high[study]) == pytest.approx((found.low, found.high), abs=1e-9)
        flips = sign_flip(row, members)
        same = flips.enumerated or flips.informative == groups  # else the same p from other draws
        assert p[study] == pytest.approx(flips.p, abs=1e-12 if same else 6 * (flips.p * (1 - flips.p) / 20_000) ** 0.5)
        made = contrast(np.maximum(row, 0).tolist(), np.maximum(-row, 0).tolist(), members, margin=0.1)
        assert equivalent[study] == made.scored.equivalent


def test_a_capped_p_is_exact_up_to_the_cap_and_above_it_elsewhere() -> None:
    _, batch, _ = studies("graded", "1-17", 40, 200, paired=True)
    exact, capped = twin.sign_flip(batch.sums), twin.sign_flip(batch.sums, cap=0.05)
    assert 0 < (exact <= 0.05).sum() < 200
    np.testing.assert_array_equal(np.where(exact <= 0.05, exact, 1), np.where(capped <= 0.05, capped, 1))


def test_families_are_adjusted_as_the_verdict_does() -> None:
    p = np.random.default_rng(1).uniform(0, 0.2, (50, 6))
    np.testing.assert_allclose(twin.holm(p), [holm(row) for row in p.tolist()])
    _, batch, _ = studies("binary", "1", 30, 40, paired=True)
    values, _, members = studies("binary", "1", 30, 40, paired=True)
    single = [contrast(np.maximum(r, 0).tolist(), np.maximum(-r, 0).tolist(), members, margin=0.05) for r in values]
    claimed = [verdict.significant for item in single for verdict in classify([item])]
    ours = twin.sign_flip(batch.sums)
    assert 0 < sum(claimed) < 40
    assert all(c == (p <= 0.05) for c, p in zip(claimed, ours, strict=True) if abs(p - 0.05) > 0.008)


@pytest.mark.parametrize("alike", ["none", "some", "strong"])
def test_the_laws_have_the_means_that_are_taken_for_the_truth(alike: str) -> None:
    random, sizes = np.random.default_rng(5), truth.layout("1-17", 400)
    laws = [
        (truth.binary(0.2, alike), 0.2),
        (truth.binary_pair(0.3, 0.1, alike), 0.2),
        (truth.bounded(0.6, alike), truth.graded_mean(0.6)),
        (truth.bounded_pair(0.7, 0.5, alike), 0.6 * 0.5 * 0.2),
        (truth.skewed(0.1, alike), 0.1),
        (truth.skewed_pair(0.2, 0.1, alike), 0.6 * 0.1),
        (truth.lopsided_pair(), 0.0),
    ]
    for draw, mean in laws:
        means, _ = twin.spread(draw(random, 200, sizes))
        assert means.mean() == pytest.approx(mean, abs=4 * means.std() / 200**0.5 + 1e-12)
