"""Reports, tastes and plans on a terminal: aligned columns, plain text where it is piped. Knows their data, not their making."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from openbook.compare.pages import essentials, tables
from openbook.compare.planning.plan import Plan
from openbook.compare.taste import Taste


def console() -> Console:
    """Standard output; as wide as the text where it is no terminal."""
    return Console(file=sys.stdout, highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 1000)


def show_report(report: Mapping[str, Any]) -> None:
    """The table, the verdict with what speaks for and against it, a few notes, and where the whole report lies."""
    out = console()
    out.print(_table(tables.heads(report), tables.rows(report)))
    for line in tables.absent(report):
        out.print(line, style="dim", markup=False)
    advice = report["recommendation"]
    out.print(f"\n{advice['verdict']}", style="bold", markup=False)
    for reason in advice["reasons"]:
        out.print(f"  because  {reason}", markup=False)
    for flip in advice["flips_if"]:
        out.print(f"  but      {flip}", markup=False)
    for gate in report.get("gates", ()):
        out.print(f"  gate     {gate['outcome']}: {gate['require']}. {gate['sentence']}", markup=False)
    out.print()
    for line in [*essentials.lines(report), essentials.more(report)]:
        out.print(line, style="dim", markup=False)
    if report.get("report"):
        out.print(f"\nReport: {report['report']}", markup=False)


def show_taste(found: Taste, planned: Plan) -> None:
    out = console()
    out.print(
        f"{found.documents} documents in {found.chunks} chunks; {found.examples} examples: {found.train} to train on,"
        f" {found.dev} dev, {found.seen} seen and {found.new} new test questions."
    )
    for k, row in found.recall.items():
        out.print(f"BM25 finds a named document among the first {k}: {_share(row)}", markup=False)
    if found.quoted is not None:
        out.print(f"Facts right by quoting one sentence (no model): {_share(found.quoted)}", markup=False)
    for warning in found.warnings:
        out.print(f"Warning: {warning}", markup=False)
    out.print(found.deciding, markup=False)
    show_plan(planned)


def show_plan(planned: Plan) -> None:
    """Steps with their estimated minutes, done ones included."""
    out = console()
    rows = [[step.what, "done" if step.done else f"{step.seconds / 60:.1f} min"] for step in planned.steps]
    out.print(_table(["step", "estimate"], rows))
    left = sum(step.seconds for step in planned.steps if not step.done)
    if left:
        out.print(f"{_minutes(left)} in all, {planned.basis}.", markup=False)
    else:
        out.print("Nothing is left to do.", markup=False)


def _minutes(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return "Less than a minute"
    return "About a minute" if minutes == 1 else f"About {minutes} minutes"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for number, head in enumerate(heads):
        table.add_column(head, justify="left" if number == 0 else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table


def _share(row: Any) -> str:
    return f"{row.count / row.n:.2f} [{row.low:.2f}, {row.high:.2f}], n = {row.n}" if row.n else "–"
