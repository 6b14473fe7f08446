"""The report as one HTML file that needs nothing else: no network, no fonts, no libraries. The same report, the same bytes.

What documents, models and users wrote is escaped wherever it stands, and the page's own policy lets no script run but
the one it ships with. Knows the report's JSON, nothing behind it.
"""

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openbook.compare import charts, figures, forgetting_words, legend, tables
from openbook.compare.freshness import CLASSES
from openbook.compare.parttables import part_tables
from openbook.compare.sidebyside import side_by_side
from openbook.compare.unlike import unlike

if TYPE_CHECKING:
    from jinja2 import Environment

Json = Mapping[str, Any]

TOPICS = (
    ("form:", "check"),
    ("changed facts", "fresh"),
    ("documents that", "fresh"),
    ("median seconds", "seconds"),
    ("a limit on latency", "seconds"),
    ("forgetting:", "forgetting"),
)
"""How a reason begins → the column of the main table that it rests on; the primary metric's for all others."""


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
    return {
        "arms": arms,
        "columns": columns,
        "rows": figures.rows(report, columns),
        "verdict": re.split(r"(?<=[.!?])\s+", advice["verdict"], maxsplit=1),
        "meanings": {metric["name"]: legend.metric_meaning(metric) for metric in report["metrics"]},
        "reasons": [_linked(report, line, columns) for line in advice["reasons"]],
        "flips": [_linked(report, line, columns) for line in advice["flips_if"]],
        "asked": note,
        # The table has a column for answers that were cut.
        "notes": [line for line in notes if not line.endswith("cut at the length limit.")],
        "machines": report.get("machines") or [report["machine"]],
        "messages": {name: arm for name, arm in arms.items() if arm["failures"]["count"]},
        "charts": {"quality": quality, "differences": _differences(report), "freshness": _freshness(report)},
        "timed": timed,
        "better": "Higher" if report["metrics"][0]["higher_is_better"] else "Lower",
        "classes": CLASSES,
        "pairs": [pair for pair in report["pairs"] if not pair["exploratory"]],
        "parted": part_tables(report),
        "exploratory": [pair for pair in report["pairs"] if pair["exploratory"]],
        "trained": {name: arm for name, arm in arms.items() if arm["adapter"]},
        "stages": sorted({stage for arm in arms.values() for stage in arm["seconds"].get("by_stage", {})}),
        "asked_alone": max((arm["seconds"].get("n", 0) for arm in arms.values()), default=0),
        "unlike": unlike(report),
        "gates": report.get("gates", ()),
        "forgetting": _forgetting(report),
    }


def _answers(report: Json) -> Json:
    questions, passages = side_by_side(report)
    return {
        "questions": questions,
        "passages": passages,
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
        "whole": lambda value: f"{value:,.0f}".replace(",", "\u202f"),
    }
    return made


def _linked(report: Json, line: str, columns: Sequence[figures.Column]) -> list[tuple[str, str]]:
    """A reason in pieces, (text, anchor or ""): the arms it names lead to the cells that it rests on."""
    places = {name: place for place, (name, arm) in enumerate(report["arms"].items()) if "scores" in arm}
    column = _topic(report, line, {"forgetting", *(column.key for column in columns)})
    names = sorted(places, key=len, reverse=True)
    pieces = re.split(rf"(?<![\w+-])({'|'.join(map(re.escape, names))})(?![\w+-])", line) if names else [line]
    return [(piece, f"cell-{places[piece]}-{column}" if piece in places else "") for piece in pieces if piece]


def _topic(report: Json, line: str, known: set[str]) -> str:
    topic = next((topic for start, topic in TOPICS if line.startswith(start)), "")
    if topic == "check":
        checks = [m["signature"].startswith(tuple(legend.CHECKS)) for m in tables.shown_metrics(report)[1:]]
        topic = f"metric-{checks.index(True)}" if True in checks else ""
    return topic if topic in known else "primary-all"


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
