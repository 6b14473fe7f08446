"""Judges counted cells and writes the table. Knows nothing of how they were counted."""

from __future__ import annotations

import os
import platform
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from cells import Cell

from openbook.score.stats import proportion_interval

Outcome = Literal["holds", "fails", "apart"]
WHOLE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A judged cell: `share` of its studies with an interval, and whether that is within the limits."""

    cell: Cell
    share: float
    low: float
    high: float
    seconds: float
    verdict: Outcome


def judge(cell: Cell, counted: Mapping[str, object]) -> Row:
    """With 10,000 studies the share itself must be within the limits; with fewer its 99.9 % interval must touch them."""
    hits, studies = int(str(counted["hits"])), int(str(counted["studies"]))
    low, high = proportion_interval(hits, studies, 0.999)
    share = hits / studies
    ends = (share, share) if studies >= WHOLE else (low, high)
    holds = ends[0] <= cell.high and ends[1] >= cell.low
    verdict: Outcome = "apart" if cell.apart else "holds" if holds else "fails"
    return Row(cell=cell, share=share, low=low, high=high, seconds=float(str(counted["seconds"])), verdict=verdict)


def summary(rows: Sequence[Row]) -> str:
    """One line a claim, and every cell in which it fails."""
    lines = []
    for claim, of_claim in _by_claim(rows).items():
        made = [row for row in of_claim if row.verdict != "apart"]
        failed = [row for row in made if row.verdict == "fails"]
        lines.append(f"{claim}: holds in {len(made) - len(failed)} of {len(made)} cells, {_range(made)}")
        lines += [
            f"  {'too wide' if too_wide(row) else 'fails'}: {row.cell.name}: {row.share:.4f} ({_limits(row.cell)})"
            for row in failed
        ]
    return "\n".join(lines)


def markdown(rows: Sequence[Row], *, studies: int, seed: int, only: str = "") -> str:
    """The page of `docs/evidence/verdict.md`."""
    chosen = f" --only {only!r}" if only else ""
    command = (
        f"python benchmarks/verdict/grid.py --studies {studies} --seed {seed}{chosen} --into docs/evidence/verdict.md"
    )
    seconds = sum(row.seconds for row in rows)
    head = [
        "# How often the verdict is wrong", "",
        "Studies are drawn from laws whose true means are known, and judged as `openbook compare` judges. Counted is how"
        " often a claim is false, how often an interval holds the truth, and how often a planned study decides.", "",
        "```sh", command, "```", "",
        f"{studies:,} studies a cell, {len(rows)} cells, seed {seed}; {seconds / 60:.0f} minutes of one core on"
        f" {_machine()}."
        + ("" if studies >= WHOLE else f" This is a slice: a cell fails here where the 99.9 % interval of its share lies"
           f" outside the limits; with {WHOLE:,} studies the share itself must be inside."), "",
        "`false better`: any two equal arms of the family called different after Holm's adjustment, whether or not"
        " `equivalent` would have been said instead; at most 5.5 %. `false equivalent`: at a true difference of exactly"
        " the margin; at most 5.5 %. `power`: at as many groups as are planned for 80 %; within 4 points.",
        "`coverage` of 95 % intervals: 93–97 % from 30 groups on and between 5 % and 95 % of successes, elsewhere at"
        " least 93 %.", "",
        "Groups of `1-17` are uneven: most small, few large. Members are alike by a correlation of 0 (`none`), .2"
        " (`some`) or .5 (`strong`).", "",
    ]  # fmt: skip
    body = ["## In short", "", *_short(rows), "", "## Where a claim fails", "", *_failing(rows), ""]
    for claim, of_claim in _by_claim([row for row in rows if row.verdict != "apart"]).items():
        body += [f"## {claim[0].upper()}{claim[1:]}", "", *_cells(of_claim), ""]
    apart: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.verdict == "apart":
            apart[row.cell.apart].append(row)
    if apart:
        lead = "No claim is made here. What happens here is counted all the same."
        body += ["## Apart: known bad corners", "", lead, ""]
    for why, some in apart.items():
        body += [f"{why[0].upper()}{why[1:]}.", "", *_cells(some), ""]
    return "\n".join([*head, *body]).rstrip() + "\n"


def _failing(rows: Sequence[Row]) -> list[str]:
    """What is false too often first; what is only wider than it need be, and so decides less, after it."""
    lines = []
    for head, wide in (("False, or missed, too often:", False), ("Too wide: nothing false is said, but less:", True)):
        failed = [row for row in rows if row.verdict == "fails" and too_wide(row) == wide]
        lines += ["", head, ""] if failed else []
        lines += [f"- `{row.cell.name}`: {_percent(row)} % ({_limits(row.cell)})" for row in failed]
    return lines[1:] or ["Nowhere."]


def too_wide(row: Row) -> bool:
    """Whether an interval holds the truth more often than it says."""
    return row.cell.claim.startswith("coverage") and row.share > row.cell.high


def failing(page: str) -> set[str]:
    """Names of the cells that a page says a claim fails in."""
    return set(re.findall(r"^- `(.+)`: ", page, re.MULTILINE))


def _short(rows: Sequence[Row]) -> list[str]:
    lines = [
        "| claim | limits | cells | hold | too wide | lowest … highest | worst cell |",
        "|---|---|---|---|---|---|---|",
    ]
    for claim, of_claim in _by_claim([row for row in rows if row.verdict != "apart"]).items():
        by_limits: dict[str, list[Row]] = defaultdict(list)
        for row in of_claim:
            by_limits[_limits(row.cell)].append(row)
        for limits, some in by_limits.items():
            held = sum(row.verdict == "holds" for row in some)
            wide = sum(row.verdict == "fails" and too_wide(row) for row in some)
            worst = max(some, key=_outside)
            place = f"{worst.cell.scores}; {worst.cell.groups} groups of {worst.cell.sizes}, {worst.cell.alike}"
            lines.append(f"| {claim} | {limits} | {len(some)} | {held} | {wide or ''} | {_range(some)} | {place} |")
    apart = sum(row.verdict == "apart" for row in rows)
    return [*lines, "", f"{apart} cells more stand [apart](#apart-known-bad-corners)."] if apart else lines


def _outside(row: Row) -> float:
    """How far beyond a limit, or below 0 how far inside; a share cannot be beyond 0 or 1."""
    above = row.share - row.cell.high if row.cell.high < 1 else -1.0
    return max(above, row.cell.low - row.share if row.cell.low > 0 else -1.0)


def _cells(rows: Sequence[Row]) -> list[str]:
    """One line a law and layout, one column a number of groups; where those differ (power), one line a cell."""
    numbers = sorted({row.cell.groups for row in rows})
    if len(numbers) > 8:
        lines = ["| scores | groups | sizes, alike | share | |", "|---|---|---|---|---|"]
        return lines + [
            f"| {r.cell.scores} | {r.cell.groups} | {r.cell.sizes}, {r.cell.alike} | {_percent(r)} | {r.verdict} |"
            for r in rows
        ]
    lines = [
        "| | scores | sizes, alike | " + " | ".join(f"{number} groups" for number in numbers) + " |",
        "|---|---|---|" + "---|" * len(numbers),
    ]
    table: dict[tuple[str, str, str], dict[int, Row]] = defaultdict(dict)
    for row in rows:
        key = (row.cell.claim, row.cell.scores, f"{row.cell.sizes}, {row.cell.alike}")
        table[key][row.cell.groups] = row
    several = len({key[0] for key in table}) > 1
    for (claim, scores, layout), found in table.items():
        shown = " | ".join(_marked(found.get(number)) for number in numbers)
        lines.append(f"| {claim if several else ''} | {scores} | {layout} | {shown} |")
    return lines


def _marked(row: Row | None) -> str:
    if row is None:
        return ""
    return f"**{_percent(row)}**" if row.verdict == "fails" else _percent(row)


def _percent(row: Row) -> str:
    return f"{100 * row.share:.1f}"


def _limits(cell: Cell) -> str:
    low, high = 100 * cell.low, 100 * cell.high
    if cell.low == 0:
        return f"≤ {high:g} %"
    return f"≥ {low:g} %" if cell.high == 1 else f"{low:g}–{high:g} %"


def _range(rows: Sequence[Row]) -> str:
    shares = [row.share for row in rows]
    return f"{100 * min(shares):.1f} … {100 * max(shares):.1f} %" if shares else ""


def _by_claim(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.cell.claim].append(row)
    return found


def _machine() -> str:
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
