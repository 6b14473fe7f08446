"""`openbook ingest`: bring the index up to date with the documents. Parses, calls, renders."""

from pathlib import Path

import click

from openbook.cli.verb import json_option, print_json, project_options, verb


@verb("ingest", example="openbook ingest\nopenbook ingest --rebuild\nopenbook ingest --json | jq .skipped")
@project_options
@json_option
@click.option("--rebuild", is_flag=True, help="Make the index anew (after a change of embedder or chunk size).")
def ingest(root: Path, file: str, as_json: bool, rebuild: bool) -> int:
    """Read, cut and embed what changed; remove what is gone. Unchanged files are left alone."""
    from openbook.cli.progress import progress
    from openbook.project import Project

    project = Project.open(root, file=file)
    with project.workspace.writing(), progress() as shown:
        if not rebuild and project.knowledge.content() is not None:
            documents, chunks = project.knowledge.size()
            nothing = {"added": 0, "changed": 0, "removed": 0, "unchanged": documents, "chunks": chunks, "seconds": {}}
            return _print(project.knowledge.skipped(), "The index is up to date.", as_json, nothing)
        result = project.knowledge.ingest(rebuild=rebuild, progress=shown)
    counts = {
        "added": len(result.added),
        "changed": len(result.changed),
        "removed": len(result.removed),
        "unchanged": result.unchanged,
    }
    told = ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "nothing"
    line = f"{told}; {result.chunks} chunks in the index; {sum(result.seconds.values()):.1f} s."
    skipped = {name: failure.message for name, failure in result.skipped.items()}
    return _print(skipped, line, as_json, {**counts, "chunks": result.chunks, "seconds": dict(result.seconds)})


def _print(skipped: dict[str, str], line: str, as_json: bool, counts: dict[str, object]) -> int:
    if as_json:
        print_json({"schema": 1, **counts, "skipped": skipped})
        return 0
    click.echo(line)
    for message in skipped.values():
        click.echo(f"Skipped: {message}", err=True)
    return 0
