"""`openbook search`: what the index finds for a question. Parses, calls, renders."""

from pathlib import Path
from typing import Any

import click

from openbook.cli.verb import json_option, not_blank, print_json, project_options, verb
from openbook.core.errors import OpenbookError, UsageError

EXAMPLE = """openbook search 'how long can I return boots?'
openbook search -k 10 --where '{"region": "uk"}' 'parcel lost'"""


@verb("search", example=EXAMPLE)
@project_options
@json_option
@click.option("-k", "count", type=click.IntRange(min=1), default=5, show_default=True, help="Chunks to show.")
@click.option("--where", "condition", help="Metadata filter as JSON, as in [retrieve] filter.")
@click.argument("query", callback=not_blank)
def search(root: Path, file: str, as_json: bool, count: int, condition: str | None, query: str) -> int:
    """Show the chunks found for QUERY, best first, with their rank by meaning and by words."""
    from openbook.core.types import Failure
    from openbook.project import Project
    from openbook.project.knowledge import where

    project = Project.open(root, file=file)
    project.content()
    retrieve = project.config.retrieve
    retriever = project.knowledge.retriever(retrieve)
    filters = where(_parsed(condition) if condition else retrieve.filter)
    (hits,) = retriever.search([query], k=count, where=filters)
    if isinstance(hits, Failure):
        raise OpenbookError(hits.message)
    rows = [
        {
            "document": hit.chunk.document,
            "headings": list(hit.chunk.headings),
            "start": hit.chunk.start,
            "end": hit.chunk.end,
            "score": round(hit.score, 6),
            "ranks": dict(hit.ranks),
            "text": hit.chunk.text,
        }
        for hit in hits
    ]
    if as_json:
        print_json({"schema": 1, "query": query, "hits": rows})
        return 0
    for number, row in enumerate(rows, start=1):
        click.echo(_shown(number, row))
    if not rows:
        click.echo("Nothing found.", err=True)
    return 0


def _parsed(condition: str) -> dict[str, Any]:
    import json

    try:
        value = json.loads(condition)
    except ValueError as error:
        raise UsageError(f'--where is not JSON: {error}. Write for example: --where \'{{"region": "uk"}}\'') from error
    if not isinstance(value, dict):
        raise UsageError(f"--where must be a JSON object, found {condition!r}.")
    return value


def _shown(number: int, row: dict[str, Any]) -> str:
    ranks = ", ".join(f"{kind} {rank}" for kind, rank in row["ranks"].items())
    path = " › ".join(row["headings"])
    text = " ".join(row["text"].split())
    return f"{number}. {row['document']}  {path}  ({ranks})\n   {text}"
