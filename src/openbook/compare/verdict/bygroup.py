"""The other estimand: every group counts alike, whatever its number of questions. Shown beside, and never decides.

The verdict is on the mean over questions. Where large groups and small ones favour different arms, the mean over groups
says something else, and whoever reads the verdict must know.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from openbook.score.stats import Adjust, Contrast, Verdict, classify, contrast

Row = Sequence[float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ByGroup:
    """The pair with every group's mean counted once."""

    difference: float
    low: float
    high: float
    p_adjusted: float
    verdict: str


def grouped(
    a: Row, b: Row, groups: Sequence[Hashable], *, margin: float, level: float, alpha: float, higher_is_better: bool
) -> Contrast | None:
    """The contrast of group means; a group's failures are left out of its mean, and it fails where nothing else is there.

    None where every group has one question: it would be the same contrast again.
    """
    names = sorted(set(groups), key=str)
    if len(names) == len(groups):
        return None
    first, second = (_means(row, groups, names) for row in (a, b))
    if not any(None not in pair for pair in zip(first, second, strict=True)):
        return None
    return contrast(first, second, names, margin=margin, level=level, alpha=alpha, higher_is_better=higher_is_better)


def by_group(contrasts: Sequence[Contrast | None], *, alpha: float, adjust: Adjust) -> list[ByGroup | None]:
    """Of one family, in order."""
    verdicts = iter(classify([made for made in contrasts if made is not None], alpha=alpha, adjust=adjust))
    return [None if made is None else _row(made, next(verdicts)) for made in contrasts]


def _row(made: Contrast, verdict: Verdict) -> ByGroup:
    return ByGroup(
        difference=made.difference,
        low=made.low,
        high=made.high,
        p_adjusted=verdict.p_adjusted,
        verdict=verdict.kind,
    )


def _means(row: Row, groups: Sequence[Hashable], names: Sequence[Hashable]) -> list[float | None]:
    scored: dict[Hashable, list[float]] = {name: [] for name in names}
    for value, name in zip(row, groups, strict=True):
        if value is not None:
            scored[name].append(value)
    return [sum(values) / len(values) if values else None for values in scored.values()]
