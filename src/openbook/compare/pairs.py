"""Every pair of arms, tested: difference, interval, sign-flip p over groups, adjusted for the whole family, a verdict.

The family of the primary metric is all pairs of arms over all strata, since the best arm is picked from the data. What
stands beside it (single strata, other metrics, pairs with a control, which is never picked) is exploratory and says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from openbook.compare.marks import Marks
from openbook.core.protocols import Metric
from openbook.core.types import Score
from openbook.score.stats import Contrast, classify, contrast, needed


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Arm a against arm b.

    Attributes:
        difference: Mean of a − b on the metric's own scale; positive favours a, also where lower is better.
        p: Studentised sign-flip over groups, two-sided.
        p_adjusted: By Holm over the family; equal to `p` where `exploratory`.
        smallest: The smallest p that was possible with these groups.
        needed: Examples that would decide at the margin, an upper estimate from the spread; 0 where decided.
        reason: Why it is undecided.
    """

    a: str
    b: str
    metric: str
    stratum: str
    difference: float
    low: float
    high: float
    p: float
    p_adjusted: float
    smallest: float
    verdict: str
    n: int
    groups: int
    failures: int
    needed: int
    exploratory: bool
    reason: str


def all_pairs(marks: Marks, *, margin: float, alpha: float) -> list[Pair]:
    """The primary metric's family first, then the exploratory pairs: its single strata, and the other 0–1 metrics."""
    found = _family(marks, marks.primary, "all", margin, alpha, exploratory=False)
    found += _family(marks, marks.primary, "all", margin, alpha, exploratory=True, controls=True)
    for stratum in ("seen", "new"):
        found += _family(marks, marks.primary, stratum, margin, alpha, exploratory=True)
    for metric in marks.metrics[1:]:
        if metric.binary:
            found += _family(marks, metric, "all", margin, alpha, exploratory=True)
    return found


def _family(
    marks: Marks,
    metric: Metric,
    stratum: str,
    margin: float,
    alpha: float,
    *,
    exploratory: bool,
    controls: bool | None = None,
) -> list[Pair]:
    """The pairs of a metric in a stratum; of the family proper none with a control, with `controls` only those."""
    wanted = (controls,) if controls is not None else (False, True) if exploratory else (False,)
    tested = [
        (a, b, made)
        for b, a in combinations(marks.arms, 2)
        if bool({a, b} & marks.controls) in wanted
        if (made := _contrast(marks, metric, stratum, a, b, margin, alpha)) is not None
    ]
    contrasts = [made for _, _, (made, _) in tested]
    verdicts = (
        [classify([one], alpha=alpha)[0] for one in contrasts] if exploratory else classify(contrasts, alpha=alpha)
    )
    return [
        Pair(
            a=a,
            b=b,
            metric=metric.name,
            stratum=stratum,
            difference=made.difference,
            low=made.low,
            high=made.high,
            p=made.p,
            p_adjusted=verdict.p_adjusted,
            smallest=made.smallest,
            verdict=verdict.kind,
            n=made.n,
            groups=made.groups,
            failures=made.failures,
            needed=more if verdict.kind == "undecided" else 0,
            exploratory=exploratory,
            reason=verdict.reason,
        )
        for (a, b, (made, more)), verdict in zip(tested, verdicts, strict=True)
    ]


def _contrast(
    marks: Marks, metric: Metric, stratum: str, a: str, b: str, margin: float, alpha: float
) -> tuple[Contrast, int] | None:
    """The tested contrast, and the examples that would decide it.

    None without a question that both answered, and where the metric has no one number for an answer.
    """
    first, second = marks.of(a, metric.name), marks.of(b, metric.name)
    asked = [
        q
        for q in marks.paper.of(stratum)
        if q.id in first and q.id in second and not (first[q.id] is None and second[q.id] is None)
    ]
    if any(isinstance(mark := side[q.id], Score) and len(mark.values) > 1 for q in asked for side in (first, second)):
        return None
    values = [[_value(side[q.id]) for q in asked] for side in (first, second)]
    groups = [marks.paper.group[q.id] for q in asked]
    if not any(None not in pair for pair in zip(*values, strict=True)):
        return None
    made = contrast(
        values[0],
        values[1],
        groups,
        margin=margin,
        level=marks.level,
        alpha=alpha,
        higher_is_better=metric.higher_is_better,
    )
    return made, _needed(values, groups, margin, alpha, family=len(list(combinations(marks.arms, 2))))


def _value(mark: object) -> float | None:
    return mark.values[0] if isinstance(mark, Score) else None


def _needed(
    values: Sequence[Sequence[float | None]], groups: Sequence[str], margin: float, alpha: float, *, family: int
) -> int:
    """From the spread of the differences around their mean, never from the mean itself."""
    both = [(x - y, g) for x, y, g in zip(*values, groups, strict=True) if x is not None and y is not None]
    if len({group for _, group in both}) < 2:
        return 0
    return needed([d for d, _ in both], [g for _, g in both], margin, alpha=alpha, family=family).examples[1]
