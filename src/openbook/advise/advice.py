"""The advice as statements, each with its ground: a claim, a rule of thumb, a count or a computation. Prints nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from openbook.advise.claims import ARMS, Claim
from openbook.advise.interview import Answers, band, checked
from openbook.advise.labels import Assumed, Wanted, shown_by, wanted
from openbook.advise.measure import CONTROL, Step, arms_to_ask, settings, steps
from openbook.advise.weigh import Argument, Standing, arguments, leaders, overturns, runners_up, standings

RULE = "rule of thumb of this tool"
COUNTED = "counted from your answers"
COMPUTED = "computed from the assumptions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A sentence and what stands behind it: the id of a claim, or one of the three grounds above."""

    says: str
    ground: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """Everything that is said.

    Attributes:
        standings: All arms, best first.
        expected: The leading arms, the next ones and the lead.
        overturned_by: Other answers that would put another arm first.
        settings: A beginning of `openbook.toml`.
        labels: What each assumed spread needs.
        enough: What the labelled examples at hand could show.
    """

    answers: Answers
    examples: int
    arguments: tuple[Argument, ...]
    standings: tuple[Standing, ...]
    expected: tuple[Statement, ...]
    overturned_by: tuple[Statement, ...]
    arms: tuple[str, ...]
    settings: str
    steps: tuple[Step, ...]
    assumed: Assumed
    labels: tuple[Wanted, ...]
    enough: tuple[Statement, ...]

    @property
    def claims(self) -> tuple[Claim, ...]:
        """The claims that are spoken of, once each."""
        cited = (argument.entry for argument in self.arguments if isinstance(argument.entry, Claim))
        return tuple({claim.id: claim for claim in cited}.values())


def advise(answers: Answers, *, examples: int, assumed: Assumed | None = None) -> Advice:
    """What to expect, what to measure first, how much to label.

    Args:
        answers: To the questions of `openbook.advise.interview`; `examples` among them follows from the number.
        examples: Labelled examples at hand.
        assumed: Margin, spreads and groups; the number of tested pairs follows from the arms to be asked.

    Raises:
        UsageError: An answer is missing, unknown, or contradicts another.
    """
    given = checked({**answers, "examples": band(examples)})
    ordered = standings(given)
    arms = arms_to_ask(ordered)
    labels = replace(assumed or Assumed(), pairs=max(1, len(list(combinations(arms, 2)))))
    return Advice(
        answers=given,
        examples=examples,
        arguments=arguments(given),
        standings=ordered,
        expected=tuple(_expected(ordered, arguments(given))),
        overturned_by=tuple(_overturned(given)),
        arms=arms,
        settings=settings(given, arms, labels.margin),
        steps=steps(given),
        assumed=labels,
        labels=wanted(labels),
        enough=tuple(_enough(examples, labels)),
    )


def ground(argument: Argument) -> str:
    """What stands behind an argument, as it is printed."""
    return argument.entry.id if isinstance(argument.entry, Claim) else RULE


def _expected(ordered: Sequence[Standing], found: Sequence[Argument]) -> Iterator[Statement]:
    first, next_ = leaders(ordered), runners_up(ordered)
    names = _names(first)
    if len(first) > 1:
        yield _counted(f"Expected best: {names}. At most one question sets them apart, which is a tie: measure them.")
    else:
        yield _counted(f"Expected best: {names}.")
    if next_:
        lead = ordered[0].total - next_[0].total
        yield _counted(f"Next: {_names(next_)}, {lead} questions behind {ordered[0].arm}.")
    for argument in found:
        if argument.bearing.out:
            yield Statement(
                says=f"Not {', '.join(argument.bearing.out)}: {argument.entry.says}", ground=ground(argument)
            )


def _overturned(answers: Answers) -> Iterator[Statement]:
    found = list(overturns(answers))
    if not found:
        yield _counted("No other answer to a single question would put another arm first.")
    for arm in ARMS:
        changes = [f"{question} were {other}" for question, other, then in found if then == arm]
        if changes:
            yield _counted(f"{arm} would come first if {', or if '.join(changes)}.")
    yield Statement(
        says="What is measured on your own data overturns all of this: nothing above has seen it.", ground=RULE
    )


def _enough(examples: int, assumed: Assumed) -> Iterator[Statement]:
    shown = shown_by(examples, assumed)
    if None in shown:
        yield Statement(
            says=f"{examples} labelled examples, {assumed.size} a group, give a test too small to decide anything.",
            ground=COMPUTED,
        )
        return
    each = ", ".join(
        f"{value:.2f} at {spread:g}" for value, spread in zip(shown, sorted(assumed.spreads), strict=True) if value
    )
    yield Statement(
        says=f"The smallest difference that a test out of {examples} labelled examples finds, by spread: {each}.",
        ground=COMPUTED,
    )


def _counted(says: str) -> Statement:
    return Statement(says=says, ground=COUNTED)


def _names(found: Sequence[Standing]) -> str:
    names = [standing.arm for standing in found]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def public(advice: Advice) -> dict[str, Any]:
    """The advice as plain values for `--json`."""
    return {
        "schema": 1,
        "answers": dict(advice.answers),
        "examples": advice.examples,
        "expected": [standing.arm for standing in leaders(advice.standings)],
        "second": [standing.arm for standing in runners_up(advice.standings)],
        "arms": {
            s.arm: {"total": s.total, "voices": dict(s.voices), "ruled_out_by": list(s.out)} for s in advice.standings
        },
        "arguments": [_argument(argument) for argument in advice.arguments],
        "overturned_by": [_plain(statement) for statement in advice.overturned_by],
        "measure": {
            "arms": list(advice.arms),
            "control": CONTROL,
            "settings": advice.settings,
            "commands": [step.command for step in advice.steps],
        },
        "label": {
            "margin": advice.assumed.margin,
            "examples_per_group": advice.assumed.size,
            "correlation": advice.assumed.correlation,
            "pairs": advice.assumed.pairs,
            "needed": [_needed(row) for row in advice.labels],
            "at_hand": [_plain(statement) for statement in advice.enough],
        },
        "claims": [_claim(claim) for claim in advice.claims],
    }


def _plain(statement: Statement) -> dict[str, str]:
    return {"says": statement.says, "ground": statement.ground}


def _argument(argument: Argument) -> dict[str, Any]:
    return {
        "question": argument.question,
        "answer": argument.answer,
        "for": list(argument.bearing.pro),
        "against": list(argument.bearing.con),
        "rules_out": list(argument.bearing.out),
        "says": argument.entry.says,
        "id": argument.entry.id,
        "ground": ground(argument),
    }


def _needed(row: Wanted) -> dict[str, float]:
    return {
        "spread": row.spread,
        "test_equivalence": row.equivalence,
        "test_difference": row.difference,
        "test_groups": row.groups,
        "label_examples": row.label,
        "label_groups": row.label_groups,
    }


def _claim(claim: Claim) -> dict[str, Any]:
    source = claim.source
    return {
        "id": claim.id,
        "says": claim.says,
        "figure": claim.figure,
        "setting": claim.setting,
        "source": {key: getattr(source, key) for key in ("title", "authors", "year", "venue", "link", "place")},
        "verified": {"where": claim.verified[0], "date": claim.verified[1]},
    }
