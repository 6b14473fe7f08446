"""Sentences under the tables: at which alpha it was tested, for what it holds, what speaks against it.

Knows the report's JSON, nothing behind it; a report of an older version, without these keys, has none.
"""

from collections.abc import Mapping
from typing import Any

from openbook.compare import promptsearch
from openbook.compare.marking.chosen import choices_notes

Json = Mapping[str, Any]


def footnotes(report: Json) -> list[str]:
    """All of them, in the order of how much they change the reading."""
    return [
        *look(report),
        *_family(report),
        *_recipe(report),
        *report.get("findings", ()),
        *_detectable(report),
        *_interaction(report),
        *_unchecked(report),
        *choices_notes(report),
        *promptsearch.notes(report),
    ]


def look(report: Json) -> list[str]:
    """Which look at these questions it is, and what its tests may spend; nothing of dev questions."""
    row = report.get("look") or {"number": 0}
    if not row["number"]:
        return []
    said = f"Look {row['number']} at these test questions: tested at alpha {row['alpha']:.2g}"
    if row["number"] == 1:
        return [f"{said}."]
    return [
        f"{said}, since the same questions were looked at before. Only new questions make up for having chosen by them."
    ]


def _family(report: Json) -> list[str]:
    family = report.get("family")
    if not family or family["pairs"] < 2:
        return []
    how = "max-T over jointly flipped groups" if family["adjust"] == "max-t" else "Holm's procedure"
    return [f"p adjusted: for {family['pairs']} pairs, by {how}."]


def _recipe(report: Json) -> list[str]:
    """One sentence for the arms that were trained with several seeds; the one-seed sentence stands in the notes."""
    found = {name: arm["recipe"] for name, arm in report["arms"].items() if arm.get("recipe")}
    if not found:
        return []
    told = ", ".join(f"{name} {row['low']:.2f} to {row['high']:.2f}" for name, row in found.items())
    seeds = max(row["seeds"] for row in found.values())
    roughly = ", roughly," if seeds < 4 else ""
    return [
        f"{seeds} training seeds: the intervals hold for these adapters. For the recipe, trained again,"
        f" {report['metric']} lies{roughly} in: {told}."
    ]


def _detectable(report: Json) -> list[str]:
    rows = [pair for pair in report["pairs"] if not pair["exploratory"] and pair.get("enough")]
    rows = [pair for pair in rows if pair["verdict"] == "undecided"]
    if not rows:
        return []
    effects = [row["enough"]["detectable"] for row in rows]
    if None in effects:
        return ["There are too few groups for any difference of an undecided pair to pass at this alpha."]
    low, high = min(effects), max(effects)
    told = f"{low:.2f}" if f"{low:.2f}" == f"{high:.2f}" else f"{low:.2f} to {high:.2f}"
    return [f"Undecided pairs: a true difference of {told} would have been found here four times of five."]


def _interaction(report: Json) -> list[str]:
    found = report.get("interaction")
    if not found:
        return []
    arms = found["arms"]
    lines = [
        f"Retrieval and tuning together, exploratory: ({arms['tuned+rag']} − {arms['rag']}) − ({arms['tuned']} −"
        f" {arms['prompted']}) = {_bounds(found)}, p {found['p']:.3f}."
        + ("" if found["equal_prompts"] else " Their prompts differ, so a part of it may be theirs.")
    ]
    if found["book"]:
        lines.append(
            f"What training for the book adds, exploratory: hybrid − {arms['tuned+rag']} = {_bounds(found['book'])}, p"
            f" {found['book']['p']:.3f}."
        )
    return lines


def _unchecked(report: Json) -> list[str]:
    rows = [row for row in report.get("constraints", ()) if row["met"] is None]
    return [f"{row['arm']}, constraint {row['constraint']}: {row['said']}." for row in rows]


def _bounds(row: Json) -> str:
    return f"{row['difference']:+.2f} [{row['low']:+.2f}, {row['high']:+.2f}]"
