"""Abstention in words, tables and a drawing. Knows the report's JSON, nothing behind it."""

from collections.abc import Mapping
from typing import Any

from openbook.compare.pages import charts
from openbook.compare.pages.section import Grid, Section
from openbook.compare.pages.tables import figure, interval

Json = Mapping[str, Any]

ORDERS = {"log_probability": "its own probabilities", "retrieval": "the first passage's score"}
"""What answers can be ordered by, as it is said."""


def section(report: Json) -> Section | None:
    """None in a report of an older version, and where nothing was answered."""
    probe = report["probes"].get("abstention")
    if not probe or not probe["arms"]:
        return None
    return Section(
        key="abstention",
        title="Answering and abstaining",
        lead="An arm that says that it does not know is right where the documents hold no answer, and useless where they"
        f" do. Risk: the share that is wrong among the answers it gives ({report['metric']}), made-up ones included.",
        grids=[Grid(name="What became of the questions", head=_head(), body=_body(probe)), *_orders(probe)],
        chart=_chart(probe),
        caption="If only the surest answers are given: the share that is wrong among them, against the share of all"
        " questions that gets one. Lines that rise to the right know which answers to hold back.",
        remarks=_remarks(probe),
    )


def _head() -> list[str]:
    return ["arm", "right", "wrong", "abstained", "no answer: abstained", "no answer: made up", "answered", "risk"]


def _body(probe: Json) -> list[list[str]]:
    rows = []
    for name, arm in probe["arms"].items():
        known, unknown = arm["answerable"], arm["unanswerable"]
        cells = [f"{known[kind]}/{known['n']}" if known["n"] else "–" for kind in ("right", "wrong", "abstained")]
        cells += [f"{unknown[kind]}/{unknown['n']}" if unknown["n"] else "–" for kind in ("abstained", "made_up")]
        rows.append([name, *cells, interval(arm["answered"]), interval(arm["risk"])])
    return rows


def _ordered(probe: Json) -> dict[str, dict[str, Json]]:
    """Arm → its orders; of arms that are now right and now wrong, for otherwise there is nothing to tell apart."""
    found = {
        name: {key: order for key, order in arm["orders"].items() if "area" in order}
        for name, arm in probe["arms"].items()
        if arm["risk"] and 0 < arm["risk"]["mean"] < 1
    }
    return {name: orders for name, orders in found.items() if orders}


def _orders(probe: Json) -> list[Grid]:
    """A row for each order; no table where there is none."""
    rows = []
    for name, orders in _ordered(probe).items():
        risk = figure(probe["arms"][name]["risk"]["mean"])
        for key, order in orders.items():
            area = interval({**order, "mean": order["area"]})
            rows.append([name, ORDERS[key], area, risk, figure(order["best"])])
    head = ["arm", "ordered by", "area under risk–coverage", "in no order", "at best"]
    return [Grid(name="Does an arm know when it is wrong?", head=head, body=rows)] if rows else []


def _remarks(probe: Json) -> list[str]:
    missing: dict[str, list[str]] = {}
    for name, arm in probe["arms"].items():
        for order in arm["orders"].values():
            if "not_applicable" in order:
                missing.setdefault(order["not_applicable"], []).append(name)
    kinds = ("answerable", "unanswerable")
    failed = {name: sum(arm[kind]["failures"] for kind in kinds) for name, arm in probe["arms"].items()}
    lines = [f"{', '.join(names)}: {why}, so nothing is ordered by them." for why, names in missing.items()]
    return lines + [f"{name}: {count} failed; the intervals allow for that." for name, count in failed.items() if count]


def _chart(probe: Json) -> str:
    panels = [
        (name, {ORDERS[key]: order["curve"] for key, order in orders.items()})
        for name, orders in _ordered(probe).items()
    ]
    return charts.risk(panels) if panels else ""
