"""`--budget`: the option, and the ledger that is printed before a run with a budget begins. Knows how to show a plan."""

from collections.abc import Callable
from typing import Any

import click

HELP = "Time for the whole comparison (`10m`, `1h30m`): sizes are cut to fit. In place of [compare] budget."


def budget_option(help: str = HELP) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: `--budget`, a text such as `10m`; empty where it is not given."""
    return click.option("--budget", default="", metavar="TIME", help=help)


def show_ledger(project: Any) -> None:
    """On standard error: every step's seconds, what they come to, and what was cut; nothing where all is done."""
    from openbook.compare.planning.plan import estimate
    from openbook.core.durations import compact

    if project.budget is None:
        return
    planned = estimate(project)
    if not planned.left:
        return
    width = max(len(step.what) for step in planned.steps)
    for step in planned.steps:
        click.echo(f"{step.what:<{width}}  {'done' if step.done else f'{step.seconds:.0f} s':>8}", err=True)
    asked = compact(project.budget.asked_seconds)
    click.echo(f"About {compact(planned.left)} to do within a budget of {asked}, {planned.basis}.", err=True)
    for line in cut_lines(project):
        click.echo(line, err=True)


def cut_lines(project: Any) -> list[str]:
    """What the budget cut, a line each; empty without a budget."""
    from openbook.compare.planning.cuts import budget_row, told

    if project.budget is None:
        return []
    cuts = budget_row(project.budget)["cuts"]
    return [f"Cut: {told(cut)}." for cut in cuts] or ["Nothing was cut: all of it fits."]


def budget_part(project: Any) -> dict[str, Any]:
    """The `budget` of a JSON object about a plan; nothing without a budget."""
    from openbook.compare.planning.cuts import budget_row

    return {} if project.budget is None else {"budget": budget_row(project.budget)}
