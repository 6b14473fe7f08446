"""From answers to an order of the arms, by counting and nothing else.

1. Every claim and rule that bears on an answer is an argument.
2. Each question has one voice for each arm, however many papers speak: for it, against it, or both ways, which counts
   nothing.
3. Arms are sorted by voices for minus voices against; equal ones simplest first.
4. Arms within one voice of the first are a tie: one question is no evidence of how much it matters.
5. Arms that an answer rules out come last, with the reason.

Knows nothing of papers, of printing, or of how many examples decide.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from openbook.advise.claims import ARMS, Bearing, Claim, Rule, claims, rules
from openbook.advise.interview import Answers, arising, checked
from openbook.core.errors import UsageError

TIE = 1
"""Voices that do not tell two arms apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """What one entry says of one given answer."""

    question: str
    answer: str
    entry: Claim | Rule
    bearing: Bearing


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An arm's voices.

    Attributes:
        voices: Question → 1 for, −1 against, 0 both ways; questions that say nothing of the arm are left out.
        out: Ids of the entries that rule it out.
    """

    arm: str
    voices: Mapping[str, int]
    out: tuple[str, ...]

    @property
    def total(self) -> int:
        return sum(self.voices.values())


def arguments(answers: Answers) -> tuple[Argument, ...]:
    """What is known of these answers, in the order of the interview, claims before rules of thumb."""
    entries: tuple[Claim | Rule, ...] = (*claims(), *rules())
    return tuple(
        Argument(question=question, answer=answer, entry=entry, bearing=bearing)
        for question, answer in answers.items()
        for entry in entries
        for bearing in entry.bears
        if bearing.on == question and answer in bearing.answers
    )


def standings(answers: Answers) -> tuple[Standing, ...]:
    """All five arms, best first; what is ruled out last."""
    found = arguments(answers)
    made = [_standing(arm, found) for arm in ARMS]
    return tuple(sorted(made, key=lambda s: (bool(s.out), -s.total, ARMS.index(s.arm))))


def _standing(arm: str, found: Sequence[Argument]) -> Standing:
    voices: dict[str, int] = {}
    for question in dict.fromkeys(argument.question for argument in found):
        bearings = [argument.bearing for argument in found if argument.question == question]
        pro, con = (
            any(arm in side for side in sides) for sides in zip(*((b.pro, b.con) for b in bearings), strict=True)
        )
        if pro or con:
            voices[question] = int(pro) - int(con)
    out = tuple(argument.entry.id for argument in found if arm in argument.bearing.out)
    return Standing(arm=arm, voices=voices, out=out)


def leaders(ordered: Sequence[Standing]) -> tuple[Standing, ...]:
    """The first arm and those that a single question sets apart from it."""
    return tuple(s for s in ordered if not s.out and s.total >= ordered[0].total - TIE)


def runners_up(ordered: Sequence[Standing]) -> tuple[Standing, ...]:
    """The arms next to the leaders, equal to each other."""
    rest = [s for s in ordered if not s.out and s not in leaders(ordered)]
    return tuple(s for s in rest if s.total == rest[0].total)


def overturns(answers: Answers) -> Iterator[tuple[str, str, str]]:
    """(question, other answer, arm that would come first then), for each answer that alone would change the first."""
    first = standings(answers)[0].arm
    for question in arising(answers):
        for other in question.options:
            if other == answers[question.key]:
                continue
            changed = {**answers, question.key: other}
            changed = {q.key: changed[q.key] for q in arising(changed) if q.key in changed}
            if _fits(changed) and standings(changed)[0].arm != first:
                yield question.key, other, standings(changed)[0].arm


def _fits(answers: Answers) -> bool:
    """Whether nobody would have to take an answer back; a question that only now arises stays open."""
    open_questions = {q.key: next(iter(q.options)) for q in arising(answers) if q.key not in answers}
    try:
        checked({**answers, **open_questions})
    except UsageError:
        return False
    return True
