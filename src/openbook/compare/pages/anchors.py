"""What a sentence of the verdict rests on, as links: names of cells → places on the page. Knows no sentence's wording.

`ARM.METRIC.STRATUM`, `ARM.fresh`, `ARM.seconds.p50`, `ARM.usd.per_1000`, `ARM.forgetting` and `A − B` (a tested pair) name
cells.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openbook.compare.pages import figures, tables

Json = Mapping[str, Any]
Pieces = list[tuple[str, str]]
"""A sentence in pieces: (text, id that it leads to, or empty)."""

MEASURED = {"fresh": "fresh", "seconds": "seconds.p50", "usd": "usd.per_1000", "failed": "failures"}
"""Column of the main table that is no metric → what its cells are called after the arm's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A cell's place on the page, and what a sentence calls it by: its arm, or its pair."""

    id: str
    spoken: str


def anchors(report: Json, columns: Sequence[figures.Column]) -> dict[str, Anchor]:
    """Name of every cell that can be linked to → where it is."""
    pairs = [(f"{pair['a']} − {pair['b']}", place) for place, pair in enumerate(tables.family(report))]
    found = {name: Anchor(id=f"pair-{place}", spoken=name) for name, place in pairs}
    forgetting = (report["probes"].get("forgetting") or {"arms": ()})["arms"]
    others = [metric["name"] for metric in tables.shown_metrics(report)[1:]]
    for place, (name, arm) in enumerate(report["arms"].items()):
        for column in columns if "scores" in arm else ():
            cell = f"{name}.{_suffix(report, column.key, others)}"
            found[cell] = Anchor(id=f"cell-{place}-{column.key}", spoken=name)
        if name in forgetting:
            found[f"{name}.forgetting"] = Anchor(id=f"cell-{place}-forgetting", spoken=name)
    return found


def linked(line: str, cells: Sequence[str], known: Mapping[str, Anchor], *, rest: bool = True) -> Pieces:
    """A sentence with its links: each arm that it names leads to the next of its cells.

    Args:
        cells: What the sentence rests on.
        known: As `anchors` gives it; other cells have no place on the page and no link.
        rest: Whether the cells that it has no words for follow behind it.
    """
    left = [cell for cell in cells if cell in known]
    names = sorted({known[cell].spoken for cell in left}, key=len, reverse=True)
    pieces: Pieces = []
    for piece in re.split(rf"(?<![\w+-])({'|'.join(map(re.escape, names))})(?![\w+-])", line) if names else [line]:
        cell = next((cell for cell in left if known[cell].spoken == piece), None)
        if cell is not None:
            left.remove(cell)
        if piece:
            pieces.append((piece, known[cell].id if cell else ""))
    for cell in left if rest else ():
        pieces += [(" ", ""), (f"[{cell}]", known[cell].id)]
    return pieces


def _suffix(report: Json, key: str, others: Sequence[str]) -> str:
    kind, _, rest = key.partition("-")
    if kind == "primary":
        return f"{report['metric']}.{rest}"
    return f"{others[int(rest)]}.all" if kind == "metric" else MEASURED.get(key, key)
