"""The likeliest of some given answers, exactly: each is weighed whole, with its end, and few of them have to be read.

The log-probability of an answer is the sum over its tokens and its end-of-sequence token, so that answers of any length,
and one that is the beginning of another, are different events of one distribution: no correction for length. It can
only fall along an answer, so what is known of a beginning bounds every answer that goes on from there; the most promising
one is read next, until none can overtake the best. Knows token ids; nothing of text or of what the answers are.
"""

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch

from openbook.generate.decode import Engine, Line

END = -1
"""Stands for the end of an answer: any of the tokens that end one."""

TOGETHER = 8
"""Answers that are read together at least, where fewer lines than that are open."""

Ids = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The answers there are to choose from.

    Attributes:
        answers: Token ids of each, ending in `END`.
        next: Beginning → the tokens that go on from it in some answer.
    """

    answers: tuple[Ids, ...]
    next: Mapping[Ids, tuple[int, ...]]

    @property
    def longest(self) -> int:
        """Tokens of the longest answer, its end included."""
        return max(map(len, self.answers))


def options(answers: Sequence[Sequence[int]]) -> Options:
    """Options from the token ids of answers without their ends."""
    whole = tuple((*answer, END) for answer in answers)
    found: dict[Ids, dict[int, None]] = defaultdict(dict)
    for answer in whole:
        for place, token in enumerate(answer):
            found[answer[:place]][token] = None
    return Options(answers=whole, next={start: tuple(tokens) for start, tokens in found.items()})


@dataclass(slots=True, kw_only=True, eq=False)
class _Choice:
    """What is known of one line's options so far: beginning → next token → its log-probability."""

    place: int
    line: Line
    options: Options
    known: dict[Ids, dict[int, float]] = field(default_factory=dict)

    def bound(self, answer: Ids) -> tuple[float, bool]:
        """The most that an answer's log-probability can be, and whether it is that."""
        total = 0.0
        for place, token in enumerate(answer):
            after = self.known.get(answer[:place])
            if after is None:
                return total, False
            total += after[token]
        return total, True

    def promising(self, most: int) -> list[int]:
        """The answers to read next, most promising first; none when the best is known. Of equals the first counts."""
        bounds = [self.bound(answer) for answer in self.options.answers]
        order = sorted(range(len(bounds)), key=lambda number: (-bounds[number][0], number))
        if bounds[order[0]][1]:
            self.line.chosen, self.line.log_probability = order[0], bounds[order[0]][0]
            return []
        return [number for number in order if not bounds[number][1]][:most]

    def learn(self, start: Ids, logits: torch.Tensor, ends: Sequence[int]) -> None:
        """Take the next-token logits after a beginning."""
        tokens = self.options.next[start]
        logs = torch.log_softmax(logits, dim=-1)
        end = float(torch.logsumexp(logs[list(ends)], dim=-1)) if END in tokens else 0.0
        read = logs[[max(token, 0) for token in tokens]].tolist()
        self.known[start] = {token: end if token == END else value for token, value in zip(tokens, read, strict=True)}


def choose(engine: Engine, lines: Sequence[Line], given: Options, *, ends: frozenset[int]) -> Iterator[list[Line]]:
    """Choose an answer for each line, yielding after each step the lines that took part; `decode`'s counterpart.

    A line that is settled has `chosen` and `ended` set and the answer's tokens as `written`.

    Args:
        ends: Token ids that end an answer.
    """
    ending = sorted(ends)
    started = time.perf_counter()
    logits = engine.start(lines)
    undecided = [_Choice(place=place, line=line, options=given) for place, line in enumerate(lines)]
    for one in undecided:
        one.learn((), logits[one.place], ending)
    while undecided:
        share = max(len(lines), TOGETHER) // len(undecided)
        asked = [(one, number) for one in undecided for number in one.promising(share)]
        if asked:
            _read(engine, asked, ending)
        spent = time.perf_counter() - started
        for one in undecided:
            _settle(one, spent, len(undecided))
        yield [one.line for one in undecided]
        started = time.perf_counter()
        undecided = [one for one in undecided if not (one.line.done or one.line.ended)]


def _read(engine: Engine, asked: Sequence[tuple[_Choice, int]], ends: Sequence[int]) -> None:
    """Read answers whole; what is known of their beginnings already is not taken twice."""
    answers = [one.options.answers[number][:-1] for one, number in asked]
    logits = engine.after([one.place for one, _ in asked], answers)
    for (one, _), answer, row in zip(asked, answers, logits, strict=True):
        for place in range(len(answer)):
            if answer[: place + 1] not in one.known:
                one.learn(answer[: place + 1], row[place], ends)


def _settle(one: _Choice, spent: float, sharing: int) -> None:
    line = one.line
    line.seconds += spent / sharing
    line.elapsed += spent
    if line.chosen is not None:
        line.written = list(one.options.answers[line.chosen][:-1])
        line.ended = True
