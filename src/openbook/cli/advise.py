"""`openbook advise`: what to expect, measure and label, before there is any data. Parses, asks, calls, renders."""

import sys
from collections.abc import Callable
from typing import Any

import click

from openbook.advise.interview import QUESTIONS, Question, arising
from openbook.cli.verb import json_option, print_json, verb
from openbook.core.errors import UsageError

EXAMPLE = (
    "openbook advise\n"
    "openbook advise --task answer --facts documents --change monthly --form voice --examples 300"
    " --speed any --hardware cpu --leave no --cite yes"
)


def question_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: one flag for each question of the interview."""
    for question in reversed(QUESTIONS):
        if question.key == "examples":
            option = click.option("--examples", type=click.IntRange(min=0), help=question.asks)
        else:
            said = f"{question.asks} {', '.join(question.options)}."
            kinds = click.Choice([*question.options])
            option = click.option(f"--{question.key}", type=kinds, metavar=question.key.upper(), help=said)
        function = option(function)
    return function


@verb("advise", example=EXAMPLE)
@question_options
@click.option(
    "--margin",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.05,
    show_default=True,
    help="Smallest difference between two arms that matters to you.",
)
@click.option(
    "--spread",
    type=click.FloatRange(0, 1, min_open=True),
    multiple=True,
    help="Standard deviation of a question's difference, if you know it; may be repeated. Default: 0.2, 0.3 and 0.5.",
)
@click.option(
    "--per-group",
    type=click.IntRange(1, 100),
    default=2,
    show_default=True,
    help="Examples that share a document or a fact.",
)
@click.option(
    "--correlation",
    type=click.FloatRange(0, 1),
    default=0.3,
    show_default=True,
    help="How alike the differences of one group's examples are.",
)
@json_option
def advise(
    margin: float, spread: tuple[float, ...], per_group: int, correlation: float, as_json: bool, **answers: Any
) -> int:
    """Say which arm to expect to be best, what to measure first, and how many examples to label.

    Needs no project and no data. On a terminal it asks what no flag answers; elsewhere every question that arises needs
    its flag. Each statement names the paper behind it, or says that it is a rule of thumb.
    """
    given = {key: value for key, value in answers.items() if value is not None}
    complete = _asked(given) if _terminal() and not as_json else _complete(given)
    # What follows loads a numerical library, which a question on the screen need not wait for.
    from openbook.advise.advice import advise as advice_for
    from openbook.advise.advice import public
    from openbook.advise.labels import SPREADS, Assumed
    from openbook.cli.advise_text import text

    assumed = Assumed(margin=margin, spreads=spread or SPREADS, size=per_group, correlation=correlation)
    examples = complete.pop("examples")
    found = advice_for(complete, examples=examples, assumed=assumed)
    if as_json:
        print_json(public(found))
    else:
        click.echo(text(found))
    return 0


def _terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _complete(given: dict[str, Any]) -> dict[str, Any]:
    """The flags as they are.

    Raises:
        UsageError: Flags are missing, and there is nobody to ask.
    """
    missing = [question for question in arising(given) if question.key not in given]
    if missing:
        flags = ", ".join(f"--{q.key} {'N' if q.key == 'examples' else '|'.join(q.options)}" for q in missing)
        raise UsageError(f"Nobody can be asked here: add {flags}. On a terminal openbook advise asks.")
    return given


def _asked(given: dict[str, Any]) -> dict[str, Any]:
    """The flags, and what is answered to the questions that no flag answers."""
    answers = dict(given)
    for question in QUESTIONS:
        if question in arising(answers) and question.key not in answers:
            answers[question.key] = _ask(question)
    return answers


def _ask(question: Question) -> Any:
    if question.key == "examples":
        return click.prompt(question.asks, type=click.IntRange(min=0))
    click.echo(question.asks)
    for option, meaning in question.options.items():
        click.echo(f"  {option:<10} {meaning}")
    return click.prompt("", type=click.Choice([*question.options]), show_choices=False, prompt_suffix="> ")
