"""You can stop: said only where going on would hardly change anything, held to it by what then came of it."""

from io import StringIO
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from openbook.cli.live import LiveTable
from openbook.compare.verdict.futility import Outlook, outlook
from openbook.core.types import Example
from openbook.score.facts import FactsRight
from openbook.score.stats import Spread, classify, contrast
from small_project import answered, example

QUESTIONS = [f"q{number}" for number in range(80)]


def watching(pairs: list[tuple[str, str]], *, groups: dict[str, str] | None = None, **options: Any) -> Outlook:
    return Outlook(pairs, groups or {q: q for q in QUESTIONS}, margin=0.05, alpha=0.05, **options)


def tell(watched: Outlook, arm: str, marks: Any) -> None:
    for question, mark in zip(QUESTIONS, marks, strict=False):
        watched.answered(arm, question, float(mark))


def draws(seed: int, share: float, n: int = 80) -> Any:
    return np.random.default_rng(seed).random(n) < share


def test_two_arms_that_are_alike_cannot_be_decided_near_the_end() -> None:
    watched = watching([("rag", "hybrid")])
    tell(watched, "rag", draws(1, 0.5))
    tell(watched, "hybrid", draws(2, 0.5, 70))
    assert watched.state(("rag", "hybrid")) == "hopeless"
    assert watched.advice() == (
        "You can stop: rag against hybrid cannot be decided by these 80 questions (chance under 5 %)."
    )


def test_a_difference_that_may_still_come_out_is_waited_for() -> None:
    watched = watching([("rag", "hybrid")])
    tell(watched, "rag", draws(1, 0.7))
    tell(watched, "hybrid", draws(2, 0.55, 60))
    assert watched.state(("rag", "hybrid")) == "open"
    assert watched.advice() == ""


def test_nothing_is_said_before_half_of_the_questions_or_from_few_groups() -> None:
    watched = watching([("rag", "hybrid")])
    tell(watched, "rag", draws(1, 0.5))
    tell(watched, "hybrid", draws(1, 0.5, 39))
    assert watched.advice() == ""
    few = watching([("rag", "hybrid")], groups={q: str(number % 6) for number, q in enumerate(QUESTIONS)})
    for arm, seed in (("rag", 1), ("hybrid", 2)):
        tell(few, arm, draws(seed, 0.5, 76))
    assert few.advice() == ""


def test_nothing_is_said_once_all_is_answered() -> None:
    watched = watching([("rag", "hybrid")])
    for arm, seed in (("rag", 1), ("hybrid", 2)):
        tell(watched, arm, draws(seed, 0.5))
    assert watched.advice() == ""


def test_the_best_is_settled_only_by_what_holds_whatever_comes() -> None:
    watched = watching([("base", "rag"), ("base", "hybrid"), ("rag", "hybrid")])
    tell(watched, "base", [0] * 80)
    tell(watched, "rag", [1] * 10 + [0] * 70)
    tell(watched, "hybrid", [1] * 79)
    assert watched.state(("rag", "hybrid")) == "settled"
    assert watched.advice() == "You can stop: hybrid stays the best, whatever the other answers are."
    early = watching([("base", "hybrid")])
    tell(early, "base", [0] * 80)
    tell(early, "hybrid", [1] * 40)
    assert early.state(("base", "hybrid")) == "open"


def test_where_lower_is_better_the_lower_arm_stays_the_best() -> None:
    watched = watching([("base", "rag")], higher_is_better=False)
    tell(watched, "base", [1] * 80)
    tell(watched, "rag", [0] * 79)
    assert watched.advice().startswith("You can stop: rag stays the best")


def test_one_open_pair_keeps_it_going_and_what_is_as_good_as_decided_does_not() -> None:
    pairs = [("base", "rag"), ("base", "hybrid"), ("rag", "hybrid")]
    watched = watching(pairs)
    tell(watched, "base", draws(3, 0.05))
    tell(watched, "rag", draws(1, 0.5))
    tell(watched, "hybrid", draws(2, 0.5, 70))
    assert all(watched.state(pair) in ("sure", "settled") for pair in pairs[:2])
    assert watched.advice().endswith("(chance under 5 %), and the other pairs are as good as decided.")
    tell(watched, "base", draws(4, 0.4))
    assert watched.advice() == ""


def test_failed_answers_count_as_asked_but_could_be_anything() -> None:
    watched = watching([("base", "rag")])
    tell(watched, "base", [0] * 80)
    tell(watched, "rag", [1] * 79)
    assert watched.advice()
    watched.answered("rag", "q79", None)
    assert watched.advice() == ""
    assert watched.state(("base", "rag")) == "settled"


def test_few_answers_that_both_gave_say_nothing() -> None:
    watched = watching([("rag", "hybrid")])
    tell(watched, "rag", draws(1, 0.5, 60))
    tell(watched, "hybrid", draws(2, 0.5, 30))
    assert watched.state(("rag", "hybrid")) == "open"


@pytest.mark.parametrize("share", [0.75, 0.9])
def test_what_is_given_up_hardly_ever_comes_out_and_what_is_sure_nearly_always_does(share: float) -> None:
    """Both are promises of at most one in twenty; checked over studies with differences of every size."""
    kept = {"hopeless": [0, 0], "sure": [0, 0]}
    for study in range(150):
        generator = np.random.default_rng(study)
        first, second = generator.random(80) < generator.uniform(0.2, 0.8), generator.random(80) < 0.5
        watched = watching([("a", "b")])
        tell(watched, "a", first)
        tell(watched, "b", second[: int(80 * share)])
        state = watched.state(("a", "b"))
        if state in kept:
            made = contrast([*map(float, first)], [*map(float, second)], QUESTIONS, margin=0.05, draws=2000)
            kept[state][0] += classify([made])[0].kind != "undecided"
            kept[state][1] += 1
    came_out, given_up = kept["hopeless"]
    held, sure = kept["sure"]
    assert given_up > 10
    assert came_out <= 0.05 * given_up + 1
    assert sure > 10
    assert held >= 0.95 * sure - 1


def test_the_chance_is_larger_the_more_is_still_to_come_and_the_larger_the_margin() -> None:
    found = Spread(mean=0.02, error=0.06, n=60, groups=60)
    by_share = [outlook(found, share, margin=0.05, alpha=0.05, hopeful=True) for share in (0.5, 0.7, 0.9)]
    assert by_share == sorted(by_share, reverse=True)
    assert outlook(found, 0.7, margin=0.3, alpha=0.05, hopeful=True) > by_share[1]


def test_the_live_table_says_it_and_without_an_outlook_does_not() -> None:
    asked = [example(name, references=("£1",), facts=(("£1",),)) for name in QUESTIONS]
    for told in (True, False):
        table = LiveTable(
            ["rag", "hybrid"], [FactsRight()], 80, outlook=watching([("rag", "hybrid")]) if told else None
        )
        for arm, seed, count in (("rag", 1, 80), ("hybrid", 2, 70)):
            for one, right in zip(asked[:count], draws(seed, 0.5, 80), strict=False):
                table.answered(_arm(arm), one, answered(one, "£1" if right else "no"))
        assert ("cannot be decided" in drawn(table)) is told
        for one in asked[70:]:
            table.answered(_arm("hybrid"), one, answered(one, "no"))
        table.stage("latency")
        assert "You can stop" not in drawn(table)


def drawn(table: LiveTable) -> str:
    page = StringIO()
    Console(file=page, width=120).print(table._draw())
    return page.getvalue()


def _arm(name: str) -> Any:
    return type("Named", (), {"name": name, "seed": 0})


def test_questions_of_no_pair_are_passed_over() -> None:
    watched = watching([("rag", "hybrid")])
    watched.answered("tuned", "q0", 1.0)
    watched.answered("rag", "another question", 1.0)
    assert watched.advice() == ""
    assert isinstance(example("e"), Example)
