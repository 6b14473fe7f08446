"""`openbook`: the table of verbs, and what becomes of whatever they raise.

A verb's module is loaded when the verb is called, so that `openbook --help` is quick. Exit codes: 0 done, 1 something
failed while running, 2 the call or a file of the user's is wrong, 3 a gate did not hold, 130 interrupted. Knows
nothing of what any verb does.
"""

import importlib
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import click

from openbook import __version__
from openbook.cli.environment import prepare
from openbook.cli.verb import Session, examples_section, find_project, traceback_option
from openbook.core.errors import OpenbookError, unknown

# In the order in which a newcomer meets them: name → module, and the line that `openbook --help` prints.
VERBS: dict[str, tuple[str, str]] = {
    "advise": ("openbook.cli.advise", "Before any data: what to expect, measure first, and label."),
    "init": ("openbook.cli.init", "Start a project: a small example, or your own documents and examples."),
    "models": ("openbook.cli.models", "List the built-in models; fetch one."),
    "ingest": ("openbook.cli.ingest", "Bring the index up to date with the documents."),
    "search": ("openbook.cli.search", "Show what the index finds for a question."),
    "ask": ("openbook.cli.ask", "Answer one question, with citations."),
    "tune": ("openbook.cli.tune", "Train an arm's adapter."),
    "compare": ("openbook.cli.compare", "The main job: every arm, the same questions, a recommendation."),
    "report": ("openbook.cli.report", "The report of what was answered so far."),
    "runs": ("openbook.cli.runs", "List what was answered, by arm."),
    "config": ("openbook.cli.config", "Show every setting, resolved."),
    "doctor": ("openbook.cli.doctor", "Check this machine and this project."),
}

INTERRUPTED = 130


class Verbs(click.Group):
    """Loads a verb's module when the verb is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(VERBS[cmd_name][0])
        command: click.Command = getattr(module, cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in VERBS:
            ctx.fail(unknown("verb", args[0], VERBS))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl([(name, line) for name, (_, line) in VERBS.items()])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        examples_section(formatter, "openbook init shop && cd shop && openbook doctor\nopenbook config --help")


@click.command(
    cls=Verbs,
    params=[traceback_option()],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="openbook %(version)s")
def cli() -> None:
    """Should your model look it up, learn it, or both? Measured on your own documents and examples."""


def main() -> NoReturn:
    """The command's entry point."""
    prepare(os.environ)
    # What one library deprecates in another is no news to a user.
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"(transformers|peft|torch)\.")
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line; whatever it raises becomes a sentence on stderr.

    Returns:
        The exit code; a verb may return one of its own.
    """
    session = Session()
    try:
        code = cli.main(args=list(arguments), prog_name="openbook", standalone_mode=False, obj=session)
        sys.stdout.flush()
    except (KeyboardInterrupt, click.Abort):
        return _say("Interrupted; nothing that was recorded is lost. Run the same command to go on.", INTERRUPTED)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        return _say(_usage(error), error.exit_code)
    except OpenbookError as error:
        if session.traceback:
            _print_traceback(error)
        return _say(str(error), error.exit_code)
    except BrokenPipeError:
        return _closed_pipe()
    except SystemExit as error:  # click's own answer to a closed pipe
        return error.code if isinstance(error.code, int) else 1
    except Exception as error:
        return _crashed(error, session, arguments)
    return code if isinstance(code, int) else 0


def _say(sentence: str, code: int) -> int:
    click.echo(sentence, err=True)
    return code


def _usage(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    text = error.format_message()
    text = f"{text[0].upper()}{text[1:]}{'' if text.endswith(('.', '?')) else '.'}"
    return text if context is None else f"{text} See: {context.command_path} --help"


def _closed_pipe() -> int:
    """Whoever read our output has gone (`openbook runs | head`): end quietly, the interpreter's last flush included."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _crashed(error: Exception, session: Session, arguments: Sequence[str]) -> int:
    if session.traceback:
        _print_traceback(error)
        return 1
    what = f"{type(error).__name__}: {error}".splitlines()[0]
    try:
        file = _write_crash(error, session, arguments)
    except OSError:
        _print_traceback(error)
        return _say(f"Openbook broke ({what}); please report it with the lines above.", 1)
    return _say(
        f"Openbook broke ({what}); the details are in {str(file)!r}, please report it with them. --traceback shows them"
        " here.",
        1,
    )


def _write_crash(error: Exception, session: Session, arguments: Sequence[str]) -> Path:
    import platform
    import traceback

    from openbook.workspace import Workspace, write_text

    root = session.project or find_project(Path.cwd())
    if root is None:
        from openbook.models.hashes import home

        file = home() / "crash.txt"
    else:
        file = Workspace(root).folder / "crash.txt"
    head = f"openbook {__version__}, Python {platform.python_version()}, {platform.platform()}\n{list(arguments)!r}\n\n"
    write_text(file, head + "".join(traceback.format_exception(error)))
    return file


def _print_traceback(error: BaseException) -> None:
    import traceback

    traceback.print_exception(error)
