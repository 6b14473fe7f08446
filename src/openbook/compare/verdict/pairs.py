"""Every pair of arms, tested: difference, interval, sign-flip p over groups, adjusted for the whole family, a verdict.

The family of the primary metric is the declared contrasts, or all pairs of arms, over all strata. What stands beside it
(other pairs, single strata, other metrics, pairs with a control, which is never picked) is exploratory and says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypedDict

from openbook.compare.marking.marks import Marks
from openbook.compare.verdict.bygroup import ByGroup, by_group, grouped
from openbook.compare.verdict.enough import Enough, Scored, dev_spread, enough, needed_examples, scored
from openbook.compare.verdict.recipe import Recipe, pair_recipe
from openbook.core.protocols import Metric
from openbook.core.types import Score
from openbook.score.stats import Adjust, Contrast, Verdict, classify, contrast

Names = tuple[str, str]
"""Two arms, (a, b), for a − b."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Arm a against arm b.

    Attributes:
        difference: Mean of a − b on the metric's own scale; positive favours a, also where lower is better.
        p: Studentised sign-flip over groups, two-sided.
        p_adjusted: For the whole family; equal to `p` where `exploratory`.
        smallest: The smallest p that was possible with these groups.
        needed: Examples that would decide at the margin, an upper estimate from the spread, more than `n`; 0 where decided.
        reason: Why it is undecided.
        enough: What would decide, as intervals, and the smallest difference that could have been shown.
        by_group: The same with every group counted alike; None where every group has one question, or exploratory.
        recipe: Bounds for another training; None with one seed, or exploratory.
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
    enough: Enough | None = None
    by_group: ByGroup | None = None
    recipe: Recipe | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """What was settled before the test.

    Attributes:
        alpha: Of each family, and of what is exploratory one by one.
        contrasts: The declared family; empty: all pairs.
        adjust: How the family's p-values are adjusted.
    """

    margin: float
    alpha: float
    contrasts: Sequence[Names] = ()
    adjust: Adjust = "holm"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tested:
    """One pair before the family's verdict."""

    a: str
    b: str
    made: Contrast
    grouped: Contrast | None
    scored: Scored
    dev: Scored | None
    recipe: Recipe | None


class _Settled(TypedDict):
    """What a pair is tested by, whether questions or groups are counted alike."""

    margin: float
    level: float
    alpha: float
    higher_is_better: bool


def all_pairs(
    marks: Marks, *, margin: float, alpha: float, contrasts: Sequence[Names] = (), adjust: Adjust = "holm"
) -> list[Pair]:
    """The primary metric's family first, then the exploratory pairs: those not declared, single strata, other 0–1 metrics.

    Args:
        contrasts: The declared family; empty: all pairs, since the best arm is picked from the data. A declared arm that
            did not take part is left out.
    """
    protocol = Protocol(margin=margin, alpha=alpha, contrasts=contrasts, adjust=adjust)
    every = [(a, b) for b, a in combinations(marks.arms, 2)]
    proper = [pair for pair in every if not marks.controls & set(pair)]
    family = [pair for pair in contrasts if set(pair) <= set(marks.arms)] or ([] if contrasts else proper)
    known = {frozenset(pair) for pair in family}
    rest = [pair for pair in every if frozenset(pair) not in known]
    found = _family(marks, marks.primary, "all", family, protocol)
    found += _single(marks, marks.primary, "all", rest, protocol)
    for stratum in ("seen", "new"):
        found += _single(marks, marks.primary, stratum, every, protocol)
    for metric in marks.metrics[1:]:
        if metric.binary:
            found += _single(marks, metric, "all", every, protocol)
    return found


def _family(marks: Marks, metric: Metric, stratum: str, pairs: Sequence[Names], protocol: Protocol) -> list[Pair]:
    tested = [made for a, b in pairs if (made := _test(marks, metric, stratum, a, b, protocol, len(pairs))) is not None]
    verdicts = classify([one.made for one in tested], alpha=protocol.alpha, adjust=protocol.adjust)
    beside = by_group([one.grouped for one in tested], alpha=protocol.alpha, adjust=protocol.adjust)
    return [
        _pair(one, metric, stratum, verdict, other, protocol, family=len(pairs))
        for one, verdict, other in zip(tested, verdicts, beside, strict=True)
    ]


def _single(marks: Marks, metric: Metric, stratum: str, pairs: Sequence[Names], protocol: Protocol) -> list[Pair]:
    tested = [made for a, b in pairs if (made := _test(marks, metric, stratum, a, b, protocol, 0)) is not None]
    return [
        _pair(one, metric, stratum, classify([one.made], alpha=protocol.alpha)[0], None, protocol, family=0)
        for one in tested
    ]


def _pair(
    one: _Tested,
    metric: Metric,
    stratum: str,
    verdict: Verdict,
    beside: ByGroup | None,
    protocol: Protocol,
    *,
    family: int,
) -> Pair:
    """The pair with what was found; `family` is 0 for an exploratory one."""
    made, undecided = one.made, verdict.kind == "undecided"
    more = enough(one.scored, one.dev, made, alpha=protocol.alpha, family=max(1, family), undecided=undecided)
    return Pair(
        a=one.a,
        b=one.b,
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
        needed=needed_examples(more, made) if undecided else 0,
        exploratory=not family,
        reason=verdict.reason,
        enough=more,
        by_group=beside,
        recipe=one.recipe,
    )


def _test(
    marks: Marks, metric: Metric, stratum: str, a: str, b: str, protocol: Protocol, family: int
) -> _Tested | None:
    """One pair, tested; `family` is 0 for an exploratory one, which has neither group means nor a recipe beside it.

    None without a question that both answered, and where the metric has no one number for an answer.
    """
    found = values(marks, metric, stratum, (a, b))
    if found is None or not any(None not in pair for pair in zip(*found[0], strict=True)):
        return None
    (first, second), groups = found
    settled: _Settled = {
        "margin": protocol.margin,
        "level": marks.level,
        "alpha": protocol.alpha,
        "higher_is_better": metric.higher_is_better,
    }
    return _Tested(
        a=a,
        b=b,
        made=contrast(first, second, groups, **settled),
        grouped=grouped(first, second, groups, **settled) if family else None,
        scored=scored(first, second, groups),
        dev=dev_spread(marks, a, b) if metric is marks.primary else None,
        recipe=pair_recipe(marks, a, b) if family else None,
    )


def values(
    marks: Marks, metric: Metric, stratum: str, arms: Sequence[str]
) -> tuple[list[list[float | None]], list[str]] | None:
    """Of each arm, one score a question that all of them were asked (None where it failed), and the questions' groups.

    A question that the metric judges in none of them is left out. None where the metric has no one number for an answer.
    """
    sides = [marks.of(arm, metric.name) for arm in arms]
    asked = [
        q
        for q in marks.paper.of(stratum)
        if all(q.id in side for side in sides) and any(side[q.id] is not None for side in sides)
    ]
    if any(isinstance(mark := side[q.id], Score) and len(mark.values) > 1 for q in asked for side in sides):
        return None
    return [[_value(side[q.id]) for q in asked] for side in sides], [marks.paper.group[q.id] for q in asked]


def _value(mark: object) -> float | None:
    return mark.values[0] if isinstance(mark, Score) else None
