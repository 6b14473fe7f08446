"""Two ways of training one arm, side by side: arms that differ in `[tune] method` and what belongs to a method."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

from openbook.compare.pages.classic import duration
from openbook.compare.pages.tables import figure, signed
from openbook.compare.seats import Seat, first_seats
from openbook.compare.verdict.pairs import Pair
from openbook.project import ArmPlan

OWN: Mapping[str, Any] = {"method": "lora", "rate": 0.0, "rank": 1, "alpha": 0, "dropout": 0.0}
"""What each method has of its own: a rate that suits it, and a width that `full` has not. The values stand for any."""


def method_notes(seats: Sequence[Seat], arms: Mapping[str, Any], pairs: Sequence[Pair]) -> list[str]:
    """One sentence for each two arms, with scores, the tested difference, and what the training took.

    Args:
        arms: The report's rows of the arms.
        pairs: Of the primary metric over all questions.
    """
    plans = [seat.plan for seat in first_seats(seats) if seat.plan.tunes and arms[seat.name]["adapter"]]
    notes = []
    for a, b in combinations(plans, 2):
        if differ_in_method(a, b):
            pair = next((p for p in pairs if {p.a, p.b} == {a.name, b.name}), None)
            notes.append(_sentence((a, b), arms, pair))
    return notes


def differ_in_method(one: ArmPlan, other: ArmPlan) -> bool:
    """Whether two arms are alike but for `tune.method` and what each method has of its own (`OWN`)."""
    return one.tune.method != other.tune.method and _but_for_method(one) == _but_for_method(other)


def _but_for_method(plan: ArmPlan) -> ArmPlan:
    return replace(plan, name="", tune=plan.tune.model_copy(update=OWN))


def _sentence(plans: tuple[ArmPlan, ArmPlan], arms: Mapping[str, Any], pair: Pair | None) -> str:
    a, b = plans
    rows = [arms[plan.name] for plan in plans]
    took = " against ".join(duration(row["adapter"]["seconds"]) for row in rows)
    paid = " against ".join(f"${row['usd']['training']:.4f}" for row in rows)
    said = f"{a.tune.method} ({a.name}) against {b.tune.method} ({b.name}): training took {took}, {paid}"
    if pair is None:
        return f"{said}; no question was marked for both."
    sign = 1 if pair.a == a.name else -1
    low, high = sorted((sign * pair.low, sign * pair.high))
    means = " against ".join(figure(row["scores"][pair.metric]["all"]["mean"]) for row in rows)
    difference = f"{signed(sign * pair.difference)} [{signed(low)}, {signed(high)}]"
    return f"{said}; {pair.metric} {means}, difference {difference}, {_verdict(pair, sign)}."


def _verdict(pair: Pair, sign: int) -> str:
    turned = {"better": "worse", "worse": "better"}
    return pair.verdict if sign > 0 else turned.get(pair.verdict, pair.verdict)
