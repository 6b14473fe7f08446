"""Marks: failures beside the n and never a number, seeds averaged, every interval finite and of some width."""

import math
from pathlib import Path

import pytest

from openbook.compare.marking.marks import Marks, mark
from openbook.core.protocols import Metric
from openbook.core.types import Example, Failure, Score
from openbook.score.bleu import Bleu
from openbook.score.citation import CitesRight
from openbook.score.facts import FactsRight
from openbook.score.text import ExactMatch, TokenF1
from small_project import answered, desk, example, failed, paper

LEVEL = 0.95


def shop(number: int) -> Example:
    name = f"shop{number}"
    return example(name, references=(f"It is £{number} [{name}]",), documents=(f"{name}.md",), facts=((f"£{number}",),))


ASKED = [shop(number) for number in range(12)]


def test_an_answer_is_marked_and_an_unasked_question_is_left_out() -> None:
    records = {ASKED[0].key: answered(ASKED[0], "£0"), ASKED[1].key: answered(ASKED[1], "£7")}
    assert mark(FactsRight(), ASKED, records) == {"shop0": Score(values=(1.0,)), "shop1": Score(values=(0.0,))}


def test_a_failed_answer_is_a_failed_mark() -> None:
    found = mark(FactsRight(), ASKED, {ASKED[0].key: failed(ASKED[0])})
    assert isinstance(found["shop0"], Failure)


def test_where_a_metric_does_not_apply_there_is_nothing_to_fail() -> None:
    plain = example("plain")
    assert mark(FactsRight(), [plain], {plain.key: failed(plain)}) == {"plain": None}
    assert mark(FactsRight(), [plain], {plain.key: answered(plain, "x")}) == {"plain": None}


def test_a_failure_stays_out_of_the_mean_and_widens_the_interval(tmp_path: Path) -> None:
    good = [answered(one, one.reference) for one in ASKED]
    whole = Marks(paper(ASKED), [FactsRight()], [desk(tmp_path, "a", good)], level=LEVEL)
    broken = [failed(ASKED[0]), *good[1:]]
    less = Marks(paper(ASKED), [FactsRight()], [desk(tmp_path, "b", broken)], level=LEVEL)
    first, second = whole.cell("a", whole.primary, "all"), less.cell("b", less.primary, "all")
    assert first is not None
    assert second is not None
    assert (second.mean, second.n, second.failures) == (1.0, 11, 1)
    assert second.low < first.low


def test_a_stratum_has_a_figure_of_its_own_or_none(tmp_path: Path) -> None:
    records = [answered(one, one.reference if number < 6 else "no") for number, one in enumerate(ASKED)]
    some = paper(ASKED, new=[one.id for one in ASKED[6:]])
    marks = Marks(some, [FactsRight()], [desk(tmp_path, "a", records)], level=LEVEL)
    cells = {stratum: marks.cell("a", marks.primary, stratum) for stratum in ("all", "seen", "new")}
    assert [cell.mean for cell in cells.values() if cell] == [0.5, 1.0, 0.0]
    only_seen = Marks(paper(ASKED), [FactsRight()], [desk(tmp_path, "b", records)], level=LEVEL)
    assert only_seen.cell("b", only_seen.primary, "new") is None


def test_an_arm_that_failed_everything_has_no_figure(tmp_path: Path) -> None:
    marks = Marks(paper(ASKED), [FactsRight()], [desk(tmp_path, "a", [failed(one) for one in ASKED])], level=LEVEL)
    assert marks.cell("a", marks.primary, "all") is None


def test_seeds_are_averaged_for_each_question(tmp_path: Path) -> None:
    right = [answered(one, one.reference) for one in ASKED]
    wrong = [answered(one, "no") for one in ASKED]
    seats = [desk(tmp_path, "tuned", right, kind="tuned"), desk(tmp_path, "tuned", wrong, kind="tuned", seed=1)]
    marks = Marks(paper(ASKED), [FactsRight()], seats, level=LEVEL)
    assert marks.arms == ["tuned"]
    assert marks.of("tuned", "facts")["shop0"] == Score(values=(0.5,))
    cell = marks.cell("tuned", marks.primary, "all")
    assert cell is not None
    assert (cell.mean, cell.n) == (0.5, 12)


def test_a_question_that_one_seed_failed_is_failed(tmp_path: Path) -> None:
    right = [answered(one, one.reference) for one in ASKED]
    seats = [
        desk(tmp_path, "tuned", right, kind="tuned"),
        desk(tmp_path, "tuned", [failed(ASKED[0]), *right[1:]], kind="tuned", seed=1),
    ]
    cell = Marks(paper(ASKED), [FactsRight()], seats, level=LEVEL).cell("tuned", FactsRight(), "all")
    assert cell is not None
    assert (cell.n, cell.failures) == (11, 1)


TEXTS = {
    "all right": lambda number, one: one.reference,
    "none right": lambda number, one: "no",
    "nothing said": lambda number, one: "",
    "one right": lambda number, one: one.reference if number == 0 else "no",
    "half right": lambda number, one: one.reference if number % 2 else "no idea at all",
}


@pytest.mark.parametrize("case", TEXTS)
@pytest.mark.parametrize("metric", [FactsRight(), ExactMatch(), TokenF1(), CitesRight(), Bleu()], ids=lambda m: m.name)
@pytest.mark.parametrize("broken", [0, 2])
def test_every_interval_is_finite_holds_its_mean_and_has_some_width(
    tmp_path: Path, case: str, metric: Metric, broken: int
) -> None:
    records = [
        failed(one) if number < broken else answered(one, TEXTS[case](number, one)) for number, one in enumerate(ASKED)
    ]
    groups = {one.id: f"g{number // 2}" for number, one in enumerate(ASKED)}
    marks = Marks(paper(ASKED, groups), [metric], [desk(tmp_path, "a", records)], level=LEVEL)
    cell = marks.cell("a", metric, "all")
    assert cell is not None
    top = 100.0 if metric.name == "bleu" else 1.0
    assert all(math.isfinite(value) for value in (cell.mean, cell.low, cell.high))
    assert 0 <= cell.low <= cell.mean <= cell.high <= top
    assert 0 < cell.high - cell.low < top


def test_a_citation_figure_that_every_group_agrees_on_gets_the_rule_of_three(tmp_path: Path) -> None:
    marks = Marks(
        paper(ASKED), [CitesRight()], [desk(tmp_path, "a", [answered(one, "no") for one in ASKED])], level=LEVEL
    )
    cell = marks.cell("a", marks.primary, "all")
    assert cell is not None
    assert (cell.mean, cell.low) == (0.0, 0.0)
    assert cell.high == pytest.approx(1 - 0.05 ** (1 / 12), abs=1e-6)


def test_a_figure_from_one_group_may_be_anything(tmp_path: Path) -> None:
    one_group = {one.id: "g" for one in ASKED}
    marks = Marks(
        paper(ASKED, one_group),
        [CitesRight()],
        [desk(tmp_path, "a", [answered(one, one.reference) for one in ASKED])],
        level=LEVEL,
    )
    cell = marks.cell("a", marks.primary, "all")
    assert cell is not None
    assert (cell.low, cell.high) == (0.0, 1.0)
