"""`openbook runs`: what was answered so far, by arm. Parses, calls, renders."""

from pathlib import Path
from typing import Any

import click

from openbook.cli.verb import columns, json_option, print_json, project_options, verb


@verb("runs", example="openbook runs\nopenbook runs --json")
@project_options
@json_option
def runs(root: Path, file: str, as_json: bool) -> int:
    """List every run: an arm with one adapter over one state of the index, and how much it has answered."""
    from openbook.compare.runlog import RunLog
    from openbook.core.types import Failure
    from openbook.workspace import Workspace, read_json

    folders = sorted((Workspace(root).folder / "runs").glob("*/run.json"))
    rows: list[dict[str, Any]] = []
    for path in folders:
        described = read_json(path) or {}
        records = RunLog(path.parent).records.values()
        failed = sum(isinstance(record.result, Failure) for record in records)
        rows.append(
            {
                "run": path.parent.name,
                "arm": described.get("arm", "?"),
                "kind": described.get("kind", "?"),
                "answers": len(records) - failed,
                "failures": failed,
            }
        )
    if as_json:
        print_json({"schema": 1, "runs": rows})
    elif rows:
        head = ("run", "arm", "kind", "answers", "failures")
        click.echo(columns([head, *(tuple(str(row[key]) for key in head) for row in rows)]))
    else:
        click.echo("No runs yet. Make some with: openbook compare")
    return 0
