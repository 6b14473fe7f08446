"""Each outcome of a requirement, for each kind of measure, from answers that are already there."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from openbook.compare.gates.evidence import Exhibits
from openbook.compare.gates.gate import Gate, judge
from openbook.compare.gates.requirement import parse
from openbook.compare.material import Material
from openbook.compare.probes import latency
from openbook.compare.seats import Seat
from openbook.core import jsonl
from openbook.core.types import Example
from openbook.score import METRICS
from small_project import answered, desk, example, failed, paper

N = 40
QUESTIONS = [example(f"q{number}", facts=(("yes",),), documents=("a.md",), fact=f"f{number}") for number in range(N)]
REPORT = {
    "arms": {"rag": {"usd": {"per_1000": 0.3}}, "base": {"usd": {"per_1000": 0.1}}, "far": {"usd": {"per_1000": None}}},
    "recommendation": {"arm": "rag", "verdict": "Use rag."},
}


pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")


def sits(folder: Path, name: str, right: int, *, failures: int = 0, kind: str = "base", seed: int = 0) -> Seat:
    """An arm that got the first `right` questions right and failed the last `failures`."""
    texts = ["yes" if place < right else "no" for place in range(N)]
    records = [answered(q, text) for q, text in zip(QUESTIONS, texts, strict=True)][: N - failures]
    return desk(folder, name, [*records, *(failed(q) for q in QUESTIONS[N - failures :])], kind=kind, seed=seed)


def shown(
    seats: Sequence[Seat], *, questions: Sequence[Example] = QUESTIONS, report: Any = REPORT, **more: Any
) -> Exhibits:
    groups = more.pop("groups", None)
    material = Material(
        paper=paper(questions, groups),
        dev=False,
        seats=seats,
        absent=(),
        updated=more.pop("updated", ()),
        freshness=more.pop("freshness", ()),
        gap=((), ()),
        latency=questions,
    )
    metrics = [METRICS.load(name)() for name in ("facts", "f1", "bleu", "citation")]
    return Exhibits(material=material, report=report, metrics=metrics, alpha=0.05)


def held(exhibits: Exhibits, text: str) -> Gate:
    (gate,) = judge(exhibits, [parse(text)])
    return gate


def test_an_arm_against_an_arm_is_told_from_the_paired_differences(tmp_path: Path) -> None:
    seats = [sits(tmp_path, "rag", 30), sits(tmp_path, "base", 29)]
    near = held(shown(seats), "base.facts >= rag.facts - 0.2")
    assert (near.outcome, near.left, near.right, near.difference) == ("met", 0.725, 0.55, 0.175)
    assert near.low is not None
    assert near.low > 0
    assert near.level == 0.9125
    assert near.sentence.startswith("The difference is −0.025 [")
    assert near.sentence.endswith("(40 questions in 40 groups): it is at least −0.2.")
    assert held(shown(seats), "base.facts >= rag.facts").outcome == "cannot tell"
    assert held(shown(seats), "base.facts >= rag.facts + 0.2").outcome == "broken"
    # The two cells by themselves could not tell: pairing does.
    assert held(shown(seats), "base.facts >= 0.55").outcome == "met"
    assert held(shown(seats), "base.facts >= 0.65").outcome == "cannot tell"


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("rag.facts >= 0.5", "met"),
        ("rag.facts >= 0.75", "cannot tell"),
        ("rag.facts >= 0.95", "broken"),
        ("rag.facts <= 0.95", "met"),
        ("rag.facts < 0.75", "cannot tell"),
        ("rag.facts < 0.5", "broken"),
        ("rag.failures <= 0.2", "met"),
        ("rag.failures <= 0.01", "cannot tell"),
        ("rag.failures > 0.2", "broken"),
    ],
)
def test_a_share_against_a_number(tmp_path: Path, text: str, outcome: str) -> None:
    assert held(shown([sits(tmp_path, "rag", 30)]), text).outcome == outcome


def test_failures_are_bounded_so_that_they_cannot_make_a_requirement_met(tmp_path: Path) -> None:
    whole, holed = sits(tmp_path, "rag", 40), sits(tmp_path, "base", 40, failures=8)
    gate = held(shown([whole, holed]), "base.facts >= rag.facts - 0.2")
    assert (gate.outcome, gate.difference) == ("cannot tell", 0.2)
    assert "8 failed" in gate.sentence
    assert held(shown([whole, holed]), "base.failures <= rag.failures").outcome == "broken"


def test_few_groups_can_tell_nothing(tmp_path: Path) -> None:
    seats = [sits(tmp_path, "rag", 40)]
    few = {question.id: str(number % 7) for number, question in enumerate(QUESTIONS)}
    gate = held(shown(seats, groups=few), "rag.facts >= 0.1")
    assert (gate.outcome, gate.left, gate.low) == ("cannot tell", None, None)
    assert gate.sentence == "40 questions in 7 groups are too few: it takes at least 8 groups."


def test_a_figure_of_all_answers_is_told_from_groups_left_out(tmp_path: Path) -> None:
    seats = [sits(tmp_path, "rag", 30), sits(tmp_path, "base", 0)]
    assert held(shown(seats), "rag.citation >= 0.5").outcome == "broken"
    assert held(shown(seats), "rag.bleu >= base.bleu - 50").outcome == "met"
    assert held(shown(seats), "rag.bleu >= 90").outcome == "broken"


def timed(seat: Seat, seconds: Sequence[float]) -> Seat:
    rows = [
        {"key": q.key, "seconds": {"total": s, "first_token": s / 2}} for q, s in zip(QUESTIONS, seconds, strict=False)
    ]
    jsonl.append(latency.path(seat.log.folder), rows)
    return seat


def test_seconds_are_told_from_sorted_timings(tmp_path: Path) -> None:
    rag = timed(sits(tmp_path, "rag", 30), [1 + number / 100 for number in range(N)])
    base = timed(sits(tmp_path, "base", 30), [0.5 + number / 100 for number in range(N)])
    exhibits = shown([rag, base])
    assert held(exhibits, "rag.seconds.p50 <= 1.5").outcome == "met"
    assert held(exhibits, "rag.seconds.p50 <= 1.2").outcome == "cannot tell"
    assert held(exhibits, "rag.seconds.first_token < 0.5").outcome == "broken"
    assert held(exhibits, "rag.seconds.p50 <= base.seconds.p50 + 1").outcome == "met"
    assert held(exhibits, "rag.seconds.p50 <= base.seconds.p50").outcome == "broken"
    gate = held(exhibits, "rag.seconds.p95 <= 9")
    assert (gate.outcome, gate.high) == ("cannot tell", None)
    assert gate.sentence.endswith(
        "It takes 59 questions answered one at a time, and 40 were: there are only 40 to ask."
    )
    assert held(exhibits, "rag.seconds.p95 <= 1.1").outcome == "broken"
    few = shown([timed(sits(tmp_path / "few", "rag", 30), [1.0, 2.0])])
    assert held(few, "rag.seconds.p50 <= 9").sentence.endswith("and 2 were: raise [probes] latency to 5.")


def test_without_timings_seconds_cannot_be_told(tmp_path: Path) -> None:
    gate = held(shown([sits(tmp_path, "rag", 30)]), "rag.seconds.p50 <= 1")
    assert (gate.outcome, gate.sentence) == ("cannot tell", "No answer was timed.")


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("rag.usd.per_1000 <= 0.3", "met"),
        ("rag.usd.per_1000 < 0.3", "broken"),
        ("rag.usd.per_1000 <= base.usd.per_1000 + 0.2", "met"),
        ("rag.usd.per_1000 <= base.usd.per_1000", "broken"),
        ("far.usd.per_1000 <= 1", "cannot tell"),
        ("recommendation.arm == rag", "met"),
        ("recommendation.arm == base", "broken"),
    ],
)
def test_prices_and_the_recommendation_are_what_they_are(text: str, outcome: str) -> None:
    assert held(shown([]), text).outcome == outcome


def test_no_recommendation_cannot_be_told_and_says_why() -> None:
    report = {"arms": {}, "recommendation": {"arm": None, "verdict": "No clear winner."}}
    gate = held(shown([], report=report), "recommendation.arm == rag")
    assert (gate.outcome, gate.sentence) == ("cannot tell", "No clear winner.")


def test_changed_facts_are_told_by_fact_after_the_update(tmp_path: Path) -> None:
    changed = [
        example(f"u{number}{w}", facts=(("new",),), stale=("old",), fact=f"f{number}", change="edit")
        for number in range(12)
        for w in "ab"
    ]
    before = desk(tmp_path / "now", "rag", [answered(q, "old") for q in changed], kind="rag")
    after = desk(tmp_path / "then", "rag", [answered(q, "new") for q in changed], kind="rag")
    base = desk(tmp_path / "now", "base", [answered(q, "old") for q in changed])
    exhibits = shown([before, base], freshness=changed, updated=[after])
    assert held(exhibits, "rag.fresh >= 0.7").outcome == "met"
    assert held(exhibits, "base.fresh >= 0.7").outcome == "broken"
    gate = held(exhibits, "rag.fresh > base.fresh")
    assert gate.outcome == "met"
    assert "24 questions in 12 groups" in gate.sentence


def test_training_seeds_are_averaged_question_by_question(tmp_path: Path) -> None:
    seats = [sits(tmp_path, "tuned", right, kind="tuned", seed=seed) for seed, right in ((0, 40), (1, 20))]
    assert held(shown(seats), "tuned.facts >= 0.1").left == 0.75


def test_two_arms_share_the_chance_of_error_of_their_seconds(tmp_path: Path) -> None:
    exhibits = shown([timed(sits(tmp_path, arm, 30), [1.0, 1.1, 1.2, 1.3, 1.4]) for arm in ("rag", "base")])
    assert held(exhibits, "rag.seconds.p50 <= 9").outcome == "met"
    gate = held(exhibits, "rag.seconds.p50 <= base.seconds.p50 + 9")
    assert gate.outcome == "cannot tell"
    assert gate.sentence.endswith("raise [probes] latency to 6.")
