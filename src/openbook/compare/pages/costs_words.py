"""What a year costs, in words: a sentence, the table of the arms, the table of where two of them cost the same.

Knows the report's `costs`, nothing behind it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from openbook.compare.pages.tables import bullets, grid
from openbook.compare.verdict.costs import cheapest

Json = Mapping[str, Any]

HEADS = ("arm", "set-up, $", "one update, $", "1,000 queries, $", "first year, $")
CROSSING_HEADS = ("arms", "by queries a month", "by updates a month")
TOLD = (("rag", "tuned"), ("rag", "hybrid"), ("prompted", "tuned"))
"""Kinds whose crossing is told in the sentence, where both are there."""


def sentence(report: Json) -> str:
    """The order of the arms at the load that was asked for, and where the usual rivals cost the same."""
    row = report["costs"]
    order = ", ".join(f"{name} ${_money(row['arms'][name]['year'])}" for name in cheapest(row))
    said = [f"{_load(row)}, the first year costs, the cheapest first: {order}."]
    return " ".join([*said, *_rivals(report)])


def assumptions(report: Json) -> list[str]:
    """What the figures rest on."""
    row = report["costs"]
    update = "took as long as it did here" if row["update_measured"] else "is counted as indexing all of them anew"
    return [
        "Set-up is indexing, training and prompt search. An update re-indexes for arms that look up, and trains anew the"
        f" arms that know the documents by training alone; re-indexing {update}. People's time is not in it.",
        *report.get("methods", ()),
    ]


def arm_cells(report: Json) -> list[list[str]]:
    """The rows under `HEADS`."""
    rows = report["costs"]["arms"]
    return [
        [name, *(_money(row[key]) for key in ("set_up", "update", "per_1000", "year"))] for name, row in rows.items()
    ]


def crossing_cells(report: Json) -> list[list[str]]:
    """The rows under `CROSSING_HEADS`."""
    return [
        [f"{row['a']}, {row['b']}", _crossing(row["queries"]), _crossing(row["updates"])]
        for row in report["costs"]["crossings"]
    ]


def markdown(report: Json) -> str:
    """All of it; a sentence where too little is known."""
    if not report.get("costs"):
        return "\n\n".join(["Of fewer than two arms all costs are known.", bullets(report.get("methods", ()))]).strip()
    tables = [grid(HEADS, arm_cells(report)), grid(CROSSING_HEADS, crossing_cells(report))]
    return "\n\n".join([sentence(report), *tables, bullets(assumptions(report))])


def _load(row: Json) -> str:
    updates = row["updates_per_month"]
    return (
        f"At {row['queries_per_month']:,.0f} queries and {updates:g} update{'' if updates == 1 else 's'} of the documents"
        " a month"
    )


def _rivals(report: Json) -> Sequence[str]:
    """One sentence for each pair of rivals: the first arm of either kind."""
    first: dict[str, str] = {}
    for name in report["costs"]["arms"]:
        first.setdefault(report["arms"][name]["kind"], name)
    wanted = [{first[a], first[b]} for a, b in TOLD if a in first and b in first]
    return [
        f"{row['a']} and {row['b']}: {_crossing(row['queries'])} (queries a month); {_crossing(row['updates'])} (updates)."
        for pair in wanted
        for row in report["costs"]["crossings"]
        if {row["a"], row["b"]} == pair
    ]


def _crossing(row: Json) -> str:
    if not row["below"]:
        return "never: they cost the same"
    if row["at"] is None:
        return f"never: {row['below']} is cheaper"
    return f"equal at {_count(row['at'])}, beyond it {row['above']} is cheaper"


def _count(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def _money(value: float) -> str:
    """Cents where that is enough, else two digits that count."""
    return f"{value:,.2f}" if value >= 1 or not value else f"{value:.2g}" if value >= 1e-4 else f"{value:.1e}"
