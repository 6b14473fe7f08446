"""The recommendation: the simplest arm that no other one betters by the margin, or that it cannot be told yet.

From the simplest on: an arm that some other one beats is passed over; the first that is within the margin of the best is
taken; at the first of which neither is shown, nothing is. That the best was picked from the data is in `score.stats.best`.

Reasons point to figures; nothing is said that the table does not hold. Knows neither records nor models.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from openbook.arms import RETRIEVES, TUNES
from openbook.compare.verdict.pairs import Pair
from openbook.score.stats import FEWEST_GROUPS, AgainstBest

SIMPLEST_FIRST = ("base", "prompted", "rag", "tuned", "hybrid", "external")
"""Kinds that can be recommended; what is not ours to look into comes last."""

NEAR = 0.1
"""An arm without an index that comes so near is worth naming, should the documents never change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the recommendation looks at of one arm.

    Attributes:
        mean: Of the primary metric over all strata.
        form: Name of the first KPI check, empty without one.
        style: Its mean, None without one.
        fresh: Share of changed facts answered rightly after the update, None without the probe.
        seconds: Median seconds an answer takes, None where not measured.
        usd: Per 1,000 answers.
    """

    name: str
    kind: str
    mean: float
    low: float
    high: float
    form: str = ""
    style: float | None = None
    fresh: float | None = None
    seconds: float | None = None
    usd: float | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """A sentence, and the cells it rests on.

    Attributes:
        cells: `ARM.METRIC.STRATUM`, `ARM.fresh`, `ARM.seconds.p50`, `ARM.usd.per_1000`, or `A − B` for a tested pair.
    """

    text: str
    cells: tuple[str, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """`arm` is None where nothing is recommended; `verdict` is one sentence, resting on `cells`."""

    arm: str | None
    verdict: str
    reasons: tuple[Reason, ...]
    flips_if: tuple[Reason, ...]
    cells: tuple[str, ...] = ()

    def row(self) -> dict[str, Any]:
        """The report's `recommendation`: sentences, and beside them what each rests on."""
        return {
            "arm": self.arm,
            "verdict": self.verdict,
            "verdict_cells": list(self.cells),
            "reasons": [reason.text for reason in self.reasons],
            "reason_cells": [list(reason.cells) for reason in self.reasons],
            "flips_if": [reason.text for reason in self.flips_if],
            "flip_cells": [list(reason.cells) for reason in self.flips_if],
        }


def recommendable(kind: str) -> bool:
    """Whether an arm of this kind may be recommended: a kind without a place among the simplest is there to explain."""
    return kind in SIMPLEST_FIRST


def recommend(
    standings: Sequence[Standing],
    pairs: Sequence[Pair],
    *,
    metric: str,
    margin: float,
    groups: int,
    failed: Mapping[str, int],
    against: Mapping[str, AgainstBest],
    breaks: Mapping[str, str] | None = None,
    higher_is_better: bool = True,
) -> Recommendation:
    """Choose the simplest eligible arm that is shown to be within the margin of the best one.

    Args:
        pairs: Pairs of arms on the primary metric over all strata: what would decide, where it is undecided.
        groups: Groups of the test.
        failed: Arm → failed answers, for those above the allowed share.
        against: Eligible arm → where it stands against the best of the other eligible ones.
        breaks: Arm → the constraints that it breaks, in words: it is not eligible.
        higher_is_better: Of the metric.
    """
    refused = _refused(standings, metric=metric, groups=groups, failed=failed)
    if refused is not None:
        return refused
    breaks = breaks or {}
    eligible = [one for one in standings if one.name not in breaks and recommendable(one.kind)]
    names = [f"{one.name} ({breaks[one.name]})" for one in standings if one.name in breaks]
    barred = f" Not eligible: {'; '.join(names)}." if names else ""
    if not eligible:
        return _silent(
            f"No arm meets the constraints.{barred}" if breaks else "Nothing to recommend: only controls took part."
        )
    sign = 1 if higher_is_better else -1
    best = max(eligible, key=lambda standing: sign * standing.mean)
    chosen = _simplest(eligible, against, margin=margin, sign=sign)
    # Arms that have not answered the same questions yet may contradict each other.
    if chosen is not None and (best.name not in against or against[best.name].possible):
        others = [standing for standing in eligible if standing is not chosen]
        said = _decided(chosen, best, others, against, metric=metric, margin=margin, among="eligible " * bool(barred))
        level = [s for s in others if s.name not in against or against[s.name].possible]
        return _complete(said, barred, chosen, level, standings, metric=metric, sign=sign)
    rivals = [s for s in eligible if s is not best and (s.name not in against or against[s.name].possible)]
    return _undecided(
        best, rivals, standings, pairs, metric=metric, margin=margin, sign=sign, barred=barred, against=against
    )


def _refused(
    standings: Sequence[Standing], *, metric: str, groups: int, failed: Mapping[str, int]
) -> Recommendation | None:
    """Why nothing can be said at all, where that is so."""
    if not standings:
        return _silent("Nothing to recommend: no arm has answered.")
    if failed:
        names = ", ".join(f"{name} ({count})" for name, count in failed.items())
        return _silent(f"Cannot decide: too many failed answers in {names}. Mend the cause, then compare again.")
    if len(standings) == 1:
        only = standings[0]
        return _silent(f"Nothing to choose from: only {only.name} took part, with {metric} {_figure(only)}.")
    if groups < FEWEST_GROUPS:
        smallest = min(1.0, 2.0 / 2**groups)
        counted = "1 group" if groups == 1 else f"{groups} groups"
        return _silent(
            f"Cannot decide: {counted}, smallest possible p {smallest:.2g}. At least {FEWEST_GROUPS} groups are"
            " needed; label examples on other documents."
        )
    return None


def _silent(verdict: str) -> Recommendation:
    return Recommendation(arm=None, verdict=verdict, reasons=(), flips_if=())


def _complexity(kind: str) -> int:
    return SIMPLEST_FIRST.index(kind)


def _simplest(
    eligible: Sequence[Standing], against: Mapping[str, AgainstBest], *, margin: float, sign: int
) -> Standing | None:
    """The fixed sequence along simplicity; arms of one kind are equally simple, and the better of them is taken."""
    for rank in sorted({_complexity(standing.kind) for standing in eligible}):
        level = [standing for standing in eligible if _complexity(standing.kind) == rank]
        able = [s for s in level if len(eligible) == 1 or (s.name in against and against[s.name].low > -margin)]
        if able:
            return max(able, key=lambda standing: sign * standing.mean)
        if any(standing.name not in against or against[standing.name].possible for standing in level):
            return None
    return None


def _decided(
    chosen: Standing,
    best: Standing,
    others: Sequence[Standing],
    against: Mapping[str, AgainstBest],
    *,
    metric: str,
    margin: float,
    among: str,
) -> str:
    """The sentence; `among` is `eligible ` where some arms are not."""
    if not others:
        return f"Use {chosen.name}: it is the only arm that meets the constraints, with {metric} {_figure(chosen)}."
    if not any(against[other.name].possible for other in others):
        return f"Use {chosen.name}: its {metric} of {chosen.mean:.2f} beats every other {among}arm's."
    if chosen is best:
        return (
            f"Use {chosen.name}: no other {among}arm betters its {metric} of {chosen.mean:.2f} by {margin:g} or more."
        )
    return (
        f"Use {chosen.name}: it is the simplest {among}arm whose {metric} is less than {margin:g} worse than the best one's"
        f" ({best.name})."
    )


def _complete(
    said: str,
    barred: str,
    chosen: Standing,
    level: Sequence[Standing],
    standings: Sequence[Standing],
    *,
    metric: str,
    sign: int,
) -> Recommendation:
    """`level` are the other arms that may be as good as the chosen one; they may keep the form better."""
    kept_better = any((one.style or 0.0) > (chosen.style or 0.0) for one in level)
    by_form = _by_form([chosen, *level]) if kept_better else []
    return Recommendation(
        arm=chosen.name,
        verdict=said + barred,
        reasons=_reasons(chosen, standings, metric),
        flips_if=(*by_form, *_flips(chosen, standings, metric, sign=sign)),
        cells=_cells(standings, f"{metric}.all"),
    )


def _undecided(
    best: Standing,
    rivals: Sequence[Standing],
    standings: Sequence[Standing],
    pairs: Sequence[Pair],
    *,
    metric: str,
    margin: float,
    sign: int,
    barred: str,
    against: Mapping[str, AgainstBest],
) -> Recommendation:
    open_ = [standing for standing in standings if standing is best or standing in rivals]
    between = [pair for pair in pairs if {pair.a, pair.b} in [{best.name, rival.name} for rival in rivals]]
    needed = max((pair.enough.examples[1] if pair.enough else pair.needed for pair in between), default=0)
    asked = max((pair.n for pair in between), default=0)
    more = f" About {needed} test examples in all would decide at a margin of {margin:g}." if needed > asked else ""
    simplest = min(open_, key=lambda standing: _complexity(standing.kind))
    pair_cells = tuple(f"{pair.a} − {pair.b}" for pair in between)
    failing = [
        Reason(f"{pair.a} − {pair.b}: {pair.reason}.", cells=(f"{pair.a} − {pair.b}",))
        for pair in between
        if pair.reason.startswith("undecided because")
    ]
    reasons = (
        Reason(_lead(best, rivals, metric), cells=(*_cells([best, *rivals], f"{metric}.all"), *pair_cells)),
        *failing,
        *_reasons(best, standings, metric),
    )
    safe = [s.name for s in open_ if s.name in against and against[s.name].low > -margin]
    flips = [
        Reason(
            f"If you must choose today: {_choice(simplest, best, metric)}.",
            cells=_cells([simplest] if simplest is best else [simplest, best], f"{metric}.all"),
        )
    ]
    if safe:
        line = f"If {metric} is all that counts: no other arm betters {_listed(safe)} by {margin:g} or more."
        flips.append(Reason(line, cells=_cells([s for s in open_ if s.name in safe], f"{metric}.all")))
    flips += _by_form(open_)
    return Recommendation(
        arm=None,
        verdict=f"No clear winner between {_listed([s.name for s in open_])} on {metric}.{more}{barred}",
        reasons=reasons,
        flips_if=(*flips, *_flips(best, standings, metric, sign=sign)),
        cells=(*_cells(open_, f"{metric}.all"), *pair_cells),
    )


def _lead(best: Standing, rivals: Sequence[Standing], metric: str) -> str:
    """What keeps the best apart from the rivals that it may not be better than."""
    told = ", ".join(f"{rival.name} ({_figure(rival)})" for rival in rivals)
    if all(f"{rival.mean:.2f}" == f"{best.mean:.2f}" for rival in rivals):
        names = _listed([best.name, *(rival.name for rival in rivals)])
        return f"{names} have the same {metric} ({_figure(best)}); a difference either way may have been missed."
    return f"{best.name} has the best {metric} ({_figure(best)}), but its lead over {told} may be chance."


def _by_form(open_: Sequence[Standing]) -> list[Reason]:
    """What the form says between arms that the metric leaves open, where it says something."""
    styled = sorted((s for s in open_ if s.style is not None), key=lambda s: -(s.style or 0.0))
    if len(styled) < 2 or (styled[0].style or 0.0) - (styled[-1].style or 0.0) < NEAR:
        return []
    told = ", ".join(f"{s.name} {s.style:.2f}" for s in styled[1:])
    line = f"If the form counts too: {styled[0].name} keeps it in {styled[0].style:.2f} of its answers, {told}."
    return [Reason(line, cells=_cells(styled, f"{styled[0].form}.all"))]


def _listed(names: Sequence[str]) -> str:
    """`rag, tuned and hybrid`."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _reasons(chosen: Standing, standings: Sequence[Standing], metric: str) -> tuple[Reason, ...]:
    figures = ", ".join(f"{s.name} {_figure(s)}" for s in standings)
    lines = [Reason(f"{metric}: {figures}.", cells=_cells(standings, f"{metric}.all"))]
    if styled := [s for s in standings if s.style is not None]:
        told = ", ".join(f"{s.name} {s.style:.2f}" for s in styled)
        lines.append(Reason(f"form: {told}.", cells=_cells(styled, f"{styled[0].form}.all")))
    if probed := [s for s in standings if s.fresh is not None]:
        told = ", ".join(f"{s.name} {s.fresh:.2f}" for s in probed)
        lines.append(Reason(f"changed facts answered rightly after the update: {told}.", cells=_cells(probed, "fresh")))
    if chosen.seconds is not None:
        timed = [s for s in standings if s.seconds is not None]
        told = ", ".join(f"{s.name} {s.seconds:.2f} s" for s in timed)
        lines.append(
            Reason(f"median seconds an answer takes, one at a time: {told}.", cells=_cells(timed, "seconds.p50"))
        )
    return tuple(lines)


def _choice(simplest: Standing, best: Standing, metric: str) -> str:
    line = f"{simplest.name} is the simplest of them"
    return line if simplest is best else f"{line}, {best.name} was the best on {metric} here"


def _cells(standings: Sequence[Standing], cell: str) -> tuple[str, ...]:
    return tuple(f"{standing.name}.{cell}" for standing in standings)


def _flips(chosen: Standing, standings: Sequence[Standing], metric: str, *, sign: int) -> tuple[Reason, ...]:
    """What would change the recommendation, from the figures of the others."""
    lines = []
    faster = [s for s in standings if s.seconds and chosen.seconds and s.seconds < 0.75 * chosen.seconds]
    if faster:
        quick = min(faster, key=lambda standing: standing.seconds or 0.0)
        lines.append(
            Reason(
                f"a limit on latency below {chosen.seconds:.2f} s: {quick.name} answers in {quick.seconds:.2f} s, with"
                f" {quick.mean:.2f}.",
                cells=(*_cells([quick, chosen], "seconds.p50"), *_cells([quick], f"{metric}.all")),
            )
        )
    if TUNES[chosen.kind] and not RETRIEVES[chosen.kind]:
        lines.append(
            Reason(
                "documents that change: what was learnt by heart goes stale until it is trained again.",
                cells=_cells([chosen], "fresh"),
            )
        )
    if RETRIEVES[chosen.kind] and chosen.fresh is not None:
        own = [s for s in standings if not RETRIEVES[s.kind] and s.kind != "external"]
        near = [s for s in own if sign * (chosen.mean - s.mean) <= NEAR]
        if near:
            closest = max(near, key=lambda standing: sign * standing.mean)
            lines.append(
                Reason(
                    f"documents that never change: {closest.name} comes within {NEAR:g} of it without an index.",
                    cells=_cells([closest, chosen], f"{metric}.all"),
                )
            )
    return tuple(lines)


def _figure(standing: Standing) -> str:
    return f"{standing.mean:.2f} [{standing.low:.2f}, {standing.high:.2f}]"
