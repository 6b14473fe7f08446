"""The report as one HTML file that needs nothing else: no network, no fonts, no libraries. The same report, the same bytes.

What documents, models and users wrote is escaped wherever it stands, and the page's own policy lets no script run but
the one it ships with. Knows the report's JSON, nothing behind it.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openbook.compare import promptsearch
from openbook.compare.causes.causes import NAMES
from openbook.compare.pages import charts, costs_words, figures, forgetting_words, legend, memo, probed, tables, wrongs
from openbook.compare.pages.anchors import anchors, linked
from openbook.compare.pages.freshness_words import origin
from openbook.compare.pages.parttables import part_tables
from openbook.compare.pages.sidebyside import side_by_side
from openbook.compare.pages.unlike import unlike
from openbook.compare.probes.freshness import CLASSES

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

Json = Mapping[str, Any]

FIRST = ("How sure", "What it costs", "What goes wrong", "Not measured")
"""What of the memo stands below the verdict; the page says the rest of it in its own places."""


def html(report: Json, *, command: str) -> str:
    """The whole page.

    Args:
        report: As `report.build` makes it.
        command: What was typed, for whoever repeats it.
    """
    environment = _environment()
    script = environment.get_template("page.js.jinja").render()
    digest = b64encode(sha256(script.encode()).digest()).decode()
    values = {"report": report, "command": command, "script": script, "script_hash": digest}
    text = environment.get_template("page.html.jinja").render({**values, **_tables(report), **_answers(report)})
    return f"{text.strip()}\n"


def _tables(report: Json) -> Json:
    """What the template shows of everything but the answers."""
    arms = {name: arm for name, arm in report["arms"].items() if "scores" in arm}
    note, *notes = tables.notes(report)
    quality, timed = _quality(report)
    columns, advice = figures.columns(report), report["recommendation"]
    known = anchors(report, columns)
    first, *rest = re.split(r"(?<=[.!?])\s+", advice["verdict"], maxsplit=1)
    return {
        "arms": arms,
        "columns": columns,
        "rows": figures.rows(report, columns),
        "verdict": [linked(first, advice["verdict_cells"], known, rest=False), *rest],
        "meanings": {metric["name"]: legend.metric_meaning(metric) for metric in report["metrics"]},
        "reasons": [linked(*row, known) for row in zip(advice["reasons"], advice["reason_cells"], strict=True)],
        "flips": [linked(*row, known) for row in zip(advice["flips_if"], advice["flip_cells"], strict=True)],
        "memo": [point for point in memo.memo_points(report) if point[0] in FIRST],
        "wrongs": wrongs.rows(report),
        "counted": wrongs.lead(report),
        "asked": note,
        # The table has a column for answers that were cut.
        "notes": [line for line in notes if not line.endswith("cut at the length limit.")],
        "machines": report.get("machines") or [report["machine"]],
        "messages": {name: arm for name, arm in arms.items() if arm["failures"]["count"]},
        "charts": {
            "quality": quality,
            "differences": _differences(report),
            "freshness": _freshness(report),
            "curve": _curve(report),
        },
        "timed": timed,
        "better": "Higher" if report["metrics"][0]["higher_is_better"] else "Lower",
        "classes": CLASSES,
        "pairs": tables.family(report),
        "parted": part_tables(report),
        "exploratory": [pair for pair in report["pairs"] if pair["exploratory"]],
        "trained": {name: arm for name, arm in arms.items() if arm["adapter"]},
        "stages": sorted({stage for arm in arms.values() for stage in arm["seconds"].get("by_stage", {})}),
        "asked_alone": max((arm["seconds"].get("n", 0) for arm in arms.values()), default=0),
        "unlike": unlike(report),
        "gates": report.get("gates", ()),
        "forgetting": _forgetting(report),
        "costs": _costs(report),
        "searched": (promptsearch.HEADS, promptsearch.cells(report)),
        "probed": probed.sections(report),
        "changed": origin(report["probes"]["freshness"] or {}),
    }


def _answers(report: Json) -> Json:
    questions, passages = side_by_side(report)
    return {
        "questions": questions,
        "passages": passages,
        "occurring": [row.name for row in wrongs.rows(report)],
        "titles": {name: naming.title for name, naming in NAMES.items()},
        "tags": sorted({tag for row in report["answers"] for tag in row["tags"]}),
        "several_seeds": any(len(arm.get("seeds", ())) > 1 for arm in report["arms"].values()),
    }


def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "interval": tables.interval,
        "figure": tables.figure,
        "signed": tables.signed,
        "share": tables.share,
        "showable": tables.showable,
        "to_decide": tables.to_decide,
        "p": lambda value: "< .001" if value < 0.001 else f"{value:.3f}".replace("0.", ".", 1),
        "seconds": lambda value: "–" if value is None else f"{value:.2f}",
        "usd": lambda value: "–" if value is None else f"{value:.3f}",
        "coded": _coded,
        "whole": lambda value: f"{value:,.0f}".replace(",", "\u202f"),
    }
    return made


def _coded(text: str) -> "Markup":
    """Text with what stands in backticks as code."""
    from markupsafe import Markup, escape

    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part) for place, part in enumerate(parts)
    )


def _quality(report: Json) -> tuple[str, bool]:
    """The drawing, and whether it is against seconds: against cost where fewer than two arms were timed."""
    arms = {name: arm for name, arm in report["arms"].items() if "scores" in arm}
    timed = _points(report, {name: arm["seconds"].get("p50") for name, arm in arms.items()})
    priced = _points(report, {name: arm["usd"]["per_1000"] for name, arm in arms.items()})
    metric = report["metric"]
    if len(timed) > 1:
        return charts.quality(timed, metric=metric, axis="median seconds an answer takes", unit="s"), True
    if len(priced) > 1:
        return charts.quality(priced, metric=metric, axis="US dollars for 1,000 answers", unit="$"), False
    return "", False


def _points(report: Json, taken: Mapping[str, float | None]) -> list[charts.Point]:
    """The arms that have both a figure and something that an answer takes."""
    cells = {name: report["arms"][name]["scores"].get(report["metric"], {}).get("all") for name in taken}
    chosen = report["recommendation"]["arm"]
    return [
        charts.Point(name=name, x=x, chosen=name == chosen, mean=cell["mean"], low=cell["low"], high=cell["high"])
        for name, x in taken.items()
        if x and (cell := cells[name])
    ]


def _differences(report: Json) -> str:
    rows = [
        charts.Difference(**{key: pair[key] for key in ("a", "b", "difference", "low", "high", "verdict")})
        for pair in report["pairs"]
        if not pair["exploratory"]
    ]
    return charts.differences(rows, metric=report["metric"], margin=report["margin"]) if rows else ""


def _forgetting(report: Json) -> Json | None:
    probe, places = report["probes"].get("forgetting"), list(report["arms"])
    if not probe:
        return None
    return {
        "lead": forgetting_words.lead(probe),
        "rows": [(places.index(cells[0]), cells) for cells in forgetting_words.cells(probe)],
        "remarks": forgetting_words.remarks(probe),
    }


def _curve(report: Json) -> str:
    """The learning curve, of the points that were marked."""
    probe = report["probes"].get("curve") or {"arms": {}}
    lines = [
        (name, [charts.Point(name=name, x=row["rows"], **{k: row[k] for k in ("mean", "low", "high")}) for row in rows])
        for name, points in probe["arms"].items()
        if (rows := [row for row in points if row["mean"] is not None])
    ]
    return charts.curve(lines, metric=report["metric"]) if lines else ""


def _costs(report: Json) -> Json | None:
    if not report.get("costs"):
        return None
    return {
        "lead": costs_words.sentence(report),
        "tables": [
            ("What the first year costs", costs_words.HEADS, costs_words.arm_cells(report)),
            ("Where two arms cost the same", costs_words.CROSSING_HEADS, costs_words.crossing_cells(report)),
        ],
        "remarks": costs_words.assumptions(report),
    }


def _freshness(report: Json) -> str:
    probe = report["probes"]["freshness"]
    mixes = [
        charts.Mix(
            name=name,
            before={kind: row["before"][kind]["count"] for kind in CLASSES},
            after={kind: row["after"][kind]["count"] for kind in CLASSES},
            right=(row["before"]["right"]["count"], row["after"]["right"]["count"]),
        )
        for name, row in (probe["arms"] if probe else {}).items()
    ]
    return charts.freshness(mixes) if mixes else ""
