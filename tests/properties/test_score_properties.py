"""Laws of marking and of the statistics, on generated cases."""

import string

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from openbook.core.types import Answer, Example
from openbook.score.citation import CitesRight
from openbook.score.stats import classify, contrast, holm, mean_interval, paired_interval, sign_flip, tost
from openbook.score.text import ExactMatch, TokenF1
from openbook.score.wording import matches, words

LETTERS = st.text(string.ascii_letters + "äßéñ", min_size=1, max_size=8)
WORDINGS = st.lists(LETTERS | st.integers(0, 9999).map(str), min_size=1, max_size=4).map(" ".join)
PADDING = st.text(string.ascii_letters + " .,;!?\n", max_size=20)
SCORES = st.lists(
    st.tuples(st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.sampled_from([0.0, 0.5, 1.0]), st.integers(0, 11)),
    min_size=2,
    max_size=40,
)


@given(WORDINGS, PADDING, PADDING)
def test_a_wording_is_found_between_other_words(wording: str, before: str, after: str) -> None:
    assert matches(wording, f"{before} {wording} {after}")


@given(WORDINGS, st.sampled_from("127"), st.booleans())
def test_a_longer_number_is_another_number(wording: str, digit: str, front: bool) -> None:
    number = f"{digit}{wording}" if front else f"{wording}{digit}"
    assume(wording[0 if front else -1].isdigit())
    assume(words(wording) != words(number))
    assert not matches(wording, number)


@given(st.text(max_size=60))
def test_a_text_stands_in_itself_if_it_has_words(text: str) -> None:
    assert matches(text, text) == bool(words(text))


@given(WORDINGS, st.text(max_size=60))
def test_case_and_spaces_do_not_matter(wording: str, text: str) -> None:
    assert matches(wording, text) == matches(f"  {wording.upper().casefold()} ", text.replace(" ", "  "))


@given(st.text(max_size=40), st.text(max_size=40))
def test_an_exact_match_has_the_best_f1(text: str, reference: str) -> None:
    example, answer = Example(id="1", input="?", references=(reference,)), Answer(text=text)
    exact, overlap = ExactMatch().mark(example, answer), TokenF1().mark(example, answer)
    assert exact is not None
    assert overlap is not None
    assert 0 <= overlap <= 1
    assert overlap == 1 if exact else True


@given(st.lists(st.sampled_from(["a", "b", "c", "none", "1", "9", "x.md"]), max_size=6))
def test_citation_counts_never_exceed_what_was_cited_or_wanted(labels: list[str]) -> None:
    example = Example(id="1", input="?", references=("r",), documents=("d/a.md", "d/b.md"))
    (score,) = CitesRight().score([example], [Answer(text=" ".join(f"[{label}]" for label in labels))])
    right, cited, wanted = score.values  # type: ignore[union-attr]
    assert right <= min(cited, wanted)
    assert wanted == 2
    assert cited <= len(set(labels) - {"none"})


@given(SCORES)
def test_an_interval_holds_its_mean_has_a_width_and_stays_in_bounds(rows: list[tuple[float, float, int]]) -> None:
    values, groups = [row[0] for row in rows], [row[2] for row in rows]
    found = mean_interval(values, groups)
    assert 0 <= found.low <= found.mean + 1e-12
    assert found.mean - 1e-12 <= found.high <= 1
    assert found.high - found.low > 0.01


@given(SCORES)
def test_a_higher_level_gives_a_wider_paired_interval(rows: list[tuple[float, float, int]]) -> None:
    differences, groups = [row[0] - row[1] for row in rows], [row[2] for row in rows]
    narrow, wide = paired_interval(differences, groups, 0.9), paired_interval(differences, groups, 0.95)
    assert wide.low <= narrow.low <= narrow.mean + 1e-9
    assert narrow.mean - 1e-9 <= narrow.high <= wide.high
    assert narrow.low < narrow.high


@given(SCORES, st.randoms(use_true_random=False))
def test_statistics_do_not_depend_on_the_order_of_examples(
    rows: list[tuple[float, float, int]], random: object
) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    for some in (mean_interval, paired_interval):
        first, second = (some([row[0] for row in order], [row[2] for row in order]) for order in (rows, shuffled))
        assert (first.low, first.high) == pytest.approx((second.low, second.high))
    first_p, second_p = (
        sign_flip([row[0] - row[1] for row in order], [row[2] for row in order], draws=500).p
        for order in (rows, shuffled)
    )
    assert first_p == second_p


@given(SCORES)
def test_swapping_the_arms_mirrors_the_comparison(rows: list[tuple[float, float, int]]) -> None:
    a, b, groups = zip(*rows, strict=True)
    there, back = (contrast(x, y, groups, margin=0.1, draws=200) for x, y in ((a, b), (b, a)))
    assert (there.difference, there.low, there.high) == pytest.approx((-back.difference, -back.high, -back.low))
    assert there.p == back.p
    mirror = {"better": "worse", "worse": "better"}
    kind = classify([there])[0].kind
    assert classify([back])[0].kind == mirror.get(kind, kind)


@settings(max_examples=40)
@given(SCORES, st.floats(0.02, 0.9))
def test_equivalence_is_the_interval_inside_the_margin_and_agrees_with_its_p(
    rows: list[tuple[float, float, int]], margin: float
) -> None:
    differences, groups = [row[0] - row[1] for row in rows], [row[2] for row in rows]
    found = tost(differences, groups, margin)
    assert found.equivalent == (-margin < found.interval.low and found.interval.high < margin)
    assert found.equivalent == (found.p < 0.05) or found.p == pytest.approx(0.05, abs=1e-6)


@given(SCORES, st.data())
def test_a_verdict_with_failures_holds_whatever_the_failures_would_have_been(
    rows: list[tuple[float, float, int]], data: st.DataObject
) -> None:
    a, b, groups = (list(column) for column in zip(*rows, strict=True))
    lost = data.draw(st.sets(st.integers(0, len(rows) - 1), max_size=len(rows) - 1))
    with_failures = contrast([None if i in lost else v for i, v in enumerate(a)], b, groups, margin=0.3, draws=200)
    filled = contrast(a, b, groups, margin=0.3, draws=200)
    assert with_failures.failures == len(lost)
    assert with_failures.low <= filled.difference + 1e-9
    assert filled.difference - 1e-9 <= with_failures.high
    kind = classify([with_failures])[0].kind
    if kind in ("better", "worse"):
        assert (filled.difference > 0) == (kind == "better")


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_never_lowers_a_p_and_keeps_their_order(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(p <= q <= 1 for p, q in zip(p_values, adjusted, strict=True))
    order = np.argsort(p_values, kind="stable")
    assert np.all(np.diff(np.array(adjusted)[order]) >= 0)
