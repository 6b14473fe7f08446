"""What a comparison of two arms allows to be said: better, worse, equivalent, or undecided and why.

A failure is bounded: it is put at its worst for one end and at its best for the other, and a verdict must hold at both.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from openbook.score.stats.clusters import Floats
from openbook.score.stats.family import holm
from openbook.score.stats.intervals import Bounds
from openbook.score.stats.jointflip import Sums, max_t
from openbook.score.stats.paired import paired_interval, tost
from openbook.score.stats.signflip import FEWEST_GROUPS, SignFlip, named_sums, sign_flip

Adjust = Literal["holm", "max-t"]
Kind = Literal["better", "worse", "equivalent", "undecided"]


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The comparison with all failures put at one end; `sums` is group → sum of its differences."""

    mean: float
    flips: SignFlip
    equivalent: bool
    sums: Sums = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """Arm a against arm b on the same examples.

    Attributes:
        difference: Mean of a − b (of b − a where lower is better, so that positive is always better), over the examples
            that both arms have a score for.
        low: Of the interval with every failure at its worst for a.
        high: Of the interval with every failure at its best for a.
        n: Examples, the failed ones included.
        failures: Examples without a score in one of the arms.
        p: Two-sided, the larger of both ends; 1.0 where the ends point to opposite sides.
        smallest: The smallest p that was possible.
        scored: The comparison over the examples that both arms have a score for.
    """

    difference: float
    low: float
    high: float
    level: float
    margin: float
    n: int
    groups: int
    failures: int
    p: float
    smallest: float
    enumerated: bool
    scored: End
    ends: tuple[End, End]

    @property
    def decidable(self) -> bool:
        return self.ends[0].flips.decidable

    @property
    def equivalent(self) -> bool:
        return all(end.equivalent for end in self.ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What may be said of a contrast.

    Attributes:
        kind: `equivalent` comes before `better` and `worse`: a significant gain inside the margin is too small to matter.
        significant: Whether the adjusted p is at most alpha, whatever the kind.
        reason: Why it is undecided, as a sentence; empty otherwise.
    """

    kind: Kind
    p_adjusted: float
    significant: bool
    reason: str = ""


def contrast(
    a: Sequence[float | None],
    b: Sequence[float | None],
    groups: Sequence[Hashable],
    *,
    margin: float,
    level: float = 0.95,
    alpha: float = 0.05,
    higher_is_better: bool = True,
    bounds: Bounds = (0.0, 1.0),
    seed: int = 0,
    draws: int = 20_000,
) -> Contrast:
    """Compare two arms' scores of the same examples.

    Args:
        a: One score an example, None for a failure; examples that the metric does not judge are left out beforehand.
        margin: Smallest difference that matters, in the metric's units.
        alpha: Of the equivalence test.
        bounds: Least and greatest score there can be.

    Raises:
        ValueError: No example with a score in both arms.
    """
    sign = 1.0 if higher_is_better else -1.0
    worst, best = _imputed(a, b, sign, bounds)
    both = [i for i, pair in enumerate(zip(a, b, strict=True)) if None not in pair]
    width = bounds[1] - bounds[0]

    def end(differences: Floats, members: Sequence[Hashable]) -> End:
        equivalence = tost(differences, members, margin, alpha=alpha, bounds=(-width, width))
        flips = sign_flip(differences, members, seed=seed, draws=draws)
        return End(
            mean=equivalence.interval.mean,
            flips=flips,
            equivalent=equivalence.equivalent,
            sums=named_sums(differences, members),
        )

    scored = end(worst[both], [groups[i] for i in both])
    low_end, high_end = (scored, scored) if len(both) == len(a) else (end(worst, groups), end(best, groups))
    low = paired_interval(worst, groups, level, bounds=(-width, width))
    high = paired_interval(best, groups, level, bounds=(-width, width))
    flips = max(low_end.flips, high_end.flips, key=lambda flip: flip.p)
    return Contrast(
        difference=scored.mean,
        low=low.low,
        high=high.high,
        level=level,
        margin=margin,
        n=len(a),
        groups=low.groups,
        failures=len(a) - len(both),
        p=flips.p if low_end.mean * high_end.mean > 0 or low_end is high_end else 1.0,
        smallest=flips.smallest,
        enumerated=flips.enumerated,
        scored=scored,
        ends=(low_end, high_end),
    )


def _imputed(
    a: Sequence[float | None], b: Sequence[float | None], sign: float, bounds: Bounds
) -> tuple[Floats, Floats]:
    """Signed differences with every failure at its worst, and at its best, for arm a."""
    least, most = bounds if sign > 0 else bounds[::-1]
    first = [np.array([end if value is None else value for value in a]) for end in (least, most)]
    second = [np.array([end if value is None else value for value in b]) for end in (most, least)]
    return sign * (first[0] - second[0]), sign * (first[1] - second[1])


def classify(
    contrasts: Sequence[Contrast],
    *,
    alpha: float = 0.05,
    adjust: Adjust = "holm",
    seed: int = 0,
    draws: int = 20_000,
) -> list[Verdict]:
    """Verdicts of one family of contrasts, in order.

    Args:
        adjust: `holm` adjusts each p-value by how many there are; `max-t` flips whole groups jointly in all contrasts
            (see `jointflip.max_t`), which is sharper where they hang together.
        seed: Of the draws of `max-t`.
    """
    adjusted = adjusted_p(contrasts, adjust, seed=seed, draws=draws)
    unfailed = holm([item.scored.flips.p for item in contrasts])
    return [
        _verdict(item, p, alpha, family=len(contrasts), without_failures=q)
        for item, p, q in zip(contrasts, adjusted, unfailed, strict=True)
    ]


def adjusted_p(contrasts: Sequence[Contrast], adjust: Adjust, *, seed: int = 0, draws: int = 20_000) -> list[float]:
    """p-values adjusted for the family; with failures the larger of both ends, 1.0 where the ends point apart."""
    if adjust == "holm":
        return holm([item.p for item in contrasts])
    low, high = (max_t([item.ends[end].sums for item in contrasts], seed=seed, draws=draws) for end in (0, 1))
    return [
        max(first, second) if item.ends[0] is item.ends[1] or item.ends[0].mean * item.ends[1].mean > 0 else 1.0
        for item, first, second in zip(contrasts, low, high, strict=True)
    ]


def _verdict(item: Contrast, p: float, alpha: float, *, family: int, without_failures: float) -> Verdict:
    significant = item.decidable and p <= alpha
    if item.decidable and item.equivalent:
        return Verdict(kind="equivalent", p_adjusted=p, significant=significant)
    if significant:
        return Verdict(kind="better" if item.ends[0].mean > 0 else "worse", p_adjusted=p, significant=True)
    reason = _why(item, failures_decide=without_failures <= alpha or item.scored.equivalent)
    if not reason:
        alone = f"a difference by itself (p {short(item.p)}), but not as one of {family} pairs (p {short(p)})"
        reason = alone if item.p <= alpha else _open(item)
    return Verdict(kind="undecided", p_adjusted=p, significant=False, reason=reason)


def _why(item: Contrast, *, failures_decide: bool) -> str:
    """What stands in the way of a verdict, other than the scores themselves; empty where nothing does."""
    if not item.decidable:
        groups = "1 group" if item.groups == 1 else f"{item.groups} groups"
        return (
            f"cannot decide: {groups} (at least {FEWEST_GROUPS} are needed), smallest possible p {short(item.smallest)}"
        )
    if item.failures and failures_decide:
        return f"undecided because of {item.failures} failure{'s' if item.failures > 1 else ''}"
    return ""


def _open(item: Contrast) -> str:
    return f"no clear difference, but one of {item.margin:g} or more is not ruled out"


def short(p: float) -> str:
    """A p-value with three decimals and no leading zero: `.031`, `<.001`, `1`."""
    if p < 0.001:
        return "<.001"
    return f"{p:.3f}".removeprefix("0") if p < 0.9995 else "1"
