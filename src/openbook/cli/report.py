"""`openbook report`: the report of what was answered so far, from the records alone. Parses, calls, renders."""

from pathlib import Path

import click

from openbook.cli.verb import json_option, print_json, project_options, verb


@verb(
    "report",
    example="openbook report\nopenbook report --markdown > result.md\nopenbook report --memo\nopenbook report --json | jq .pairs",
)
@project_options
@json_option
@click.option("--markdown", is_flag=True, help="Print the report as Markdown.")
@click.option("--memo", is_flag=True, help="Print half a page for whoever decides, as Markdown.")
@click.option("--dev", is_flag=True, help="Of the dev questions.")
def report(root: Path, file: str, as_json: bool, markdown: bool, memo: bool, dev: bool) -> int:
    """Rebuild the report from the records: no model is loaded, nothing is asked. Works on an interrupted run too."""
    from openbook.cli.show import show_report
    from openbook.compare.comparison import gather
    from openbook.compare.outcome import conclude, public
    from openbook.project import Project

    project = Project.open(root, file=file)
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
