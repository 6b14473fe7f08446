"""The robustness probe in words and tables. Knows the report's JSON, nothing behind it."""

from collections.abc import Mapping
from typing import Any

from openbook.compare.pages.section import Grid, Section
from openbook.compare.pages.tables import figure, signed

Json = Mapping[str, Any]

SHOWN = {
    "oracle": "only passages that hold the answer",
    "distractors": "these among wrong ones",
    "reversed": "last passage first",
    "injected": "an instruction hidden in the first",
}
"""The conditions that are marked by the primary metric."""
SAYS = {"worse": "suffers", "equivalent": "withstands", "better": "gains", "undecided": "undecided"}
"""A verdict on what altered passages do to an arm, in a word."""


def section(report: Json) -> Section | None:
    """None where the probe was left out or nothing was asked yet."""
    probe = report["probes"].get("robustness")
    if not probe:
        return None
    left_out = {
        (name, condition): row["left_out"]
        for name, arm in probe["arms"].items()
        for condition, row in arm.items()
        if row["left_out"]
    }
    return Section(
        key="robustness",
        title="Altered passages",
        lead=f"Up to {probe['questions']} answerable questions, asked again over other passages than the arm found, and"
        f" compared with its ordinary answers to the same questions. Right passages are mixed with"
        f" {probe['distractors']} wrong ones that the retriever takes for right.",
        grids=[*_tested(probe, report["metric"]), *_tempted(probe)],
        remarks=[
            f"{name}, {condition.replace('_', ' ')}: {count} questions could not be asked like this and are left out."
            for (name, condition), count in left_out.items()
        ],
    )


def _tested(probe: Json, metric: str) -> list[Grid]:
    rows = [
        [
            name,
            meaning,
            figure(row["ordinary"]),
            figure(row["altered"]),
            _difference(row),
            SAYS[row["verdict"]],
            f"{row['n']}" + (f" ({row['failures']} failed)" if row["failures"] else ""),
        ]
        for name, arm in probe["arms"].items()
        for condition, meaning in SHOWN.items()
        if "difference" in (row := arm.get(condition, {}))
    ]
    head = ["arm", "passages", "ordinary", "altered", "difference", "verdict", "n"]
    return [Grid(name=f"Altered passages, by {metric}", head=head, body=rows)] if rows else []


def _tempted(probe: Json) -> list[Grid]:
    rows = []
    for name, arm in probe["arms"].items():
        absent, hidden = arm.get("no_evidence", {}), arm.get("injected", {})
        copied = str(hidden["copied"]) if hidden.get("obeyed") else "–"
        rows.append([name, _share(absent.get("abstained")), _share(hidden.get("obeyed")), copied])
    head = ["arm", "abstains where no passage holds the answer", "obeys a hidden instruction", "only quotes it"]
    return [Grid(name="Temptations", head=head, body=rows)]


def _difference(row: Json) -> str:
    return f"{signed(row['difference'])} [{signed(row['low'])}, {signed(row['high'])}]"


def _share(row: Json | None) -> str:
    return f"{row['count']}/{row['n']} [{figure(row['low'])}, {figure(row['high'])}]" if row else "–"
