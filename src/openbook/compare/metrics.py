"""Which metrics a comparison marks with, and which one decides. Knows no answer."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from openbook.config import Config, Kpi
from openbook.core.errors import ConfigError, unknown
from openbook.core.protocols import Metric
from openbook.core.types import Example
from openbook.score import CHECKS, METRICS

BY_TASK = {
    "answer": ("facts", "stale", "exact_match", "f1", "rouge_l", "bleu", "citation", "abstention"),
    "classify": ("exact_match", "facts", "abstention"),
    "extract": ("facts", "exact_match", "f1", "rouge_l", "citation", "abstention"),
    "summarise": ("rouge_l", "facts", "f1", "bleu", "citation"),
    "generate": ("rouge_l", "facts", "f1", "bleu", "exact_match"),
}


FIGURES = ("bleu", "citation")
"""Figures of all answers together: shown with intervals, but no single answer has one, so no pair can be tested by it."""


NEEDS = {"facts": "`facts`, or `answerable = false`", "stale": "`stale`", "abstention": "`answerable = false`"}


def metrics_for(config: Config, examples: Sequence[Example], *, root: Path) -> list[Metric]:
    """The metrics, the primary one first, then the KPI checks, then the task's others that the examples carry.

    Raises:
        ConfigError: A primary metric that is unknown, that the examples do not carry or that cannot decide; a check that
            does not compile, or two metrics with one name.
    """
    named: dict[str, Metric] = _checks(config.compare.kpis, root)
    for name in BY_TASK[config.project.task]:
        named.setdefault(name, METRICS.load(name)())
    primary = config.compare.metric or _default(config, examples)
    if primary not in named:
        if primary not in METRICS.names():
            raise ConfigError(f"[compare] metric: {unknown('metric', primary, {*METRICS.names(), *named})}")
        named[primary] = METRICS.load(primary)()
    carried = _carried(examples)
    _refuse_unfit(primary, carried)
    rest = [m for m in named.values() if m.name != primary and carried.get(m.name, True)]
    return [named[primary], *rest]


def _checks(kpis: Sequence[Kpi], root: Path) -> dict[str, Metric]:
    named: dict[str, Metric] = {}
    for kpi in kpis:
        if kpi.name in named or kpi.name in METRICS.names():
            taken = "another KPI" if kpi.name in named else "a metric of Openbook's own"
            raise ConfigError(f"[[compare.kpis]]: the name {kpi.name!r} is taken by {taken}. Give the KPI another one.")
        named[kpi.name] = check(kpi, root=root)
    return named


def _refuse_unfit(primary: str, carried: Mapping[str, bool]) -> None:
    if primary in FIGURES:
        raise ConfigError(
            f"[compare] metric: {primary!r} is one figure for all answers together and cannot tell two arms apart by"
            " question. Choose one that marks every answer, such as 'facts', 'f1' or 'rouge_l'; it is shown all the same."
        )
    if not carried.get(primary, True):
        raise ConfigError(
            f"[compare] metric: no example carries what {primary!r} looks at ({NEEDS[primary]}). Add it to the examples,"
            " or choose another metric."
        )


def check(kpi: Kpi, *, root: Path) -> Metric:
    """The check behind one `[[compare.kpis]]` entry.

    Raises:
        ConfigError: It is wrong in itself.
        UsageError: No installed package has a check of this name.
    """
    kind: str
    options: dict[str, Any]
    if kpi.pattern:
        kind, options = "pattern", {"pattern": kpi.pattern}
    elif kpi.schema_ is not None:
        kind, options = "schema", {"schema": kpi.schema_}
    elif kpi.call:
        kind, options = "call", {"call": kpi.call, "root": root}
    else:
        kind, options = kpi.plugin, dict(kpi.options)
    make = CHECKS.load(kind)
    try:
        made: Metric = make(name=kpi.name, **options)
    except TypeError as error:
        raise ConfigError(f"KPI {kpi.name!r}: the check {kind!r} takes no such options: {error}.") from error
    return made


def _default(config: Config, examples: Sequence[Example]) -> str:
    if config.project.task == "answer":
        return "facts" if any(example.facts for example in examples) else "f1"
    return BY_TASK[config.project.task][0]


def _carried(examples: Sequence[Example]) -> dict[str, bool]:
    """Whether the examples have what a metric needs, for those that need something."""
    facts = any(example.facts for example in examples)
    unanswerable = any(not example.answerable for example in examples)
    return {
        "facts": facts or unanswerable,
        "stale": any(example.stale for example in examples),
        "citation": any(example.documents for example in examples),
        "abstention": unanswerable,
    }
