"""The domain probe in words and tables. Knows the report's JSON, nothing behind it."""

from collections.abc import Mapping
from typing import Any

from openbook.compare.pages.section import Grid, Section
from openbook.compare.pages.tables import interval, signed

Json = Mapping[str, Any]

SAYS = {
    "better": "adapts",
    "equivalent": "unchanged",
    "worse": "foresees it worse",
    "undecided": "undecided",
}
"""A verdict on what tuning did to the loss on the documents' own text, in a word."""

PARTS = {"all": "all", "named": "named in its training", "others": "others"}


def section(report: Json) -> Section | None:
    """None where the probe was left out or there is nothing to tell."""
    probe = report["probes"].get("domain")
    if not probe:
        return None
    grids = [grid for grid in (_losses(probe), _gains(report, probe)) if grid is not None]
    return Section(
        key="domain",
        title="The domain's own text",
        lead=_lead(probe),
        grids=grids,
        remarks=[line for name, arm in probe["arms"].items() for line in _remarks(name, arm)],
    )


def _lead(probe: Json) -> str:
    read = any("all" in arm["loss"] for arm in probe["arms"].values())
    losses = (
        f"{probe['passages']} passages of {probe['documents']} documents, read by each tuned arm's model without its adapter"
        f" and with it. Loss: nats per token, lower is better; margin {probe['margin']:g}; intervals over documents. "
    )
    return (losses if read else "") + (
        "Gain: each tuned arm minus the arm that answers like it untuned, on questions whose fact or document was trained"
        " on in other words (seen) and on others (new). Gains are exploratory."
    )


def _losses(probe: Json) -> Grid | None:
    rows = [
        [
            f"{name}, {meaning}",
            f"{row['base']:.3f}",
            f"{row['tuned']:.3f}",
            _rise(row),
            SAYS[row["verdict"]] if "verdict" in row else "",
            f"{row['n']}" + (f" ({row['failures']} failed)" if row["failures"] else ""),
            str(row["documents"]),
        ]
        for name, arm in probe["arms"].items()
        for part, meaning in PARTS.items()
        if (row := arm["loss"].get(part))
    ]
    head = ["arm, documents", "loss without", "loss with", "rise in loss", "verdict", "passages", "documents"]
    return Grid(name="Loss on the documents' own text", head=head, body=rows) if rows else None


def _gains(report: Json, probe: Json) -> Grid | None:
    rows = []
    for name, arm in probe["arms"].items():
        gain = arm["gain"]
        if gain:
            scores = report["arms"][name]["scores"].get(report["metric"], {})
            cells = [part for s in ("seen", "new") for part in (interval(scores.get(s)), _difference(gain.get(s)))]
            rows.append([name, *cells, gain["against"]])
    head = ["arm", f"{report['metric']}, seen", "gain, seen", f"{report['metric']}, new", "gain, new", "over"]
    return Grid(name="Gain on seen and on new", head=head, body=rows) if rows else None


def _remarks(name: str, arm: Json) -> list[str]:
    lines = [f"{name}, loss: {arm['loss']['not_applicable']}."] if "not_applicable" in arm["loss"] else []
    whole, gain = arm["loss"].get("all"), arm["gain"] or {}
    lines += [f"{name}, loss: {whole['reason']}."] if whole and whole["reason"] else []
    seen, new = gain.get("seen"), gain.get("new")
    if seen and new and seen["low"] > 0 >= new["low"]:
        lines.append(f"{name}: the gain is shown on seen questions alone; on new ones it is not.")
    return lines


def _rise(row: Json) -> str:
    return f"{row['difference']:+.3f} [{row['low']:+.3f}, {row['high']:+.3f}]".replace("-", "−")


def _difference(row: Json | None) -> str:
    return f"{signed(row['difference'])} [{signed(row['low'])}, {signed(row['high'])}]" if row else "–"
