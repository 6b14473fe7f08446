"""Advice as text: sections, and under each the statements with their grounds. Knows the advice, not its making."""

import textwrap
from collections.abc import Iterator

from openbook.advise.advice import COMPUTED, RULE, Advice, Statement, ground
from openbook.advise.claims import ARMS, Claim
from openbook.advise.weigh import Argument
from openbook.cli.verb import columns

WIDTH = 110
SIGNS = {1: "+", -1: "-", 0: "±"}


def text(advice: Advice) -> str:
    """Everything, for a terminal or a pipe."""
    sections = {
        "Your answers": _answers(advice),
        "Expected": _statements(advice.expected),
        "Voices": _voices(advice),
        "Arguments": _arguments(advice),
        "What would overturn it": _statements(advice.overturned_by),
        "What to measure first": _measure(advice),
        "How much to label": _labels(advice),
        "Sources": (line for claim in advice.claims for line in _source(claim)),
    }
    return "\n\n".join("\n".join([head, *lines]) for head, lines in sections.items())


def _answers(advice: Advice) -> Iterator[str]:
    given = [f"{key} {value}" for key, value in advice.answers.items() if key != "examples"]
    yield from _wrapped("; ".join([*given, f"examples {advice.examples}"]))


def _statements(statements: tuple[Statement, ...]) -> Iterator[str]:
    for statement in statements:
        yield from _wrapped(f"{statement.says} [{statement.ground}]")


def _voices(advice: Advice) -> Iterator[str]:
    """One row an arm, one column a question; a question has one voice however many papers speak."""
    heads = [key for key in advice.answers if any(key in s.voices for s in advice.standings)]
    rows = [("arm", *heads, "sum")]
    for s in advice.standings:
        total = "out" if s.out else f"{s.total:+d}"
        rows.append((s.arm, *(SIGNS[s.voices[key]] if key in s.voices else "" for key in heads), total))
    yield textwrap.indent(columns(rows), "  ")
    yield from _wrapped(f"+ speaks for the arm, - against it, ± both ways, which counts nothing. [{RULE}]")


def _arguments(advice: Advice) -> Iterator[str]:
    for question, answer in advice.answers.items():
        found = [argument for argument in advice.arguments if argument.question == question]
        if found:
            yield f"  {question} {answer}"
        for argument in found:
            yield from _wrapped(f"{_sides(argument)}: {argument.entry.says} [{ground(argument)}]", indent="    ")


def _sides(argument: Argument) -> str:
    bearing = argument.bearing
    sides = (("for", bearing.pro), ("against", bearing.con), ("rules out", bearing.out))
    said = "; ".join(f"{word} {', '.join(arm for arm in ARMS if arm in arms)}" for word, arms in sides if arms)
    return said or "note"


def _measure(advice: Advice) -> Iterator[str]:
    yield from _wrapped(
        f"Ask {', '.join(advice.arms)}: the first, the next, and prompted as the control that shows what instructions"
        f" do alone. [{RULE}]"
    )
    yield "```toml"
    yield advice.settings.rstrip("\n")
    yield "```"
    for step in advice.steps:
        yield from _wrapped(f"{step.command}: {step.why}. [{RULE}]")


def _labels(advice: Advice) -> Iterator[str]:
    a = advice.assumed
    rows: list[tuple[str, ...]] = [
        ("spread", "test, to show equal", "test, to find a difference", "test groups", "label", "in groups")
    ]
    for row in advice.labels:
        cells = (row.equivalence, row.difference, row.groups, row.label, row.label_groups)
        rows.append((f"{row.spread:g}", *(f"{cell:,}" for cell in cells)))
    yield textwrap.indent(columns(rows), "  ")
    low, high = advice.labels[0], advice.labels[-1]
    span = f"{low.label:,}" if low is high else f"{low.label:,} to {high.label:,}"
    groups = f"{low.label_groups:,}" if low is high else f"{low.label_groups:,} to {high.label_groups:,}"
    yield from _wrapped(
        f"To decide at a margin of {a.margin:g}, label {span} examples in {groups} groups,"
        f" {'at that spread' if low is high else 'by the spread'}. [{COMPUTED}]"
    )
    yield from _statements(advice.enough)
    yield from _wrapped(
        f"Assumed: {a.size} examples a group, correlation {a.correlation:g} within it, error 5 % shared by the tested pairs ({a.pairs}),"
        f" power 80 %, 45 % of the labels asked in the test. The spread is the standard deviation of one question's"
        f" difference; for marks of 0 and 1, 0.2, 0.3 and 0.5 are arms that differ on 4, 9 and 25 % of the questions. [{RULE}]"
    )


def _source(claim: Claim) -> Iterator[str]:
    source = claim.source
    who = source.authors if source.own else f"{source.authors.split(',')[0]} et al."
    yield from _wrapped(
        f"{who} {source.year}, {source.title}, {source.place}: {claim.figure}; {claim.setting}. {source.link} [{claim.id}]"
    )


def _wrapped(line: str, *, indent: str = "  ") -> list[str]:
    return textwrap.wrap(
        line,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent + "  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
