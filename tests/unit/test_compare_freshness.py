"""The freshness probe: which wordings are asked, what each answer counts as, and what is right."""

from collections.abc import Sequence
from typing import Any

import pytest

from openbook.compare.probes.freshness import CLASSES, Freshness, questions, tally
from openbook.core.types import Example, Record
from small_project import answered, example, failed


def wording(name: str, fact: str, **fields: Any) -> Example:
    return example(name, fact=fact, facts=(("£39",),), stale=("£34",), change="edit", **fields)


def trained(*names: str) -> list[Example]:
    return [example(f"t-{name}", f"What about {name}?") for name in names]


THREE = [wording(f"{fact}{i}", fact) for fact in ("fee", "fine", "hours") for i in range(3)]


def test_every_question_is_asked_without_a_limit() -> None:
    assert sorted(one.id for one in questions(THREE, (), 0)) == sorted(one.id for one in THREE)


def test_wordings_that_were_used_nowhere_come_first() -> None:
    before = trained("fee0", "fine1", "hours2", "hours1")
    order = [one.id for one in questions(THREE, before, 0)]
    assert set(order[:5]) == {"fee1", "fee2", "fine0", "fine2", "hours0"}
    assert [one.id for one in questions(THREE, before, 5)] == order[:5]


@pytest.mark.parametrize("before", [(), ("fee0", "fine1", "hours2", "hours1"), ("fee2", "fee1")])
def test_every_fact_is_asked_once_before_any_is_asked_twice(before: Sequence[str]) -> None:
    first = questions(THREE, trained(*before), 3)
    assert {one.fact for one in first} == {"fee", "fine", "hours"}


def test_questions_without_a_fact_are_each_their_own() -> None:
    loose = [example(f"q{i}", facts=(("£39",),)) for i in range(3)]
    mixed = [*loose, wording("fee0", "fee"), wording("fee1", "fee")]
    assert len({one.fact or one.id for one in questions(mixed, (), 4)}) == 4


def test_a_higher_limit_keeps_the_questions_of_a_lower_one() -> None:
    for limit in range(1, 9):
        assert questions(THREE, trained("fee0"), limit + 1)[:limit] == questions(THREE, trained("fee0"), limit)


def told(asked: Example, text: str, **fields: Any) -> Freshness:
    return tally([asked], {asked.key: answered(asked, text, **fields)}, level=0.95)


@pytest.mark.parametrize(
    ("text", "abstained", "kind", "right"),
    [
        ("It is £39.", False, "fresh", 1),
        ("It is £34.", False, "stale", 0),
        ("It was £34 and is £39.", False, "both", 0),
        ("It is £390.", False, "neither", 0),
        ("I don't know.", True, "abstained", 0),
        ("I don't know, it was £34.", True, "stale", 0),
    ],
)
def test_an_answer_is_counted_by_what_it_says(text: str, abstained: bool, kind: str, right: int) -> None:
    found = told(wording("fee0", "fee"), text, abstained=abstained)
    assert {name: share.count for name, share in found.shares.items() if share.count} == {kind: 1}
    assert found.right.count == right
    assert set(found.shares) == set(CLASSES)


@pytest.mark.parametrize("answerable", [True, False])
@pytest.mark.parametrize(
    ("text", "abstained", "right"),
    [("I don't know.", True, 1), ("It is £34.", False, 0), ("No idea, it was £34.", True, 0), ("Green.", False, 0)],
)
def test_of_a_deleted_fact_only_an_abstention_is_right(
    text: str, abstained: bool, right: int, answerable: bool
) -> None:
    gone = example("gone", fact="fee", stale=("£34",), change="delete", answerable=answerable)
    assert told(gone, text, abstained=abstained).right.count == right


@pytest.mark.parametrize(("text", "kind"), [("It opens at 9.", "fresh"), ("I don't know.", "abstained")])
def test_an_added_fact_has_no_old_wording(text: str, kind: str) -> None:
    added = example("new", fact="hours", facts=(("9",),), change="add")
    found = told(added, text, abstained=kind == "abstained")
    assert found.shares[kind].count == 1
    assert found.right.count == (kind == "fresh")


def test_failures_and_unasked_questions_stand_outside_the_shares() -> None:
    records: dict[str, Record] = {THREE[0].key: answered(THREE[0], "£39"), THREE[1].key: failed(THREE[1])}
    found = tally(THREE, records, level=0.95)
    assert (found.right.count, found.right.n, found.failures) == (1, 1, 1)


def test_shares_have_intervals_of_some_width_even_at_the_ends() -> None:
    records = {one.key: answered(one, "£39") for one in THREE}
    found = tally(THREE, records, level=0.95)
    for share in (*found.shares.values(), found.right):
        assert 0 <= share.low <= share.count / share.n <= share.high <= 1
        assert share.high - share.low > 0.1


def test_nothing_asked_says_nothing() -> None:
    found = tally(THREE, {}, level=0.95)
    assert (found.right.n, found.right.low, found.right.high) == (0, 0.0, 1.0)
