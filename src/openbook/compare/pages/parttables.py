"""Tables of what the figures are made of: a row a class, a field or a check, a column an arm. Knows the report's JSON."""

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]
Table = tuple[str, list[str], list[list[str]]]
"""Heading, column heads, rows."""

SHOWN = 30
"""Parts of a metric on a page; `report.json` holds all."""


def part_tables(report: Json) -> list[Table]:
    """A table for each metric with parts.

    A cell is `f1 (precision, recall)` or the share that passes; the parts with most answers come first.
    """
    return [_table(report, metric, arms) for metric, arms in report.get("parts", {}).items()]


def _table(report: Json, metric: str, arms: Mapping[str, Any]) -> Table:
    by_part: dict[str, dict[str, Any]] = {}
    for arm, parts in arms.items():
        for row in parts:
            by_part.setdefault(row["part"], {})[arm] = row
    order = sorted(by_part, key=lambda part: -max(row["n"] for row in by_part[part].values()))
    left = f", the {SHOWN} most frequent of {len(order)}" if len(order) > SHOWN else ""
    rows = [[_named(part, by_part[part]), *(_cell(by_part[part].get(arm)) for arm in arms)] for part in order[:SHOWN]]
    return f"Parts of {metric}{left}", ["part", *arms], rows


def _named(part: str, rows: Mapping[str, Any]) -> str:
    row = next(iter(rows.values()))
    weight = row["figures"].get("weight")
    return f"{part} (n = {row['n']})" if weight is None else f"{part} (weight {weight:g})"


def _cell(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return "–"
    figures = row["figures"]
    if "f1" not in figures:
        return _figure(figures["share"])
    return f"{_figure(figures['f1'])} (p {_figure(figures['precision'])}, r {_figure(figures['recall'])})"


def _figure(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.2f}".removeprefix("0") if value < 1 else f"{value:.2f}"
