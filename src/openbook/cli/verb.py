"""What every verb has in common: an example in its help, `--traceback`, `-C/--project`, `--json`.

Knows nothing of any one verb. Loads nothing but click.
"""

import functools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from openbook.core.errors import UsageError, unknown

CONFIG = "openbook.toml"


@dataclass(slots=True)
class Session:
    """One call of the command line: what its error handler has to know.

    Attributes:
        traceback: Show where an error came from.
        project: The project's folder, once it is known.
    """

    traceback: bool = False
    project: Path | None = None


class Verb(click.Command):
    """A command whose help ends with examples."""

    example = ""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        examples_section(formatter, self.example)


class VerbGroup(click.Group):
    """A verb of several words (`models get`); its help ends with examples."""

    example = ""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        examples_section(formatter, self.example)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            ctx.fail(unknown(f"{self.name} command", args[0], self.commands))
        return super().resolve_command(ctx, args)

    def verb(self, name: str, *, example: str) -> Callable[[Callable[..., Any]], Verb]:
        """Decorator: a command of this group."""

        def add(function: Callable[..., Any]) -> Verb:
            command = verb(name, example=example)(function)
            self.add_command(command)
            return command

        return add


def verb(name: str, *, example: str) -> Callable[[Callable[..., Any]], Verb]:
    """Decorator: a function as a verb. It may return an exit code.

    Args:
        example: One command a line, as typed.
    """

    def make(function: Callable[..., Any]) -> Verb:
        command = click.command(name, cls=Verb)(function)
        command.params.append(traceback_option())
        command.example = example
        return command

    return make


def verb_group(name: str, *, example: str, alone: bool = False) -> Callable[[Callable[..., Any]], VerbGroup]:
    """Decorator: a function as a verb of several words.

    Args:
        alone: The first word alone is a command too, and the function does it.
    """

    def make(function: Callable[..., Any]) -> VerbGroup:
        done = _unless_more_words(function) if alone else function
        group = click.group(name, cls=VerbGroup, invoke_without_command=alone)(done)
        group.params += [traceback_option()] if alone else []
        group.example = example
        return group

    return make


def _unless_more_words(function: Callable[..., Any]) -> Callable[..., Any]:
    @click.pass_context
    @functools.wraps(function)
    def placed(ctx: click.Context, /, *args: Any, **options: Any) -> Any:
        return None if ctx.invoked_subcommand else function(*args, **options)

    return placed


def examples_section(formatter: click.HelpFormatter, example: str) -> None:
    """Write the commands of an example as they are typed, unwrapped."""
    with formatter.section("Example" if example.count("\n") == 0 else "Examples"):
        for line in example.splitlines():
            formatter.write(f"{'':>{formatter.current_indent}}$ {line}\n")


def traceback_option() -> click.Option:
    """`--traceback`, accepted before and after the verb."""

    def remember(ctx: click.Context, _: click.Parameter, value: bool) -> None:
        session = ctx.find_object(Session)
        if value and session is not None:
            session.traceback = True

    return click.Option(
        ["--traceback"], is_flag=True, expose_value=False, callback=remember, help="Show where an error came from."
    )


def project_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: `-C/--project` and `--config`; the function gets `root` (a Path) and `file` (a name within it)."""

    @click.option(
        "-C",
        "--project",
        type=click.Path(file_okay=False, path_type=Path),
        help="The project's folder; default: this one, or the nearest above it with an openbook.toml.",
    )
    @click.option("--config", "file", default=CONFIG, show_default=True, help="Settings to use, within that folder.")
    @click.pass_context
    @functools.wraps(function)
    def placed(ctx: click.Context, /, *args: Any, project: Path | None, file: str, **options: Any) -> Any:
        root = project_root(project)
        session = ctx.find_object(Session)
        if session is not None:
            session.project = root
        return function(*args, root=root, file=file, **options)

    return placed


def project_root(named: Path | None) -> Path:
    """The folder named, else the project that the current folder belongs to.

    Raises:
        UsageError: There is none.
    """
    if named is not None:
        if not named.is_dir():
            raise UsageError(f"No folder {str(named)!r}. Start a project there with: openbook init {named}")
        return named.resolve()
    found = find_project(Path.cwd())
    if found is None:
        raise UsageError(
            f"No {CONFIG} in {str(Path.cwd())!r} or above it. Name the project with -C DIR, or start one with:"
            " openbook init DIR"
        )
    return found


def find_project(start: Path) -> Path | None:
    """The nearest folder, from `start` upwards, that holds an `openbook.toml`."""
    return next((folder for folder in (start, *start.parents) if (folder / CONFIG).is_file()), None)


def json_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: `--json`; the function gets `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for scripts.")(function)


def not_blank(_: click.Context, argument: click.Parameter, value: str) -> str:
    """Callback of an argument that is a text: an empty one is a wrong call."""
    if not value.strip():
        raise UsageError(f"{argument.human_readable_name} is empty. Write the question in quotes.")
    return value


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False))


def columns(rows: Sequence[tuple[str, ...]]) -> str:
    """Rows as lines with aligned columns."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))] if rows else []
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
