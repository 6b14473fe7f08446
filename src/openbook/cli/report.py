"""`openbook report`: the report of what was answered so far, and what changed between two. Parses, calls, renders."""

from pathlib import Path
from typing import Any

import click

from openbook.cli.budget import budget_option
from openbook.cli.verb import CONFIG, find_project, json_option, print_json, project_options, project_root, verb_group

EXAMPLE = """openbook report
openbook report --markdown > result.md
openbook report --memo
openbook report --json | jq .pairs
openbook report diff previous latest"""

DIFF = """openbook report diff
openbook report diff previous latest --json
openbook report diff main/report.json .openbook/reports/7936b19101794800"""


@verb_group("report", example=EXAMPLE, alone=True)
@project_options
@json_option
@click.option("--markdown", is_flag=True, help="Print the report as Markdown.")
@click.option("--memo", is_flag=True, help="Print half a page for whoever decides, as Markdown.")
@click.option("--dev", is_flag=True, help="Of the dev questions.")
@budget_option("Of the comparison with this budget. In place of [compare] budget.")
def report(root: Path, file: str, as_json: bool, markdown: bool, memo: bool, dev: bool, budget: str) -> int:
    """Rebuild the report from the records: no model is loaded, nothing is asked. Works on an interrupted run too."""
    from openbook.cli.show import show_report
    from openbook.compare.material import gather
    from openbook.compare.outcome import conclude, public
    from openbook.project import Project

    project = Project.open(root, file=file, budget=budget)
    with project.workspace.writing():
        outcome = conclude(project, gather(project, dev=dev, partial=True), looked=not dev)
    if as_json:
        print_json(public(outcome))
    elif markdown or memo:
        page = "memo.md" if memo else "report.md"
        click.echo((outcome.folder / page).read_text(encoding="utf-8"), nl=False)
    else:
        show_report(outcome.report)
    return 0


@report.verb("diff", example=DIFF)
@click.argument("before", default="previous")
@click.argument("after", default="latest")
@click.option(
    "-C",
    "--project",
    type=click.Path(file_okay=False, path_type=Path),
    help="The project that names of reports belong to; default: the one of this folder. Paths need none.",
)
@json_option
@click.pass_context
def diff(ctx: click.Context, before: str, after: str, project: Path | None, as_json: bool) -> int:
    """Say what changed between two reports, and what of it is more than chance.

    BEFORE and AFTER are a report's file or folder, a project's folder, the name of a kept report or the start of it,
    `latest`, or `previous`. Figures are compared question by question, on the questions that both asked.
    """
    from openbook.cli.diff import show_diff
    from openbook.compare.changes.diff import diff as compared
    from openbook.compare.kept import read

    outer = ctx.parent.params if ctx.parent is not None else {}
    opened = _project(project or outer.get("project"), outer.get("file") or CONFIG)
    (old_file, old), (new_file, new) = (read(name, opened) for name in (before, after))
    found = {**compared(old, new), "before": old_file, "after": new_file}
    if as_json or outer.get("as_json"):
        print_json(found)
    else:
        show_diff(found)
    return 0


def _project(named: Path | None, file: str) -> Any:
    """The project that was named or that this folder belongs to; None where there is none."""
    from openbook.project import Project

    root = project_root(named) if named is not None else find_project(Path.cwd())
    return None if root is None else Project.open(root, file=file)
