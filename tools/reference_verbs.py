"""Reference pages of the command line and of the errors that it turns into exit codes."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import click
from reference_words import NOTE, Gap, table


def cli_page() -> str:
    """Every verb: usage, what it does, its options, its examples."""
    from openbook.cli.main import VERBS

    parts = [
        NOTE,
        "# Commands",
        "`openbook --help` lists the verbs, `openbook VERB --help` explains one. Progress is drawn on standard error and"
        " only on a terminal; with `--json` standard output holds one JSON object and nothing else.\n\n"
        "Exit codes: 0 done, 1 something failed while running, 2 the call or a file of yours is wrong, 3 a gate did not"
        " hold (`openbook compare --require`), 130 interrupted. `-h`, `--help` and `--traceback` (show where an error came from) go with every verb.",
    ]
    for name, (_, line) in VERBS.items():
        parts += [f"## `openbook {name}`", line]
        for full, command in commands(name):
            parts += verb_parts(full, command, heading=full != f"openbook {name}")
    return "\n\n".join(parts) + "\n"


def commands(name: str) -> list[tuple[str, click.Command]]:
    """A verb's commands by their full names: itself, or what its group holds."""
    from openbook.cli.main import cli

    verb = cli.get_command(click.Context(cli), name)
    assert verb is not None
    if isinstance(verb, click.Group):
        inner = [(f"openbook {name} {word}", command) for word, command in verb.commands.items()]
        return [(f"openbook {name}", verb), *inner] if verb.invoke_without_command else inner
    return [(f"openbook {name}", verb)]


def verb_parts(full: str, command: click.Command, *, heading: bool) -> Iterator[str]:
    if not command.help:
        raise Gap(f"`{full}` does not say what it does")
    if heading:
        yield f"### `{full}`"
    arguments = [parameter for parameter in command.params if isinstance(parameter, click.Argument)]
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    words = [f"{(a.name or '').upper()}" if a.required else f"[{(a.name or '').upper()}]" for a in arguments]
    yield f"```\n{' '.join([full, '[OPTIONS]', *words])}\n```"
    yield inspect.cleandoc(command.help)
    rows = [option_row(full, option) for option in options if "--traceback" not in option.opts]
    if rows:
        yield table(("option", "meaning"), rows)
    example = str(getattr(command, "example", ""))
    if not example:
        raise Gap(f"`{full}` has no example")
    yield f"```sh\n{example}\n```"


def option_row(full: str, option: click.Option) -> tuple[str, str]:
    if not option.help:
        raise Gap(f"`{full} {option.opts[-1]}` does not say what it does")
    value = "" if option.is_flag else f" {option.metavar or option.type.name.upper().removesuffix(' RANGE')}"
    shown = f" Default: `{option.default}`." if option.show_default else ""
    return ", ".join(f"`{name}{value}`" for name in option.opts), f"{option.help.rstrip('.')}.{shown}"


def errors_page() -> str:
    """The tree, its exit codes, and where each is raised from."""
    from openbook.core import errors

    rows = [
        (f"`{name}`", f"`{kind.__base__.__name__}`", str(kind.exit_code), text) for name, kind, text in error_rows()
    ]
    return (
        "\n\n".join(
            [
                NOTE,
                "# Errors",
                "Every error is one sentence on standard error: what failed, why, what to do. From Python, catch"
                " `openbook.core.errors.OpenbookError` or a branch of it. Inside a comparison an answer that fails is no error:"
                " it is a `Failure` in the answer's place, counted and shown.",
                f"```\n{_tree(errors)}\n```",
                table(("error", "is a", "exit code", "about"), rows),
                "An interrupt (Ctrl-C) ends with exit code 130; what was recorded is kept, and the same command goes on from"
                " there. Any other exception is a mistake in Openbook: one sentence names the file that holds the details.",
            ]
        )
        + "\n"
    )


def _tree(errors: Any) -> str:
    lines = (errors.__doc__ or "").splitlines()
    return "\n".join(line[4:] for line in lines if re.match(r"    [│├└O ]", line))


def error_rows() -> Iterator[tuple[str, Any, str]]:
    """Name, class and meaning of every error, in the order of the tree.

    Raises:
        Gap: A class that the tree's drawing leaves out, or one that it draws and is not there.
    """
    from openbook.core import errors

    drawn = dict(re.findall(r"(\w+) {2,}(.+)", _tree(errors)))
    kinds = {
        name: kind
        for name, kind in vars(errors).items()
        if inspect.isclass(kind) and issubclass(kind, errors.OpenbookError)
    }
    if kinds.keys() != drawn.keys():
        raise Gap(f"core/errors.py draws {sorted(drawn.keys() ^ kinds.keys())} otherwise than it defines")
    for name, text in drawn.items():
        yield name, kinds[name], re.sub(r"^exit code \d+: ", "", text)
