"""The recommendation: the simplest arm that no other arm beats, or that it cannot be told yet.

Reasons point to figures; nothing is said that the table does not hold. Knows neither records nor models.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from openbook.arms import CONTROLS, RETRIEVES, TUNES
from openbook.compare.pairs import Pair
from openbook.score.stats import FEWEST_GROUPS

SIMPLEST_FIRST = ("base", "prompted", "rag", "tuned", "hybrid", "external")
"""Kinds that can be recommended; what is not ours to look into comes last."""

NEAR = 0.1
"""An arm without an index that comes so near is worth naming, should the documents never change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the recommendation looks at of one arm.

    Attributes:
        mean: Of the primary metric over all strata.
        style: Mean of the first KPI check, None without one.
        fresh: Share of changed facts answered rightly after the update, None without the probe.
        seconds: Median seconds an answer takes, None where not measured.
        usd: Per 1,000 answers.
    """

    name: str
    kind: str
    mean: float
    low: float
    high: float
    style: float | None = None
    fresh: float | None = None
    seconds: float | None = None
    usd: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """`arm` is None where nothing is recommended; `verdict` is one sentence."""

    arm: str | None
    verdict: str
    reasons: tuple[str, ...]
    flips_if: tuple[str, ...]


def recommend(
    standings: Sequence[Standing],
    pairs: Sequence[Pair],
    *,
    metric: str,
    margin: float,
    groups: int,
    failed: Mapping[str, int],
    higher_is_better: bool = True,
) -> Recommendation:
    """Choose the simplest arm among those that the best one does not beat; controls are not among them.

    Args:
        pairs: Every pair of arms on the primary metric over all strata, p-values adjusted for the whole family:
            the best arm was picked from the data, so all pairs count.
        groups: Groups of the test.
        failed: Arm → failed answers, for those above the allowed share.
        higher_is_better: Of the metric.
    """
    standings = [standing for standing in standings if standing.kind not in CONTROLS]
    if not standings:
        return _silent("Nothing to recommend: no arm was asked.")
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
    sign = 1 if higher_is_better else -1
    best = max(standings, key=lambda standing: sign * standing.mean)
    rivals = [standing for standing in standings if standing.name != best.name]
    against = {rival.name: _against(best.name, rival.name, pairs) for rival in rivals}
    equal = [rival for rival in rivals if against[rival.name] == "equivalent"]
    open_ = [rival for rival in rivals if against[rival.name] not in ("better", "equivalent")]
    if open_:
        return _undecided(best, open_, standings, pairs, metric=metric, margin=margin, sign=sign)
    chosen = min([best, *equal], key=lambda standing: _complexity(standing.kind))
    return _decided(chosen, best, equal, standings, metric=metric, margin=margin, sign=sign)


def _silent(verdict: str) -> Recommendation:
    return Recommendation(arm=None, verdict=verdict, reasons=(), flips_if=())


def _complexity(kind: str) -> int:
    return SIMPLEST_FIRST.index(kind)


def _against(best: str, rival: str, pairs: Sequence[Pair]) -> str:
    """The verdict on best − rival."""
    for pair in pairs:
        if (pair.a, pair.b) == (best, rival):
            return pair.verdict
        if (pair.a, pair.b) == (rival, best):
            return {"better": "worse", "worse": "better"}.get(pair.verdict, pair.verdict)
    return "undecided"


def _decided(
    chosen: Standing,
    best: Standing,
    equal: Sequence[Standing],
    standings: Sequence[Standing],
    *,
    metric: str,
    margin: float,
    sign: int,
) -> Recommendation:
    if chosen.name != best.name:
        verdict = (
            f"Use {chosen.name}: it is the simplest arm whose {metric} is equivalent (within {margin:g}) to the best"
            f" one's ({best.name})."
        )
    elif equal:
        verdict = f"Use {chosen.name}: its {metric} of {chosen.mean:.2f} beats every arm that is not equivalent to it."
    else:
        verdict = f"Use {chosen.name}: its {metric} of {chosen.mean:.2f} beats every other arm's."
    return Recommendation(
        arm=chosen.name,
        verdict=verdict,
        reasons=_reasons(chosen, standings, metric),
        flips_if=_flips(chosen, standings, sign=sign),
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
) -> Recommendation:
    names = [s.name for s in standings if s is best or s in rivals]
    between = [pair for pair in pairs if {pair.a, pair.b} in [{best.name, rival.name} for rival in rivals]]
    needed = max((pair.needed for pair in between), default=0)
    asked = max((pair.n for pair in between), default=0)
    more = f" About {needed} test examples in all would decide at a margin of {margin:g}." if needed > asked else ""
    simplest = min([best, *rivals], key=lambda standing: _complexity(standing.kind))
    failing = [
        f"{pair.a} − {pair.b}: {pair.reason}." for pair in between if pair.reason.startswith("undecided because")
    ]
    reasons = (
        f"{best.name} has the best {metric} ({_figure(best)}), but its lead over"
        f" {', '.join(f'{r.name} ({_figure(r)})' for r in rivals)} may be chance.",
        *failing,
        *_reasons(best, standings, metric),
    )
    return Recommendation(
        arm=None,
        verdict=f"No clear winner between {_listed(names)} on {metric}.{more}",
        reasons=reasons,
        flips_if=(
            f"If you must choose today: {simplest.name} is the simplest of them.",
            *_flips(best, standings, sign=sign),
        ),
    )


def _listed(names: Sequence[str]) -> str:
    """`rag, tuned and hybrid`."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _reasons(chosen: Standing, standings: Sequence[Standing], metric: str) -> tuple[str, ...]:
    lines = [f"{metric}: " + ", ".join(f"{s.name} {_figure(s)}" for s in standings) + "."]
    if any(s.style is not None for s in standings):
        lines.append("form: " + ", ".join(f"{s.name} {s.style:.2f}" for s in standings if s.style is not None) + ".")
    if any(s.fresh is not None for s in standings):
        told = ", ".join(f"{s.name} {s.fresh:.2f}" for s in standings if s.fresh is not None)
        lines.append(f"changed facts answered rightly after the update: {told}.")
    if chosen.seconds is not None:
        told = ", ".join(f"{s.name} {s.seconds:.2f} s" for s in standings if s.seconds is not None)
        lines.append(f"median seconds an answer takes, one at a time: {told}.")
    return tuple(lines)


def _flips(chosen: Standing, standings: Sequence[Standing], *, sign: int) -> tuple[str, ...]:
    """What would change the recommendation, from the figures of the others."""
    lines = []
    faster = [s for s in standings if s.seconds and chosen.seconds and s.seconds < 0.75 * chosen.seconds]
    if faster:
        quick = min(faster, key=lambda standing: standing.seconds or 0.0)
        lines.append(
            f"a limit on latency below {chosen.seconds:.2f} s: {quick.name} answers in {quick.seconds:.2f} s, with"
            f" {quick.mean:.2f}."
        )
    if TUNES[chosen.kind] and not RETRIEVES[chosen.kind]:
        lines.append("documents that change: what was learnt by heart goes stale until it is trained again.")
    if RETRIEVES[chosen.kind] and chosen.fresh is not None:
        own = [s for s in standings if not RETRIEVES[s.kind] and s.kind != "external"]
        near = [s for s in own if sign * (chosen.mean - s.mean) <= NEAR]
        if near:
            closest = max(near, key=lambda standing: sign * standing.mean)
            lines.append(f"documents that never change: {closest.name} comes within {NEAR:g} of it without an index.")
    return tuple(lines)


def _figure(standing: Standing) -> str:
    return f"{standing.mean:.2f} [{standing.low:.2f}, {standing.high:.2f}]"
