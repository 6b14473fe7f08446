"""`openbook tune`: train an arm's adapter. Parses, calls, renders."""

from pathlib import Path

import click

from openbook.cli.verb import json_option, print_json, project_options, verb


@verb("tune", example="openbook tune hybrid\nopenbook tune tuned --seed 1")
@project_options
@json_option
@click.option("--seed", type=int, default=0, show_default=True, help="Of the training.")
@click.argument("arm")
def tune(root: Path, file: str, as_json: bool, seed: int, arm: str) -> int:
    """Train the adapter of ARM unless it is there; an interrupted training goes on from its last checkpoint."""
    from openbook.cli.progress import progress
    from openbook.project import Project

    project = Project.open(root, file=file)
    with project.workspace.writing(), progress() as shown:
        if project.plan(arm).retrieves and project.knowledge.content() is None:
            project.knowledge.ingest(progress=shown)
        adapter = project.tune(arm, seed=seed, progress=shown)
    if as_json:
        row = {"fingerprint": adapter.fingerprint, "folder": adapter.folder, "base": adapter.base, "rows": adapter.rows}
        print_json({"schema": 1, "arm": arm, **row, "seconds": adapter.seconds, "dev_loss": adapter.dev_loss})
        return 0
    loss = "" if adapter.dev_loss is None else f", dev loss {adapter.dev_loss:.3f} per token"
    click.echo(f"{adapter.folder}\n{adapter.rows} rows, {adapter.steps} steps, {adapter.seconds:.0f} s{loss}")
    return 0
