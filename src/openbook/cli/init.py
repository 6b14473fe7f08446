"""`openbook init`: a project to start from, either the small example that ships or the user's own files.

Writes new files only: whatever is there already stays as it is, and so do the user's own.
"""

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import click

from openbook.cli.verb import CONFIG, verb
from openbook.core.errors import UsageError, disk_errors

STARTER = "starter"


@verb(
    "init",
    example="openbook init shop\nopenbook init --documents ./handbook --examples faq.csv\n"
    "openbook init bot --documents ./handbook --examples faq.csv --field input=Question",
)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=".")
@click.option(
    "--documents", type=click.Path(exists=True, path_type=Path), help="A folder of your documents, or one document."
)
@click.option(
    "--examples",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Your labelled examples: .jsonl, .csv or .tsv.",
)
@click.option(
    "--field",
    "fields",
    multiple=True,
    metavar="NAME=COLUMN",
    help="Which column is the input, the reference, the documents; else it is guessed.",
)
def init(folder: Path, documents: Path | None, examples: Path | None, fields: tuple[str, ...]) -> None:
    """Start a project in FOLDER (default: here).

    Without options, with a small example that `openbook compare` runs on at once. With --documents and --examples, with
    your own: columns are guessed and shown, documents are proposed for examples that name none, and lines with problems
    are printed.
    """
    if (folder / CONFIG).exists():
        raise UsageError(f"There is a project in {str(folder)!r} already: {CONFIG} was left as it is.")
    if documents is not None:
        from openbook.cli.adopt import adopt

        adopt(folder, documents=documents, examples=examples, fields=_mapping(fields))
    elif examples is not None or fields:
        raise UsageError("Say where the documents are too: openbook init --documents DIR --examples FILE")
    else:
        _start(folder)


def _mapping(fields: tuple[str, ...]) -> dict[str, str]:
    pairs = [field.partition("=") for field in fields]
    for name, equals, column in pairs:
        if not (name and equals and column):
            raise UsageError(f"--field {name + equals + column!r} is not NAME=COLUMN, for example input=Question.")
    return {name: column for name, _, column in pairs}


def _start(folder: Path) -> None:
    """Copy the small example that ships.

    Raises:
        UsageError: A file would be overwritten; nothing was written then.
    """
    starter = files("openbook") / STARTER
    wanted = dict(_walk(starter, Path()))
    there = [name for name in wanted if (folder / name).exists()]
    if there:
        raise UsageError(
            f"{str(folder / there[0])!r} is there already, and nothing is overwritten. Choose a new folder:"
            f" openbook init DIR"
        )
    with disk_errors(str(folder)):
        # The settings come last: a folder that has them has everything.
        for name in sorted(wanted, key=lambda name: (name.name == CONFIG, name)):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(wanted[name].read_bytes())
    click.echo(
        f"A small project is in {str(folder)!r}: a tool library's pages in documents/, labelled questions in"
        f" examples.jsonl,\nthe same pages some months later in v2/, and {CONFIG} with a comment for each setting."
    )
    click.echo(next_steps(folder))


def _walk(place: Traversable, below: Path) -> list[tuple[Path, Traversable]]:
    found: list[tuple[Path, Traversable]] = []
    for item in place.iterdir():
        if item.name.startswith(("__", ".")) or item.name.endswith(".py"):
            continue
        path = below / item.name
        found.extend(_walk(item, path) if item.is_dir() else [(path, item)])
    return found


def next_steps(folder: Path, *, examples: bool = True) -> str:
    """What to type next, as it is typed."""
    from openbook.models import builtin

    steps = [] if folder.resolve() == Path.cwd().resolve() else [f"cd {folder}"]
    if not all(model.present for model in builtin() if model.name == "smollm2-reader"):
        steps.append("openbook models get smollm2-reader")
    steps += ["openbook doctor", "openbook compare" if examples else "openbook ask '...'"]
    return "\nNext:\n" + "\n".join(f"  {step}" for step in steps)
