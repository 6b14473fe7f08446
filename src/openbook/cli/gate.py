"""The options of `openbook compare` that make it a gate, and what they come to: a JUnit file, a warning, an exit code."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from openbook.core.errors import GateNotMet, UsageError

if TYPE_CHECKING:
    from openbook.compare.gates.gate import Gate
    from openbook.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class GateOptions:
    """What was typed.

    Attributes:
        undecided_fails: Whether a requirement that cannot be told counts as not met.
        junit: Where a JUnit file is to be written.
    """

    require: Sequence[str]
    undecided_fails: bool
    junit: Path | None

    def texts(self, project: "Project") -> list[str]:
        """All requirements of this call: the project's, then the command line's.

        Raises:
            UsageError: A JUnit file is asked for, and there is nothing to write to it.
        """
        found = [*project.config.compare.require, *self.require]
        if self.junit is not None and not found:
            raise UsageError("--junit writes what became of requirements, and there are none. Give one with --require.")
        return found


def gate_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: `--require`, `--require-undecided` and `--junit`; the function gets them as `gate`."""

    @click.option(
        "--require",
        multiple=True,
        metavar="REQUIREMENT",
        help="Exit with 3 unless this holds, e.g. 'hybrid.facts >= rag.facts - 0.05' or 'rag.seconds.p50 <= 2'."
        " Repeatable; [compare] require in the settings holds more.",
    )
    @click.option(
        "--require-undecided",
        type=click.Choice(["fail", "warn"]),
        default="fail",
        show_default=True,
        help="What a requirement is taken for that these answers can neither show to be met nor to be broken.",
    )
    @click.option(
        "--junit",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Write the requirements' outcomes as JUnit XML.",
    )
    @functools.wraps(function)
    def gated(*args: Any, require: Sequence[str], require_undecided: str, junit: Path | None, **options: Any) -> Any:
        gate = GateOptions(require=require, undecided_fails=require_undecided == "fail", junit=junit)
        return function(*args, gate=gate, **options)

    return gated


def write_junit(gates: Sequence["Gate"], options: GateOptions, *, project: str) -> None:
    """Write the JUnit file, if one was asked for."""
    if options.junit is None:
        return
    from openbook.compare.gates.junit import junit
    from openbook.workspace import write_text

    write_text(options.junit, junit(gates, project=project, undecided_fails=options.undecided_fails))


def pass_or_fail(gates: Sequence["Gate"], options: GateOptions) -> None:
    """Warn of what cannot be told where that is let through.

    Raises:
        GateNotMet: A requirement is broken, or cannot be told and that counts.
    """
    by: Mapping[str, list[str]] = {
        outcome: [gate.require for gate in gates if gate.outcome == outcome] for outcome in ("broken", "cannot tell")
    }
    broken, open_ = by["broken"], by["cannot tell"]
    if open_ and not options.undecided_fails:
        click.echo(f"Warning: these answers cannot tell whether this holds: {'; '.join(open_)}.", err=True)
        open_ = []
    if not broken and not open_:
        return
    told = f" Broken: {'; '.join(broken)}." if broken else ""
    if open_:
        told += f" Cannot be told from these answers: {'; '.join(open_)}. --require-undecided warn lets those pass."
    raise GateNotMet(f"The gate is not met ({len(broken) + len(open_)} of {len(gates)}).{told}")
