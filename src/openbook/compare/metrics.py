"""Which metrics a comparison marks with, and which one decides. Knows no answer."""

from collections.abc import Sequence
from pathlib import Path

from openbook.config import Config, Kpi
from openbook.core.errors import ConfigError, unknown
from openbook.core.protocols import Metric
from openbook.core.types import Example
from openbook.score import METRICS
from openbook.score.checks import CallCheck, PatternCheck, SchemaCheck

BY_TASK = {
    "answer": ("facts", "stale", "exact_match", "f1", "rouge_l", "bleu", "citation", "abstention"),
    "classify": ("exact_match", "facts", "abstention"),
    "extract": ("facts", "exact_match", "f1", "rouge_l", "citation", "abstention"),
    "summarise": ("rouge_l", "facts", "f1", "bleu", "citation"),
    "generate": ("rouge_l", "facts", "f1", "bleu", "exact_match"),
}


def metrics_for(config: Config, examples: Sequence[Example], *, root: Path) -> list[Metric]:
    """The metrics, the primary one first, then the KPI checks, then the task's others that the examples carry.

    Raises:
        ConfigError: An unknown primary metric, or a check that does not compile.
    """
    checks = [check(kpi, root=root) for kpi in config.compare.kpis]
    named: dict[str, Metric] = {metric.name: metric for metric in checks}
    for name in BY_TASK[config.project.task]:
        named.setdefault(name, METRICS.load(name)())
    primary = config.compare.metric or _default(config, examples)
    if primary not in named:
        if primary not in METRICS.names():
            raise ConfigError(f"[compare] metric: {unknown('metric', primary, {*METRICS.names(), *named})}")
        named[primary] = METRICS.load(primary)()
    carried = _carried(examples)
    rest = [m for m in named.values() if m.name != primary and carried.get(m.name, True)]
    return [named[primary], *rest]


def check(kpi: Kpi, *, root: Path) -> Metric:
    """The check behind one `[[compare.kpis]]` entry."""
    if kpi.pattern:
        return PatternCheck(name=kpi.name, pattern=kpi.pattern)
    if kpi.schema_ is not None:
        return SchemaCheck(name=kpi.name, schema=kpi.schema_)
    return CallCheck(name=kpi.name, call=kpi.call, root=root)


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
