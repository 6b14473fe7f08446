"""What every arm costs in its first year, as a line in queries and updates a month, and where two such lines cross.

cost = set-up + 12 × (updates × one update + queries × one query). Set-up is indexing, training and the prompt search,
each once. An update re-indexes what an arm looks up; an arm that knows the documents by training alone is trained anew.
All of it was measured; people's time, such as labelling, was not and is not in it. Knows the report's rows of the arms.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from openbook.arms import CONTROLS, RETRIEVES, TUNES

Json = Mapping[str, Any]

MONTHS = 12
NEGLIGIBLE = 1e-12
"""US dollars (a month, an update, a query) below which two arms cost the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What an arm costs, in US dollars.

    Attributes:
        set_up: Once.
        update: Each time the documents change.
        query: Each answer.
    """

    set_up: float
    update: float
    query: float

    def year(self, *, queries: float, updates: float) -> float:
        """The first year at so many queries and updates a month."""
        return self.set_up + MONTHS * (updates * self.update + queries * self.query)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """Where two arms cost the same.

    Attributes:
        at: Queries (or updates) a month; None where that is nowhere.
        below: The arm that is cheaper below it, or everywhere; empty where both always cost the same.
        above: The arm that is cheaper above it.
    """

    at: float | None
    below: str
    above: str


def costs_row(arms: Json, *, queries: float, updates: float, reindexing: float | None) -> dict[str, Any] | None:
    """The report's `costs`; None where of no two arms everything is known.

    Args:
        arms: The report's rows of the arms that answered.
        queries: A month.
        updates: A month.
        reindexing: US dollars of bringing the index up to date, where that was measured; None: as much as indexing.
    """
    lines = {name: line for name, arm in arms.items() if (line := line_of(arm, reindexing=reindexing)) is not None}
    if len(lines) < 2:
        return None
    return {
        "queries_per_month": queries,
        "updates_per_month": updates,
        "update_measured": reindexing is not None,
        "arms": {name: _arm_row(line, queries=queries, updates=updates) for name, line in lines.items()},
        "crossings": [
            {
                "a": a,
                "b": b,
                "queries": _row(crossing_in_queries({n: lines[n] for n in (a, b)}, updates=updates)),
                "updates": _row(crossing_in_updates({n: lines[n] for n in (a, b)}, queries=queries)),
            }
            for a, b in combinations(lines, 2)
        ],
    }


def line_of(arm: Json, *, reindexing: float | None) -> Line | None:
    """An arm's line; None for controls, for systems that are not ours to keep up, and where its price is unknown."""
    kind, usd = arm["kind"], arm["usd"]
    if kind in CONTROLS or kind == "external" or usd["per_1000"] is None:
        return None
    searched = (arm.get("search") or {}).get("usd") or 0.0
    update = 0.0
    if RETRIEVES[kind]:
        update = usd["indexing"] if reindexing is None else reindexing
    elif TUNES[kind]:
        update = usd["training"]
    return Line(set_up=usd["training"] + usd["indexing"] + searched, update=update, query=usd["per_1000"] / 1000)


def crossing_in_queries(lines: Mapping[str, Line], *, updates: float) -> Crossing:
    """Where two arms' first years cost the same, by queries a month."""
    return _crossing(
        {name: (line.year(queries=0, updates=updates), MONTHS * line.query) for name, line in lines.items()}
    )


def crossing_in_updates(lines: Mapping[str, Line], *, queries: float) -> Crossing:
    """The same by updates a month."""
    return _crossing(
        {name: (line.year(queries=queries, updates=0), MONTHS * line.update) for name, line in lines.items()}
    )


def _crossing(lines: Mapping[str, tuple[float, float]]) -> Crossing:
    """Of two straight lines, each (at zero, slope), to the right of zero."""
    (a, (start_a, slope_a)), (b, (start_b, slope_b)) = lines.items()
    ahead, slopes = start_b - start_a, slope_a - slope_b
    flat, level = abs(slopes) < NEGLIGIBLE, abs(ahead) < NEGLIGIBLE
    if flat and level:
        return Crossing(at=None, below="", above="")
    above = (a if ahead > 0 else b) if flat else (b if slopes > 0 else a)
    at = None if flat else ahead / slopes
    if at is None or at <= 0:
        return Crossing(at=None, below=above, above=above)
    return Crossing(at=at, below=a if above == b else b, above=above)


def _arm_row(line: Line, *, queries: float, updates: float) -> dict[str, float]:
    return {
        "set_up": round(line.set_up, 6),
        "update": round(line.update, 6),
        "per_1000": round(1000 * line.query, 6),
        "year": round(line.year(queries=queries, updates=updates), 4),
    }


def _row(crossing: Crossing) -> dict[str, Any]:
    at = None if crossing.at is None else float(f"{crossing.at:.6g}")
    return {"at": at, "below": crossing.below, "above": crossing.above}


def cheapest(row: Json) -> Sequence[str]:
    """The arms of `costs`, the cheapest first year first."""
    return sorted(row["arms"], key=lambda name: (row["arms"][name]["year"], list(row["arms"]).index(name)))
