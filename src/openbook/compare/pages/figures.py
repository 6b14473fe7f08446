"""The main table of the page: columns, cells and the names that links find them by.

Knows the report's JSON, nothing behind it, and no HTML but the tracks that `charts` draws.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openbook.compare.pages import charts, legend, tables

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the main table.

    Attributes:
        key: Names its anchors: `column-…` for its legend, `cell-<arm>-…` for its cells.
        group: The metric that it is a stratum of; empty where it stands alone.
    """

    key: str
    head: str
    meaning: str
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A cell of the main table: its text, what stands small under it, and a track as SVG."""

    text: str
    note: str = ""
    track: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmRow:
    """A row of the main table; `cells` in the order of the columns."""

    place: int
    name: str
    meaning: str
    chosen: bool
    cells: Sequence[tuple[Column, Figure]]


def columns(report: Json) -> list[Column]:
    """The primary metric by stratum, the checks and the citation, then what an answer takes and how many there are.

    What happened to no arm (a failed answer, one that was cut) has no column.
    """
    primary, *others = tables.shown_metrics(report)
    found = [
        Column(key=f"primary-{stratum}", head=stratum, meaning=meaning, group=primary["name"])
        for stratum, meaning in legend.STRATA.items()
    ]
    found += [
        Column(key=f"metric-{place}", head=metric["name"], meaning=legend.metric_meaning(metric))
        for place, metric in enumerate(others)
    ]
    heads = {"fresh": "fresh after", "seconds": "s/answer", "usd": "$/1000", "n": "n", "failed": "failed", "cut": "cut"}
    asked = [arm for arm in report["arms"].values() if "scores" in arm]
    empty = {
        "fresh": not report["probes"]["freshness"],
        "failed": not any(arm["failures"]["count"] for arm in asked),
        "cut": not any(arm["cut"] for arm in asked),
    }
    return found + [
        Column(key=key, head=head, meaning=legend.COLUMNS[key])
        for key, head in heads.items()
        if not empty.get(key, False)
    ]


def rows(report: Json, shown: Sequence[Column]) -> list[ArmRow]:
    """The arms that were asked, in the configured order."""
    top = _top(report)
    others = [metric["name"] for metric in tables.shown_metrics(report)[1:]]
    found = []
    for place, (name, arm) in enumerate(report["arms"].items()):
        if "scores" in arm:
            cells = [(column, _cell(report, name, column, others, top)) for column in shown]
            chosen = name == report["recommendation"]["arm"]
            meaning = legend.ARMS.get(arm["kind"], arm["kind"])
            found.append(ArmRow(place=place, name=name, meaning=meaning, chosen=chosen, cells=cells))
    return found


def _cell(report: Json, name: str, column: Column, others: Sequence[str], top: float) -> Figure:
    arm, (kind, _, rest) = report["arms"][name], column.key.partition("-")
    if kind == "primary":
        return _scored(arm["scores"].get(report["metric"], {}).get(rest), top=top)
    if kind == "metric":
        return _scored(arm["scores"].get(others[int(rest)], {}).get("all"))
    if kind == "fresh":
        probed = report["probes"]["freshness"]["arms"].get(name)
        return _shared(probed["after"]["right"]) if probed else Figure(text="–")
    if kind == "n":
        cell = arm["scores"].get(report["metric"], {}).get("all")
        return Figure(text=str(cell["n"]), note=f"{cell['groups']} groups") if cell else Figure(text="0")
    if kind in ("failed", "cut"):
        return Figure(text=str(arm["failures"]["count"] if kind == "failed" else arm["cut"]))
    value = arm["seconds"].get("p50") if kind == "seconds" else arm["usd"]["per_1000"]
    return Figure(text="–" if value is None else f"{value:.{2 if kind == 'seconds' else 3}f}")


def _scored(cell: Json | None, *, top: float = 0.0) -> Figure:
    if cell is None:
        return Figure(text="–")
    track = charts.track(cell["mean"], cell["low"], cell["high"], top=top) if top else ""
    note = f"{tables.figure(cell['low'])} – {tables.figure(cell['high'])}"
    return Figure(text=tables.figure(cell["mean"]), note=note, track=track)


def _shared(share: Json) -> Figure:
    note = f"{tables.figure(share['low'])} – {tables.figure(share['high'])}" if share["n"] else ""
    return Figure(text=tables.share(share), note=note)


def _top(report: Json) -> float:
    """The end of the primary metric's scale: 1, or 100 for one that goes beyond."""
    highs = [cell["high"] for arm in report["arms"].values() for cell in _primary(report, arm).values()]
    return 100.0 if max(highs, default=1.0) > 1.5 else 1.0


def _primary(report: Json, arm: Json) -> Json:
    found: Json = arm.get("scores", {}).get(report["metric"], {})
    return found
