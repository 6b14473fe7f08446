"""The recommendation: the simplest arm that no other arm beats, or that it cannot be told yet.

Reasons point to figures; nothing is said that the table does not hold. Knows neither records nor models.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from openbook.arms import RETRIEVES, TUNES
from openbook.compare.pairs import Pair
from openbook.score.stats import FEWEST_GROUPS

SIMPLEST_FIRST = ("base", "prompted", "rag", "tuned", "hybrid")

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
    """Choose the simplest arm among those that the best one does not beat.

    Args:
        pairs: Every pair of arms on the primary metric over all strata, p-values adjusted for the whole family:
            the best arm was picked from the data, so all pairs count.
        groups: Groups of the test.
        failed: Arm → failed answers, for those above the allowed share.
        higher_is_better: Of the metric.
    """
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
        flips_if=_flips(chosen, standings, metric, sign=sign),
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
) -> Recommendation:
    names = [s.name for s in standings if s is best or s in rivals]
    between = [pair for pair in pairs if {pair.a, pair.b} in [{best.name, rival.name} for rival in rivals]]
    needed = max((pair.needed for pair in between), default=0)
    asked = max((pair.n for pair in between), default=0)
    more = f" About {needed} test examples in all would decide at a margin of {margin:g}." if needed > asked else ""
    simplest = min([best, *rivals], key=lambda standing: _complexity(standing.kind))
    pair_cells = tuple(f"{pair.a} − {pair.b}" for pair in between)
    failing = [
        Reason(f"{pair.a} − {pair.b}: {pair.reason}.", cells=(f"{pair.a} − {pair.b}",))
        for pair in between
        if pair.reason.startswith("undecided because")
    ]
    reasons = (
        Reason(
            f"{best.name} has the best {metric} ({_figure(best)}), but its lead over"
            f" {', '.join(f'{r.name} ({_figure(r)})' for r in rivals)} may be chance.",
            cells=(*_cells([best, *rivals], f"{metric}.all"), *pair_cells),
        ),
        *failing,
        *_reasons(best, standings, metric),
    )
    return Recommendation(
        arm=None,
        verdict=f"No clear winner between {_listed(names)} on {metric}.{more}",
        reasons=reasons,
        flips_if=(
            Reason(
                f"If you must choose today: {simplest.name} is the simplest of them.",
                cells=_cells([simplest], f"{metric}.all"),
            ),
            *_flips(best, standings, metric, sign=sign),
        ),
        cells=(*_cells([s for s in standings if s is best or s in rivals], f"{metric}.all"), *pair_cells),
    )


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
        near = [s for s in standings if not RETRIEVES[s.kind] and sign * (chosen.mean - s.mean) <= NEAR]
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
