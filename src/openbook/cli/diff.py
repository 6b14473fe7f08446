"""`openbook report diff` on a terminal: two reports, what changed. Knows the diff's JSON, not its making."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from openbook.cli.show import console
from openbook.compare.pages import tables

Json = Mapping[str, Any]
LONG = 60


def show_diff(found: Json) -> None:
    """Settings, questions, figures with the test of their change, verdicts, recommendation."""
    out = console()
    out.print(f"before  {found['before']}\nafter   {found['after']}\n", markup=False)
    out.print(_asked(found["questions"]), markup=False)
    for place, names in found["arms"].items():
        if names:
            out.print(f"Only {place.removeprefix('only_')}: {', '.join(names)}.", markup=False)
    for row in found["settings"]:
        out.print(
            f"  {row['arm'] or 'all arms'}: {row['key']}  {_cut(row['before'])} → {_cut(row['after'])}", markup=False
        )
    out.print(_changes([row for row in found["changes"] if not row["exploratory"]]))
    told = [row for row in found["changes"] if row["exploratory"] and row["verdict"] in ("better", "worse")]
    if told:
        out.print("\nExploratory, each tested by itself; among many such tests some are chance:")
        out.print(_changes(told))
    _show_rest(out, found)


def _show_rest(out: Any, found: Json) -> None:
    if found["figures"]:
        elsewhere = "" if found["same_machine"] else " Another machine: do not compare seconds."
        out.print(f"\nShown, not tested:{elsewhere}", markup=False)
    for row in found["figures"]:
        out.print(f"  {row['arm']}.{row['figure']}  {_number(row['before'])} → {_number(row['after'])}", markup=False)
    for row in found["pairs"]:
        if not row["exploratory"]:
            line = f"  verdict  {row['a']} − {row['b']} on {row['metric']}: {row['before']} → {row['after']}"
            out.print(line, markup=False)
    out.print(f"\n{conclusion(found)}", markup=False)
    advice = found["recommendation"]
    if advice["changed"]:
        out.print(f"Recommended before: {advice['before']['verdict']}", markup=False)
    out.print(f"Recommended {'now' if advice['changed'] else 'as before'}: {advice['after']['verdict']}", markup=False)


def conclusion(found: Json) -> str:
    """One sentence on the primary metric: what may be said to have changed, and nothing more."""
    family = [row for row in found["changes"] if not row["exploratory"]]
    told = {kind: [row["arm"] for row in family if row["verdict"] == kind] for kind in ("better", "worse", "undecided")}
    if not family:
        return "No arm stands in both reports."
    parts = [f"{kind}: {', '.join(told[kind])}" for kind in ("better", "worse") if told[kind]]
    if told["undecided"]:
        parts.append(f"cannot be told: {', '.join(told['undecided'])}")
    changed = "; ".join(parts) or "no arm has changed"
    return f"On {family[0]['metric']}, {changed}."


def _asked(questions: Json) -> str:
    rest = {
        "with other words or another reference": questions["reworded"],
        "only before": questions["only_before"],
        "only after": questions["only_after"],
    }
    others = "".join(f", {count} {what}" for what, count in rest.items() if count)
    return f"{questions['same']} questions are the same in both{others}. Changes are tested on those."


def _changes(rows: Sequence[Json]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for head in ("arm", "figure", "before", "after", "change", "verdict"):
        table.add_column(head, no_wrap=True)
    for row in rows:
        figure = row["metric"] if row["stratum"] == "all" else f"{row['metric']}.{row['stratum']}"
        cells = [tables.interval(row["before"]), tables.interval(row["after"])]
        verdict = f"{row['verdict']}: {row['reason']}" if row["reason"] else row["verdict"]
        table.add_row(row["arm"], figure, *cells, _span(row), verdict)
    return table


def _span(row: Json) -> str:
    if row["difference"] is None:
        return "–"
    return f"{tables.signed(row['difference'])} [{tables.signed(row['low'])}, {tables.signed(row['high'])}]"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"


def _cut(text: str) -> str:
    return text if len(text) <= LONG else f"{text[:LONG]}…"
