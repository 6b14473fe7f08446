"""What the answers say of a requirement: both sides' figures, and where their difference may lie.

Marks only what is asked for. Knows runs and the report's figures, not what is required of them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from openbook.compare.gates.bounds import Ends, Value, figure_ends, mean_ends, paired_ends
from openbook.compare.gates.measures import Measure
from openbook.compare.marking.marks import Marks
from openbook.compare.material import Material
from openbook.compare.probes import latency
from openbook.compare.probes.freshness import tally
from openbook.compare.seats import first_seats
from openbook.core.protocols import Metric
from openbook.core.types import Failure, Score
from openbook.score.stats import FEWEST_GROUPS, end_level, quantile_bounds, quantile_needed

Json = Mapping[str, Any]
QUANTILES = {"p50": ("total", 0.5), "p95": ("total", 0.95), "first_token": ("first_token", 0.5)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Figures of one or two arms, and the ends of the difference (without a second arm: of the figure).

    Attributes:
        left: None where there is nothing to say it from.
        low: May be minus infinity; wrong with probability alpha at most.
        high: May be infinity; the same.
        basis: What it rests on, as words.
        lack: Why nothing can be told, or what a missing end would take, as a sentence; empty otherwise.
    """

    left: float | None = None
    right: float | None = None
    low: float = -math.inf
    high: float = math.inf
    basis: str = ""
    lack: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibits:
    """What evidence is taken from.

    Attributes:
        metrics: All there are.
        alpha: Probability with which an end may be wrong.
    """

    material: Material
    report: Json
    metrics: Sequence[Metric]
    alpha: float


def evidence(exhibits: Exhibits, what: Measure, arms: Sequence[str]) -> Evidence:
    """The figure of one arm, or the difference of two: `arms[0]` − `arms[1]`."""
    if what.kind == "score":
        return _score(exhibits, what, arms)
    if what.kind == "seconds":
        return _seconds(exhibits, what.name, arms)
    if what.kind == "usd":
        return _usd(exhibits.report, what.name, arms)
    paper = exhibits.material.paper
    if what.kind == "failures":
        return _of_questions([_failures(exhibits.material, arm) for arm in arms], paper.group, exhibits.alpha)
    facts = {question.id: question.fact or question.id for question in exhibits.material.freshness}
    return _of_questions([_fresh(exhibits.material, arm) for arm in arms], facts, exhibits.alpha)


def _score(exhibits: Exhibits, what: Measure, arms: Sequence[str]) -> Evidence:
    material = exhibits.material
    metric = next(metric for metric in exhibits.metrics if metric.name == what.name)
    seats = [seat for seat in material.seats if seat.name in arms]
    marks = Marks(material.paper, [metric], seats, level=end_level(exhibits.alpha))
    asked = [question.id for question in material.paper.of(what.stratum)]
    found = [{q: m for q in asked if (m := marks.of(arm, metric.name).get(q)) is not None} for arm in arms]
    if any(isinstance(mark, Score) and len(mark.values) > 1 for side in found for mark in side.values()):
        return _figure(metric, found, material.paper.group, exhibits.alpha)
    values = [{q: m.values[0] if isinstance(m, Score) else None for q, m in side.items()} for side in found]
    return _of_questions(values, material.paper.group, exhibits.alpha)


def _of_questions(sides: Sequence[Mapping[str, Value]], group: Mapping[str, str], alpha: float) -> Evidence:
    """A share or a mean of one number a question (None: failed), or the paired difference of two of them."""
    asked = [question for question in sides[0] if all(question in side for side in sides)]
    groups = [group[question] for question in asked]
    columns = [[side[question] for question in asked] for side in sides]
    scored = [row for row in zip(*columns, strict=True) if None not in row]
    if not scored or len(set(groups)) < FEWEST_GROUPS:
        return Evidence(lack=_too_little(len(scored), len(set(groups))))
    means = np.mean(np.array(scored, dtype=np.float64), axis=0)
    ends = (
        mean_ends(columns[0], groups, alpha=alpha)
        if len(columns) == 1
        else paired_ends(columns[0], columns[1], groups, alpha=alpha)
    )
    return _told(means.tolist(), ends, _basis(len(scored), len(set(groups)), len(asked) - len(scored)))


def _figure(
    metric: Metric, sides: Sequence[Mapping[str, Score | Failure]], group: Mapping[str, str], alpha: float
) -> Evidence:
    """A figure of all answers together, or the difference of two over the same questions."""
    asked = [question for question in sides[0] if all(question in side for side in sides)]
    scored = [(q, row) for q in asked if (row := _row([side[q] for side in sides])) is not None]
    groups = [group[question] for question, _ in scored]
    if not scored or len(set(groups)) < FEWEST_GROUPS:
        return Evidence(lack=_too_little(len(scored), len(set(groups))))
    width = len(scored[0][1]) // len(sides)
    top = 100.0 if metric.name == "bleu" else 1.0

    def parts(matrix: Sequence[Sequence[float]]) -> list[float]:
        halves = [[row[at : at + width] for row in matrix] for at in range(0, width * len(sides), width)]
        return [min(top, max(0.0, metric.reduce(half))) for half in halves]

    def reduce(matrix: Sequence[Sequence[float]]) -> float:
        first, *second = parts(matrix)
        return first - sum(second)

    matrix = [row for _, row in scored]
    failed = 1 - len(scored) / len(asked)
    within = Ends(0.0 if len(sides) == 1 else -top, top)
    ends = figure_ends(reduce, matrix, groups, alpha=alpha, within=within, failed=failed)
    return _told(parts(matrix), ends, _basis(len(scored), len(set(groups)), len(asked) - len(scored)))


def _row(marks: Sequence[Score | Failure]) -> list[float] | None:
    """The statistics of one question side by side; None where an arm failed it."""
    scores = [mark.values for mark in marks if isinstance(mark, Score)]
    return [value for values in scores for value in values] if len(scores) == len(marks) else None


def _failures(material: Material, arm: str) -> dict[str, Value]:
    """Question → share of the arm's seeds that failed it."""
    logs = [seat.log.records for seat in material.seats if seat.name == arm]
    found: dict[str, Value] = {}
    for question in material.paper.questions:
        failed = [isinstance(log[question.key].result, Failure) for log in logs if question.key in log]
        if failed:
            found[question.id] = sum(failed) / len(failed)
    return found


def _fresh(material: Material, arm: str) -> dict[str, Value]:
    """Question on a changed fact → whether the arm says what the documents say now, after the update."""
    first = {seat.name: seat for seat in first_seats(material.seats) if not seat.plan.retrieves}
    seat = {**first, **{seat.name: seat for seat in material.updated}}.get(arm)
    found: dict[str, Value] = {}
    if seat is None:
        return found
    for question in material.freshness:
        one = tally([question], seat.log.records, level=0.9)
        if one.right.n or one.failures:
            found[question.id] = float(one.right.count) if one.right.n else None
    return found


def _seconds(exhibits: Exhibits, name: str, arms: Sequence[str]) -> Evidence:
    """A quantile of one arm's seconds, or the difference of two arms': alpha is then halved between them."""
    stage, q = QUANTILES[name]
    timed = [_timed(exhibits.material, arm) for arm in arms]
    fewest = min(len(rows) for rows in timed)
    if not fewest:
        return Evidence(lack="No answer was timed.")
    each = exhibits.alpha / len(arms)
    figures = [float(str(latency.summary(rows)[name])) for rows in timed]
    spans = [quantile_bounds([row[stage] for row in rows], q, alpha=each) for rows in timed]
    low, high = (max(0.0, spans[0][0]), spans[0][1])
    if len(spans) == 2:
        low, high = low - spans[1][1], high - max(0.0, spans[1][0])
    return Evidence(
        left=figures[0],
        right=_second(figures),
        low=low,
        high=high,
        basis="1 question timed" if fewest == 1 else f"{fewest} questions timed",
        lack=_too_few_timed(fewest, quantile_needed(q, alpha=each), len(exhibits.material.paper.questions)),
    )


def _too_few_timed(n: int, needed: int, asked: int) -> str:
    if n >= needed:
        return ""
    were = "1 was" if n == 1 else f"{n} were"
    cure = f"raise [probes] latency to {needed}" if needed <= asked else f"there are only {asked} to ask"
    return f"It takes {needed} questions answered one at a time, and {were}: {cure}."


def _timed(material: Material, arm: str) -> list[latency.Timing]:
    known = [latency.timings(seat.log.folder) for seat in material.seats if seat.name == arm]
    return [rows[question.key] for rows in known for question in material.latency if question.key in rows]


def _usd(report: Json, name: str, arms: Sequence[str]) -> Evidence:
    """Prices are sums, not samples: the difference is what it is."""
    prices = [report["arms"].get(arm, {}).get("usd", {}).get(name) for arm in arms]
    if None in prices:
        arm = arms[prices.index(None)]
        return Evidence(lack=f"The price of {arm!r} is not known: [cost.prices] has none for its model.")
    value = prices[0] - sum(prices[1:])
    return Evidence(left=prices[0], right=_second(prices), low=value, high=value)


def _told(figures: Sequence[float], ends: Ends, basis: str) -> Evidence:
    return Evidence(left=figures[0], right=_second(figures), low=ends.low, high=ends.high, basis=basis)


def _second(figures: Sequence[float]) -> float | None:
    return figures[1] if len(figures) > 1 else None


def _basis(n: int, groups: int, failures: int) -> str:
    failed = f", {failures} failed" if failures else ""
    return f"{n} questions in {groups} groups{failed}"


def _too_little(n: int, groups: int) -> str:
    if not n:
        return "No question was answered and marked."
    counted = "1 group" if groups == 1 else f"{groups} groups"
    return f"{n} questions in {counted} are too few: it takes at least {FEWEST_GROUPS} groups."
