"""A style as a weighted list of checks: form, length, what must stand in an answer and what must not, likeness.

An answer's mark is the share of the weights whose checks it passes. Knows nothing of where a project keeps its settings
or its texts.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from openbook.core.errors import ConfigError
from openbook.core.ids import digest
from openbook.core.types import Answer, Example
from openbook.score import likeness
from openbook.score.checks import compiled
from openbook.score.each import PerAnswer
from openbook.score.likeness import Likeness, Text
from openbook.score.parts import Part
from openbook.score.stats import Interval


class StyleCheck(Protocol):
    """One check. `label` says in a few words what it looks at, `signature` all that its outcome depends on."""

    label: str
    signature: str

    def passes(self, text: str) -> bool: ...


class Form:
    """The whole text, stripped, matches a regular expression (`.` crosses lines).

    Raises:
        ConfigError: Not a regular expression.
    """

    def __init__(self, kpi: str, pattern: str) -> None:
        self._pattern = compiled(kpi, pattern)
        self.label = f"pattern {pattern}"
        self.signature = f"pattern:{digest(pattern)}"

    def passes(self, text: str) -> bool:
        return self._pattern.fullmatch(text.strip()) is not None


class Length:
    """Words between spaces, both ends included."""

    def __init__(self, least: int, most: int) -> None:
        self._least, self._most = least, most
        self.label = f"{least} to {most} words"
        self.signature = f"words:{least}-{most}"

    def passes(self, text: str) -> bool:
        return self._least <= len(text.split()) <= self._most


class Wordings:
    """All of the wordings stand in the text, or with `forbidden` none does.

    Case and the kind of white space do not matter; a wording that begins or ends with a letter or digit is not found
    inside a longer word.
    """

    def __init__(self, wordings: Sequence[str], *, forbidden: bool) -> None:
        self._patterns = [_whole(wording) for wording in wordings]
        self._forbidden = forbidden
        self.label = f"{'no ' if forbidden else ''}{', '.join(repr(wording) for wording in wordings)}"
        self.signature = f"{'forbid' if forbidden else 'require'}:{digest(list(wordings))}"

    def passes(self, text: str) -> bool:
        found = [pattern.search(text) is not None for pattern in self._patterns]
        return not any(found) if self._forbidden else all(found)


def _whole(wording: str) -> re.Pattern[str]:
    parts = wording.split()
    inner = r"\s+".join(re.escape(part) for part in parts)
    before = r"(?<!\w)" if parts[0][0].isalnum() else ""
    after = r"(?!\w)" if parts[-1][-1].isalnum() else ""
    return re.compile(f"{before}{inner}{after}", re.IGNORECASE)


class Like:
    """The text is more like the house's own than like the others, by a classifier that is trained when first asked.

    Args:
        house: Texts in the house's style, with their groups: training references only.
        others: Texts in other styles.
        named: What the others are, for the report: `sentences of the documents`.

    Raises:
        ConfigError: Too few texts of a kind, or all of one kind in one group.
    """

    def __init__(self, kpi: str, house: Sequence[Text], others: Sequence[Text], *, named: str) -> None:
        for pile, what in ((house, "training references"), (others, named)):
            if len(pile) < likeness.FEWEST or len({one.group for one in pile}) < 2:
                raise ConfigError(
                    f"KPI {kpi!r}: `like` needs {likeness.FEWEST} texts of each kind, in at least 2 groups; there are"
                    f" {len(pile)} {what}. Label more examples, or leave the check out."
                )
        self._house, self._others = house, others
        self.named = named
        self.label = f"like the house, not like {named}"
        texts = [[[one.text, one.group] for one in pile] for pile in (house, others)]
        self.signature = f"like:{digest(texts)},log-odds of 2- to 4-grams and words"

    @cached_property
    def _made(self) -> Likeness:
        return likeness.train([one.text for one in self._house], [one.text for one in self._others])

    @cached_property
    def accuracy(self) -> Interval:
        """Cross-validated over groups."""
        return likeness.accuracy(self._house, self._others)

    def passes(self, text: str) -> bool:
        return bool(text.strip()) and self._made.like(text)

    def remark(self) -> str:
        """The accuracy as a sentence, with a warning where the check cannot tell the styles apart."""
        found = self.accuracy
        figures = f"{found.mean:.2f} [{found.low:.2f}, {found.high:.2f}], n = {found.n} in {found.groups} groups"
        if found.mean < likeness.TELLS_APART:
            return (
                f"Its check `like` cannot tell the house's references from {self.named} (cross-validated accuracy"
                f" {figures}): its marks say little. Give it other texts with `against`, or leave it out."
            )
        return (
            f"Its check `like` tells the house's references from {self.named} with cross-validated accuracy {figures}."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighted:
    """A check and what it counts for."""

    check: StyleCheck
    weight: float


class Style(PerAnswer):
    """Share of the weights of the checks that an answer passes, in [0, 1]."""

    def __init__(self, *, name: str, checks: Sequence[Weighted]) -> None:
        self.name = name
        self._checks = list(checks)
        self._total = sum(one.weight for one in checks)
        weights = ";".join(f"{one.weight:g}*{one.check.signature}" for one in checks)
        self.signature = f"style|share of weights passed|{weights}|v:1"

    def mark(self, example: Example, answer: Answer) -> float:
        passed = sum(one.weight for one in self._checks if one.check.passes(answer.text))
        return min(1.0, passed / self._total)

    def parts(self, examples: Sequence[Example], answers: Sequence[Answer]) -> list[Part]:
        """The share of the answers that pass each check."""
        if not answers:
            return []
        return [
            Part(
                name=one.check.label,
                n=len(answers),
                figures={
                    "share": sum(one.check.passes(answer.text) for answer in answers) / len(answers),
                    "weight": one.weight,
                },
            )
            for one in self._checks
        ]

    def remarks(self) -> tuple[str, ...]:
        """How well its classifiers tell styles apart."""
        return tuple(one.check.remark() for one in self._checks if isinstance(one.check, Like))
