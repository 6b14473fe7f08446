"""An LLM judge: one question with yes or no about one answer, by a criterion in plain words. Knows no model.

Whoever has a generator asks what `questions` returns and hands the replies to `Judge`, which marks by them alone: runs
are re-scored without asking again. Every second repeat names the two options in the other order, since models prefer
one place. A reply that is neither yes nor no (a refusal, a lecture) is unreadable: counted, and never a no.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from openbook.core.ids import digest
from openbook.core.types import Answer, Example, Failure, Message, Request
from openbook.score.each import PerAnswer
from openbook.score.grounding import TRUSTED, agreement_sentence
from openbook.score.labels import given_label
from openbook.score.parts import Part
from openbook.score.stats import Agreement, kappa

NAME = "judge"
VERSION = 1
MOST_TOKENS = 8
_OPTIONS = frozenset({"yes", "no"})

Replies = Mapping[str, str | Failure]
"""Key of a question to the judge → what it said, or why it said nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What is judged by, and how often.

    Attributes:
        criteria: A sentence that an answer fulfils or does not.
        repeats: Times that each answer is judged.
        fingerprint: Of the model that judges.
    """

    criteria: str
    repeats: int = 2
    temperature: float = 0.0
    fingerprint: str = ""

    @property
    def id(self) -> str:
        """Of all that a judgement depends on but the answer."""
        return digest([VERSION, self.criteria, self.temperature, MOST_TOKENS, self.fingerprint])

    def questions(self, example: Example, text: str) -> list[tuple[str, Request]]:
        """(key, request) of each repeat."""
        asked = [self._request(example, text, repeat) for repeat in range(self.repeats)]
        return [(digest([one.hash, one.seed]), one) for one in asked]

    def _request(self, example: Example, text: str, repeat: int) -> Request:
        options = "yes or no" if repeat % 2 == 0 else "no or yes"
        parts = [f"Criterion: {self.criteria}", block("question", example.input)]
        parts += [block("reference", example.reference)] if example.references else []
        parts += [block("answer", text), f"Does the answer meet the criterion? Reply with one word: {options}."]
        system = f"You judge answers by one criterion and by nothing else. Reply with one word: {options}."
        return Request(
            messages=(Message(role="system", content=system), Message(role="user", content="\n\n".join(parts))),
            query=example.input,
            max_tokens=MOST_TOKENS,
            temperature=self.temperature,
            seed=repeat,
        )


def block(name: str, text: str) -> str:
    """A text as data: it cannot close the block that it stands in."""
    return f"<{name}>\n{text.replace(f'</{name}', f'< /{name}')}\n</{name}>"


def vote(reply: str) -> float | None:
    """1 for yes, 0 for no, None for a reply that is neither."""
    said = given_label(reply, _OPTIONS)
    return None if said is None else float(said == "yes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """An answer that a person judged."""

    example: Example
    text: str
    met: bool


class Judge(PerAnswer):
    """Share of the judge's repeats that say yes, in [0, 1]; a failure where fewer than half of them are readable.

    Args:
        bench: What is judged by.
        replies: What the judge has said so far.
        labelled: Answers that people judged, for the agreement.
    """

    name = NAME

    def __init__(self, bench: Bench, replies: Replies, labelled: Sequence[Labelled] = ()) -> None:
        self._bench = bench
        self._replies = replies
        self._labelled = labelled
        said = {key: reply if isinstance(reply, str) else reply.message for key, reply in replies.items()}
        people = [[one.example.input, one.text, one.met] for one in labelled]
        self.signature = (
            f"judge|yes or no, every second repeat in the other order|repeats:{bench.repeats}|by:{bench.id}"
            f"|said:{digest(said)}|labels:{digest(people)}|v:{VERSION}"
        )

    def mark(self, example: Example, answer: Answer) -> float | Failure:
        return self._share(example, answer.text)

    def _share(self, example: Example, text: str) -> float | Failure:
        votes = [found for found in self._votes(example, text) if found is not None]
        if votes and 2 * len(votes) >= self._bench.repeats:
            return sum(votes) / len(votes)
        return _failure([self._replies.get(key) for key, _ in self._bench.questions(example, text)], example)

    def _votes(self, example: Example, text: str) -> list[float | None]:
        """One for each repeat; None for a reply that is missing, failed or neither yes nor no."""
        replies = [self._replies.get(key) for key, _ in self._bench.questions(example, text)]
        return [vote(reply) if isinstance(reply, str) else None for reply in replies]

    def parts(self, examples: Sequence[Example], answers: Sequence[Answer]) -> list[Part]:
        """Share of yes where the options stand in either order (a judge that likes one place shows), and of agreement."""
        rows = [self._votes(example, answer.text) for example, answer in zip(examples, answers, strict=True)]
        orders = {
            "yes, asked “yes or no”": [vote for row in rows for vote in row[::2] if vote is not None],
            "yes, asked “no or yes”": [vote for row in rows for vote in row[1::2] if vote is not None],
            "all repeats alike": [float(len({*row}) == 1) for row in rows if len(row) > 1 and None not in row],
        }
        return [
            Part(name=name, n=len(votes), figures={"share": sum(votes) / len(votes)})
            for name, votes in orders.items()
            if votes
        ]

    def agreement(self) -> Agreement | None:
        """Kappa of the judge's majority with people; a tie is a no. None where it cannot be told."""
        shares = [(self._share(one.example, one.text), one) for one in self._labelled]
        judged = [(share > 0.5, one) for share, one in shares if isinstance(share, float)]
        groups = [one.example.group or one.example.input for _, one in judged]
        if len({*groups}) < 2 or len({label for said, one in judged for label in (said, one.met)}) < 2:
            return None
        return kappa([said for said, _ in judged], [one.met for _, one in judged], groups)

    def remarks(self) -> tuple[str, ...]:
        """Agreement with people, and how many replies were unreadable."""
        return (self._trust(), self._care())

    def trusted(self) -> bool:
        """Whether it may decide: the interval of its agreement with people lies above `TRUSTED`."""
        found = self.agreement()
        return found is not None and found.low >= TRUSTED

    def _trust(self) -> str:
        lost = sum(isinstance(self._share(one.example, one.text), Failure) for one in self._labelled)
        return trust(self.agreement(), labelled=len(self._labelled), lost=lost, what="answers", setting="labels")

    def _care(self) -> str:
        said = [reply for reply in self._replies.values() if isinstance(reply, str)]
        unreadable, failed = sum(vote(reply) is None for reply in said), len(self._replies) - len(said)
        return f"Of {len(self._replies)} judgements so far {unreadable} were refusals or neither yes nor no, and {failed} failed."


def trust(found: Agreement | None, *, labelled: int, lost: int, what: str, setting: str) -> str:
    """How far a judge agrees with people, as a sentence.

    Args:
        found: None where it cannot be told.
        labelled: What people judged, `lost` of it not judged readably.
        setting: Key of `[judge]` that names it.
    """
    if not labelled:
        return f"Unvalidated: nobody's labels were given ([judge] {setting})."
    if found is None:
        return f"Unvalidated: {labelled} labelled {what} are too few, or too alike, to tell agreement."
    unread = f" {lost} labelled {what} were not judged readably and are left out." if lost else ""
    told = agreement_sentence(found, "the labelled sample")
    return told.replace("Validated elsewhere, not on your documents", "Validated") + unread


def _failure(replies: Sequence[str | Failure | None], example: Example) -> Failure:
    broken = next((reply for reply in replies if isinstance(reply, Failure)), None)
    if broken is not None:
        return broken
    said = next((reply for reply in replies if isinstance(reply, str)), None)
    if said is None:
        return Failure(
            stage="judge",
            error="NotJudged",
            message=f"The answer to {example.id!r} was not judged yet.",
            transient=True,
        )
    message = f"The judge said neither yes nor no of the answer to {example.id!r}, but {said[:80]!r}."
    return Failure(stage="judge", error="Unreadable", message=message)
