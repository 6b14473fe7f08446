"""LoRA, QLoRA and all weights side by side: arms that differ in nothing but how they are tuned.

Figures that the report has anyway, two arms at a time, and what the trained weights cost. Asks nothing and trains nothing.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from openbook.compare.seats import Seat, first_seats
from openbook.compare.verdict.methods import differ_in_method
from openbook.compare.verdict.pairs import Pair
from openbook.project import Project
from openbook.tune.adapters import weigh

Json = dict[str, Any]

ORDER = ("full", "qlora", "lora")
"""Of two arms the one whose method comes first here is told first."""


def row(
    project: Project, seats: Sequence[Seat], pairs: Sequence[Pair], kept: Json | None, arms: Mapping[str, Json]
) -> list[Json]:
    """The report's `probes.tuning_methods`: one object for every two such arms, the costlier method first.

    Args:
        kept: The report's `probes.forgetting`.
        arms: The report's.
    """
    tuned = [seat for seat in first_seats(seats) if seat.plan.tunes]
    found = []
    for one, other in combinations(tuned, 2):
        if differ_in_method(one.plan, other.plan):
            first, second = sorted((one, other), key=lambda seat: ORDER.index(seat.plan.tune.method))
            found.append(
                {
                    "difference": _difference(first.name, second.name, pairs),
                    "arms": {seat.name: _arm(project, seat, kept, arms[seat.name]) for seat in (first, second)},
                }
            )
    return found


def _difference(a: str, b: str, pairs: Sequence[Pair]) -> Json | None:
    """The tested pair on all questions (the primary metric's comes first), turned to a − b; None where it has none."""
    pair = next((p for p in pairs if {p.a, p.b} == {a, b} and p.stratum == "all"), None)
    if pair is None:
        return None
    turned = pair.a != a
    low, high = (-pair.high, -pair.low) if turned else (pair.low, pair.high)
    verdict = {"better": "worse", "worse": "better"}.get(pair.verdict, pair.verdict) if turned else pair.verdict
    figures = {"difference": -pair.difference if turned else pair.difference, "low": low, "high": high}
    rounded = {name: round(value, 6) + 0.0 for name, value in figures.items()}
    counts = {"n": pair.n, "groups": pair.groups, "exploratory": pair.exploratory}
    return {"a": a, "b": b, "metric": pair.metric, **rounded, "verdict": verdict, **counts}


def _arm(project: Project, seat: Seat, kept: Json | None, arm: Json) -> Json:
    adapter = project.adapter(seat.name, seed=seat.arm.seed)
    weight = None if adapter is None else weigh(Path(adapter.folder))
    return {
        "method": seat.plan.tune.method,
        "seconds": arm["adapter"]["seconds"] if arm["adapter"] else None,
        "stored_bytes": weight.stored_bytes if weight else None,
        "trainable": weight.trainable if weight else None,
        "peak_bytes": weight.peak_bytes if weight else None,
        "forgetting": _rise(((kept or {}).get("arms") or {}).get(seat.name)),
    }


def _rise(row: Json | None) -> Json | None:
    """What general text lost, in nats a token; None where that was not measured."""
    loss = (row or {}).get("loss") or {}
    return {key: loss[key] for key in ("difference", "low", "high", "verdict")} if "difference" in loss else None
