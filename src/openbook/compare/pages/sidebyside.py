"""The answers side by side: every question with all arms' answers, where the arms disagree most first.

Knows the report's JSON, nothing behind it, and no HTML. A passage that several answers saw is kept once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openbook.compare.pages.tables import figure
from openbook.core.types import document_label

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A retrieved passage: its anchor, its document's label, its headings and its text."""

    key: str
    label: str
    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One arm's answer.

    Attributes:
        verdict: `right`, `wrong` or a figure by the primary metric; empty where it was not marked.
        tone: good, part or bad; empty where it was not marked.
        marks: The other metrics, for a line of small print.
        failure: What failed, in place of a text.
        flags: `cut at the limit`, `abstained`: what is so of the answer and its class does not say.
        why: Class of a wrong answer; empty where it is not wrong.
    """

    arm: str
    text: str
    failure: str
    verdict: str
    tone: str
    marks: str
    flags: Sequence[str]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    """Arms that were shown the same passages; each passage with whether it is from a document that holds the answer."""

    arms: str
    passages: Sequence[tuple[Passage, bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A test question with its answers.

    Attributes:
        asked: Its place in the order of asking.
        goodness: Each arm's primary mark, turned so that 1 is best, in the order of the arms; None where there is none.
        whys: Each arm's class of wrong answer, in the same order; empty where it is not wrong.
        spread: Best minus worst of them.
    """

    row: Json
    asked: int
    replies: Sequence[Reply]
    looked_up: Sequence[LookUp]
    goodness: Sequence[float | None]
    whys: Sequence[str]

    @property
    def spread(self) -> float:
        known = [value for value in self.goodness if value is not None]
        return max(known) - min(known) if known else 0.0

    @property
    def mean(self) -> float:
        known = [value for value in self.goodness if value is not None]
        return sum(known) / len(known) if known else 0.0


def side_by_side(report: Json) -> tuple[list[Question], list[Passage]]:
    """All questions, the most disputed first and of those the worst answered first, and all passages once."""
    arms = [name for name, arm in report["arms"].items() if "scores" in arm]
    binary = _binary(report)
    shelf: dict[tuple[str, str, str], Passage] = {}
    questions = [
        Question(
            row=row,
            asked=place,
            replies=[_reply(report, arm, row["arms"][arm], binary) for arm in arms if arm in row["arms"]],
            looked_up=_looked_up(row, shelf),
            goodness=[_goodness(report, row["arms"].get(arm, {})) for arm in arms],
            whys=[row["arms"].get(arm, {}).get("why", "") for arm in arms],
        )
        for place, row in enumerate(report["answers"])
    ]
    return sorted(questions, key=lambda q: (-q.spread, q.mean)), list(shelf.values())


def _goodness(report: Json, answer: Json) -> float | None:
    value = answer.get("marks", {}).get(report["metric"])
    if value is None:
        return None
    primary = next(metric for metric in report["metrics"] if metric["primary"])
    return float(value if primary["higher_is_better"] else 1 - value)


def _reply(report: Json, arm: str, answer: Json, binary: set[str]) -> Reply:
    good = _goodness(report, answer)
    tone = "" if good is None else "good" if good >= 1 else "bad" if good <= 0 else "part"
    words = {"good": "right", "bad": "wrong"} if report["metric"] in binary else {}
    return Reply(
        arm=arm,
        text=answer.get("text", ""),
        failure=answer.get("failure", ""),
        verdict="" if good is None else words.get(tone, figure(answer["marks"][report["metric"]])),
        tone=tone,
        marks=_marks(report, answer, binary),
        flags=_flags(answer),
        why=answer.get("why", ""),
    )


def _flags(answer: Json) -> list[str]:
    told = {"cut": "cut at the limit", "abstained": "abstained"}
    said = {"cut": "cut", "wrongly_abstained": "abstained"}.get(answer.get("why", ""))
    return [words for flag, words in told.items() if answer.get(flag) and flag != said]


def _marks(report: Json, answer: Json, binary: set[str]) -> str:
    higher = {metric["name"]: metric["higher_is_better"] for metric in report["metrics"] if not metric["primary"]}
    marks = answer.get("marks", {})
    return " · ".join(
        f"{name} {_mark(marks[name], up, name in binary)}" for name, up in higher.items() if name in marks
    )


def _mark(value: float, higher_is_better: bool, binary: bool) -> str:
    if binary and value in (0.0, 1.0):
        return "✓" if bool(value) is higher_is_better else "✗"
    return figure(value)


def _binary(report: Json) -> set[str]:
    """Metrics whose every mark is 0 or 1, as far as single answers go (a mean over seeds may lie between)."""
    values: dict[str, set[float]] = {}
    for row in report["answers"]:
        for answer in row["arms"].values():
            for name, value in answer.get("marks", {}).items():
                values.setdefault(name, set()).add(value)
    seeds = max((len(arm.get("seeds", [0])) for arm in report["arms"].values()), default=1)
    steps = {round(k / seeds, 4) for k in range(seeds + 1)}
    return {name for name, found in values.items() if found <= steps}


def _looked_up(row: Json, shelf: dict[tuple[str, str, str], Passage]) -> list[LookUp]:
    wanted = {document_label(name) for name in row["documents"]}
    found: dict[tuple[Passage, ...], list[str]] = {}
    for arm, answer in row["arms"].items():
        seen = tuple(_kept(passage, shelf) for passage in answer.get("passages", ()))
        if seen:
            found.setdefault(seen, []).append(arm)
    return [
        LookUp(arms=", ".join(arms), passages=[(passage, passage.label in wanted) for passage in seen])
        for seen, arms in found.items()
    ]


def _kept(passage: Json, shelf: dict[tuple[str, str, str], Passage]) -> Passage:
    label, path, text = passage["label"], passage["path"], passage["text"]
    return shelf.setdefault((label, path, text), Passage(key=f"p{len(shelf) + 1}", label=label, path=path, text=text))
