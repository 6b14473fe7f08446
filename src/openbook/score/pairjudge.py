"""An LLM judge of two answers to one question, each shown in both places. Knows no model and no arm.

Models prefer a place, so that one showing says nothing: an answer is better only where the judge says so in both orders.
Where the two orders contradict each other, or one of them says so, it is a tie. A reply that names neither an answer nor a
tie is unreadable: counted, and never a tie. As in `judge`, rulings are made of replies alone.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from openbook.core.ids import digest
from openbook.core.types import Example, Failure, Message, Request
from openbook.score.grounding import TRUSTED
from openbook.score.judge import Replies, block, trust
from openbook.score.labels import given_label
from openbook.score.stats import Agreement, Interval, kappa, mean_interval

VERSION = 1
MOST_TOKENS = 8

Side = Literal["a", "b", "tie"]
ORDERS: tuple[tuple[Literal["a", "b"], Literal["a", "b"]], ...] = (("a", "b"), ("b", "a"))
"""Which answer stands first and which second."""
_OPTIONS = frozenset({"first", "second", "tie"})
_ASKED = "Reply with one word: first, second or tie."


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What became of one question.

    Attributes:
        side: The better answer, or a tie.
        contradicted: Both orders choose, and both the same place: a tie that the order made.
        alike: The two answers are the same text, and nobody was asked.
    """

    side: Side
    contradicted: bool = False
    alike: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One question with two answers to it; `label` is what a person said, where one did."""

    example: Example
    a: str
    b: str
    label: Side | None = None

    @property
    def group(self) -> str:
        return self.example.group or self.example.input


@dataclass(frozen=True, slots=True, kw_only=True)
class PairBench:
    """What is judged by, and how often.

    Attributes:
        criteria: A sentence that one of two answers fulfils better, or neither.
        repeats: Showings of each pair: every second one in the other order.
        fingerprint: Of the model that judges.
    """

    criteria: str
    repeats: int = 2
    temperature: float = 0.0
    fingerprint: str = ""

    @property
    def id(self) -> str:
        """Of all that a ruling depends on but the two answers."""
        return digest(["pairs", VERSION, self.criteria, self.temperature, MOST_TOKENS, self.fingerprint])

    def questions(self, case: Case) -> list[tuple[str, Request]]:
        """(key, request) of each showing; none where both answers are the same text."""
        if case.a.strip() == case.b.strip():
            return []
        asked = [self._request(case, showing) for showing in range(self.repeats)]
        return [(digest([one.hash, one.seed]), one) for one in asked]

    def _request(self, case: Case, showing: int) -> Request:
        first, second = (getattr(case, side) for side in ORDERS[showing % 2])
        parts = [f"Criterion: {self.criteria}", block("question", case.example.input)]
        parts += [block("reference", case.example.reference)] if case.example.references else []
        parts += [block("first", first), block("second", second)]
        parts += [f"Which of the two answers meets the criterion better? {_ASKED}"]
        system = f"You judge two answers to one question by one criterion and by nothing else. {_ASKED}"
        return Request(
            messages=(Message(role="system", content=system), Message(role="user", content="\n\n".join(parts))),
            query=case.example.input,
            max_tokens=MOST_TOKENS,
            temperature=self.temperature,
            # Of the order alone, so that b against a asks what a against b has asked.
            seed=showing // 2,
        )


def place(reply: str) -> str | None:
    """`first`, `second` or `tie`; None for a reply that names none of them."""
    return given_label(reply, _OPTIONS)


class PairJudge:
    """Rulings on pairs of answers, and what the judge's own habits are.

    Args:
        bench: What is judged by.
        replies: What the judge has said so far.
        labelled: Pairs that people judged, for the agreement.
    """

    def __init__(self, bench: PairBench, replies: Replies, labelled: Sequence[Case] = ()) -> None:
        self._bench = bench
        self._replies = replies
        self.labelled = labelled

    def ruling(self, case: Case) -> Ruling | Failure:
        """The better answer; a failure where in either order fewer than half of the showings are readable."""
        if not self._bench.questions(case):
            return Ruling(side="tie", alike=True)
        sides = [self._order(case, order) for order in range(len(ORDERS))]
        if None in sides:
            return _failure(case, [self._replies.get(key) for key, _ in self._bench.questions(case)])
        first, second = sides
        if first == second and first is not None:
            return Ruling(side=first)
        return Ruling(side="tie", contradicted="tie" not in sides)

    def _order(self, case: Case, order: int) -> Side | None:
        """What most of the showings in one order say; a tie where two sides are named equally often."""
        named = self._places(case)[order :: len(ORDERS)]
        readable = [one for one in named if one is not None]
        if not readable or 2 * len(readable) < len(named):
            return None
        (most, times), *rest = Counter(readable).most_common()
        return "tie" if rest and rest[0][1] == times else _side(most, order)

    def _places(self, case: Case) -> list[str | None]:
        """One for each showing; None for a reply that is missing, failed or unreadable."""
        replies = [self._replies.get(key) for key, _ in self._bench.questions(case)]
        return [place(reply) if isinstance(reply, str) else None for reply in replies]

    def first_place(self, cases: Sequence[Case], groups: Sequence[str], level: float) -> Interval | None:
        """Share of the choices that name the first place; without an effect of the order it is one half.

        Each answer stands in each place, so what the answers are worth cancels out.
        """
        found = []
        for case, group in zip(cases, groups, strict=True):
            chosen = [one == "first" for one in self._places(case) if one in ("first", "second")]
            found += [(sum(chosen) / len(chosen), group)] if chosen else []
        return mean_interval([share for share, _ in found], [group for _, group in found], level) if found else None

    def steady(self, cases: Sequence[Case]) -> tuple[int, int]:
        """(alike, all) of the orders that were shown more than once: how many got the same reply each time."""
        orders = [self._places(case)[order :: len(ORDERS)] for case in cases for order in range(len(ORDERS))]
        repeated = [named for named in orders if len(named) > 1 and None not in named]
        return sum(len({*named}) == 1 for named in repeated), len(repeated)

    def unreadable(self, cases: Sequence[Case]) -> tuple[int, int, int]:
        """(replies, neither an answer nor a tie, failed) over the showings of these pairs."""
        keys = dict.fromkeys(key for case in cases for key, _ in self._bench.questions(case))
        replies = [self._replies[key] for key in keys if key in self._replies]
        said = [reply for reply in replies if isinstance(reply, str)]
        return len(replies), sum(place(reply) is None for reply in said), len(replies) - len(said)

    def agreement(self) -> Agreement | None:
        """Kappa of its rulings with people's, over a, b and tie; None where it cannot be told."""
        ruled = [(found.side, one) for one in self.labelled if isinstance(found := self.ruling(one), Ruling)]
        labels = {side for said, one in ruled for side in (said, one.label)}
        if len(labels) < 2 or len({one.group for _, one in ruled}) < 2:
            return None
        return kappa([said for said, _ in ruled], [one.label for _, one in ruled], [one.group for _, one in ruled])

    def trusted(self) -> bool:
        """Whether the interval of its agreement with people lies above `TRUSTED`."""
        found = self.agreement()
        return found is not None and found.low >= TRUSTED

    def trust(self) -> str:
        """How far it agrees with people, as a sentence."""
        lost = sum(isinstance(self.ruling(one), Failure) for one in self.labelled)
        return trust(self.agreement(), labelled=len(self.labelled), lost=lost, what="pairs", setting="pair_labels")


def _side(named: str, order: int) -> Side:
    if named == "tie":
        return "tie"
    return ORDERS[order][0 if named == "first" else 1]


def _failure(case: Case, replies: Sequence[str | Failure | None]) -> Failure:
    asked = case.example.id
    broken = next((reply for reply in replies if isinstance(reply, Failure)), None)
    if broken is not None:
        return broken
    if None in replies:
        message = f"The two answers to {asked!r} were not judged yet."
        return Failure(stage="judge", error="NotJudged", message=message, transient=True)
    unread = next((reply for reply in replies if isinstance(reply, str) and place(reply) is None), "")
    message = f"The judge named neither an answer to {asked!r} nor a tie, but said {unread[:80]!r}."
    return Failure(stage="judge", error="Unreadable", message=message)
