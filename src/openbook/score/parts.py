"""What a metric's figure is made of: a class, a field, a single check of a style. Knows no metric."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from openbook.core.types import Answer, Example


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part.

    Attributes:
        n: Answers, or for a class or a field how many wanted it.
        figures: `precision`, `recall`, `f1`, `share`, `weight`; None where there was nothing to divide by.
    """

    name: str
    n: int
    figures: Mapping[str, float | None]


@runtime_checkable
class Parted(Protocol):
    """A metric that can show its parts."""

    def parts(self, examples: Sequence[Example], answers: Sequence[Answer]) -> list[Part]: ...


@runtime_checkable
class Remarked(Protocol):
    """A metric that has something to say of how far its figures can be trusted: whole sentences."""

    def remarks(self) -> tuple[str, ...]: ...
