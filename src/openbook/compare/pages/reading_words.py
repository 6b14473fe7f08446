"""The reading probe in words and tables. Knows the report's JSON, nothing behind it."""

from collections.abc import Mapping
from typing import Any

from openbook.compare.pages.section import Grid, Section
from openbook.compare.pages.tables import figure, signed

Json = Mapping[str, Any]

SAYS = {
    "worse": "reads worse",
    "equivalent": "reads as well",
    "better": "reads better",
    "undecided": "undecided",
    "floor": "floor",
}
"""A verdict on what an adapter does to reading, in a word."""

HEADS = ("arm", "without its adapter", "with it", "difference", "verdict", "n", "groups")


def section(report: Json) -> Section | None:
    """None where the probe was left out or nothing was asked yet."""
    probe = report["probes"].get("reading")
    if not probe:
        return None
    rows = [[name, *_cells(row)] for name, row in probe["arms"].items()]
    return Section(
        key="reading",
        title="Reading the right passage",
        lead=f"Up to {probe['questions']} answerable questions, asked of each tuned arm's model without its adapter and with"
        f" it: the passages that hold the answer and nothing beside them, and the arm's own prompt, alike for both."
        f" {report['metric']}, question by question; margin {probe['margin']:g}.",
        grids=[Grid(name=f"Reading, by {report['metric']}", head=HEADS, body=rows)],
        remarks=[line for name, row in probe["arms"].items() for line in _remarks(name, row)],
    )


def _cells(row: Json) -> list[str]:
    if "difference" not in row:
        return ["–", "–", "–", "not judged", str(row["n"]), "–"]
    n = f"{row['n']}" + (f" ({row['failures']} failed)" if row["failures"] else "")
    return [
        figure(row["base"]),
        figure(row["tuned"]),
        _difference(row),
        SAYS[row["verdict"]],
        n,
        str(row["groups"]),
    ]


def _remarks(name: str, row: Json) -> list[str]:
    left_out = f"{name}: {row['left_out']} questions are left out, since the index does not hold their whole answer."
    reason = f"{name}: {row.get('reason')}."
    return [*([left_out] if row["left_out"] else []), *([reason] if row.get("reason") else [])]


def _difference(row: Json) -> str:
    return f"{signed(row['difference'])} [{signed(row['low'])}, {signed(row['high'])}]"
