"""`openbook ask`: one question to one arm, the answer as it is written. Parses, calls, renders."""

from pathlib import Path
from typing import Any

import click

from openbook.cli.verb import json_option, not_blank, print_json, project_options, verb

EXAMPLE = """openbook ask 'Can I bring my dog into the shop?'
openbook ask --arm hybrid 'Can I bring my dog into the shop?'
openbook ask --json 'What does a repair cost?' | jq .citations"""


@verb("ask", example=EXAMPLE)
@project_options
@json_option
@click.option("--arm", "name", help="The arm that answers; default: the one last recommended, else rag.")
@click.argument("question", callback=not_blank)
def ask(root: Path, file: str, as_json: bool, name: str | None, question: str) -> int:
    """Answer QUESTION with citations."""
    from openbook.core.errors import UsageError
    from openbook.core.types import Delta, Example, Failure
    from openbook.project import Project

    project = Project.open(root, file=file)
    arm = project.arm(name or _recommended(project))
    if arm.kind == "rag-oracle":
        raise UsageError(f"The arm {arm.name!r} finds passages by an example's label; a question has none. Ask rag.")
    example = Example(id="ask", input=question, references=("",))
    record: Any = None
    for _, event in arm.stream([example]):
        if isinstance(event, Delta):
            if not as_json:
                click.echo(event.text, nl=False)
        else:
            record = event
    result = record.result
    if isinstance(result, Failure):
        click.echo(f"No answer: {result.message}", err=True)
        return 1
    if as_json:
        print_json(_row(arm.name, result))
        return 0
    click.echo()
    for citation in result.citations:
        click.echo(f"  [{citation.label}] {citation.quote}", err=True)
    return 0


def _recommended(project: Any) -> str:
    """The arm of the latest report's recommendation where there is one."""
    from openbook.compare.publish import find, latest

    name = latest(project)
    report = find(project, name) if name else None
    arm = (report or {}).get("recommendation", {}).get("arm")
    return str(arm) if arm else "rag"


def _row(arm: str, answer: Any) -> dict[str, Any]:
    return {
        "schema": 1,
        "arm": arm,
        "text": answer.text,
        "abstained": answer.abstained,
        "finish": answer.finish,
        "citations": [{"label": c.label, "quote": c.quote, "chunk": c.chunk} for c in answer.citations],
        "passages": [
            {"document": hit.chunk.document, "start": hit.chunk.start, "end": hit.chunk.end, "text": hit.chunk.text}
            for hit in answer.hits
        ],
        "usage": {"input_tokens": answer.usage.input_tokens, "output_tokens": answer.usage.output_tokens},
        "seconds": {stage: round(value, 4) for stage, value in answer.seconds.items()},
    }
