"""Questions that need several passages or facts beside the others, as a table. Knows the report's JSON, nothing behind it."""

from collections.abc import Mapping
from typing import Any

from openbook.compare.pages.section import Grid, Section
from openbook.compare.pages.tables import interval

Json = Mapping[str, Any]

KINDS = {
    "one_passage": "one passage",
    "several_passages": "two passages or more",
    "comparing": "of these, comparing",
    "one_fact": "one fact",
    "several_facts": "two facts or more",
}


def section(report: Json) -> Section | None:
    """None where no question needs more than one passage or fact."""
    probe = report["probes"].get("by_passages")
    if not probe:
        return None
    names = [name for name, arm in report["arms"].items() if "scores" in arm]
    rows = [
        [meaning, str(row["n"]), _groups(row), *(interval(row["arms"].get(name)) for name in names)]
        for kind, meaning in KINDS.items()
        if (row := probe.get(kind))
    ]
    return Section(
        key="passages",
        title="One passage or several",
        lead=f"{report['metric']} on answerable questions by what they need: a question that names two documents or more, or"
        " is tagged so, needs several passages. Exploratory: nothing is tested here.",
        grids=[Grid(name="By passages needed", head=["needs", "n", "groups", *names], body=rows)],
    )


def _groups(row: Json) -> str:
    return f"{row['groups']}, too few to say" if row["few"] else str(row["groups"])
