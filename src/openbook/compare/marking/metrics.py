"""Which metrics a comparison marks with, and which one decides. Knows no answer."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from openbook.compare.marking.house import House
from openbook.compare.marking.judging import judge_of
from openbook.config import Config, Kpi, StyleCheck
from openbook.core.errors import ConfigError, unknown
from openbook.core.protocols import Metric
from openbook.core.types import Example
from openbook.project import Project
from openbook.score import CHECKS, METRICS, style
from openbook.score.fields import wanted_records
from openbook.score.grounding import fixed_words
from openbook.score.judge import NAME, Judge
from openbook.score.labels import label_set
from openbook.score.style import Style, Weighted

RETRIEVAL = ("retrieval_recall", "retrieval_ndcg")
"""Of the passages alone, where examples name their documents."""

BY_TASK = {
    "answer": (
        "facts",
        "stale",
        "exact_match",
        "f1",
        "rouge_l",
        "bleu",
        "citation",
        "grounding",
        *RETRIEVAL,
        "abstention",
    ),
    "classify": ("accuracy", "macro_f1", "exact_match", "facts", "abstention"),
    "extract": (
        "field_match",
        "record_match",
        "json_valid",
        "facts",
        "exact_match",
        "f1",
        "rouge_l",
        "citation",
        *RETRIEVAL,
        "abstention",
    ),
    "summarise": ("rouge_l", "rouge_1", "rouge_2", "facts", "f1", "bleu", "citation", *RETRIEVAL),
    "generate": ("rouge_l", "facts", "f1", "bleu", "exact_match", *RETRIEVAL),
}


FIGURES = ("bleu", "citation", "macro_f1")
"""Figures of all answers together: shown with intervals, but no single answer has one, so no pair can be tested by it."""


NEEDS = {
    "facts": "`facts`, or `answerable = false`",
    "stale": "`stale`",
    "abstention": "`answerable = false`",
    **dict.fromkeys(("field_match", "record_match", "json_valid"), "references that are JSON objects or arrays"),
}


def metrics_of(project: Project) -> list[Metric]:
    """A project's metrics; see `metrics_for`."""
    return metrics_for(
        project.config, project.exam.examples, root=project.root, house=House(project), judge=judge_of(project)
    )


def metrics_for(
    config: Config, examples: Sequence[Example], *, root: Path, house: House | None = None, judge: Judge | None = None
) -> list[Metric]:
    """The metrics, the primary one first, then the KPI checks, then the task's others that the examples carry.

    Args:
        house: What a style's `like` learns from.
        judge: The judge that the project asks for.

    Raises:
        ConfigError: A primary metric that is unknown, that the examples do not carry or that cannot decide; a check that
            does not compile, or two metrics with one name.
    """
    named: dict[str, Metric] = _checks(config.compare.kpis, root, house)
    if judge is not None:
        named[judge.name] = judge
    for name in BY_TASK[config.project.task]:
        named.setdefault(name, _made(name, config, examples))
    primary = config.compare.metric or _default(config, examples)
    if primary not in named:
        if primary not in METRICS.names():
            raise ConfigError(f"[compare] metric: {unknown('metric', primary, {*METRICS.names(), *named})}")
        named[primary] = _made(primary, config, examples)
    carried = _carried(examples)
    _refuse_unfit(primary, carried)
    rest = [m for m in named.values() if m.name != primary and carried.get(m.name, True)]
    return [named[primary], *rest]


def _made(name: str, config: Config, examples: Sequence[Example]) -> Metric:
    """A metric of Openbook's own, with what it must know of the examples as a whole."""
    given: dict[str, Any] = {}
    if name in ("accuracy", "macro_f1"):
        given = {"labels": label_set(examples)}
    elif name == "json_valid":
        given = {"schema": config.generate.schema_}
    elif name == "grounding":
        given = {"fixed": fixed_words([e.reference for e in examples if e.answerable and e.references])}
    metric: Metric = METRICS.load(name)(**given)
    return metric


def _checks(kpis: Sequence[Kpi], root: Path, house: House | None) -> dict[str, Metric]:
    named: dict[str, Metric] = {}
    for kpi in kpis:
        if kpi.name in named or kpi.name in {*METRICS.names(), NAME}:
            taken = "another KPI" if kpi.name in named else "a metric of Openbook's own"
            raise ConfigError(f"[[compare.kpis]]: the name {kpi.name!r} is taken by {taken}. Give the KPI another one.")
        named[kpi.name] = check(kpi, root=root, house=house)
    return named


def _refuse_unfit(primary: str, carried: Mapping[str, bool]) -> None:
    if primary in FIGURES:
        raise ConfigError(
            f"[compare] metric: {primary!r} is one figure for all answers together and cannot tell two arms apart by"
            " question. Choose one that marks every answer, such as 'facts', 'f1' or 'rouge_l'; it is shown all the same."
        )
    if primary in ("grounding", *RETRIEVAL):
        raise ConfigError(
            f"[compare] metric: {primary!r} says nothing of the arms that look nothing up, so it cannot decide between"
            " arms. Choose 'facts' or 'f1'; it is shown all the same."
        )
    if not carried.get(primary, True):
        raise ConfigError(
            f"[compare] metric: no example carries what {primary!r} looks at ({NEEDS[primary]}). Add it to the examples,"
            " or choose another metric."
        )


def check(kpi: Kpi, *, root: Path, house: House | None = None) -> Metric:
    """The check behind one `[[compare.kpis]]` entry.

    Raises:
        ConfigError: It is wrong in itself.
        UsageError: No installed package has a check of this name.
    """
    if kpi.checks:
        weighted = [Weighted(check=_style_check(kpi.name, one, house), weight=one.weight) for one in kpi.checks]
        return Style(name=kpi.name, checks=weighted)
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


def _style_check(kpi: str, one: StyleCheck, house: House | None) -> style.StyleCheck:
    if one.pattern:
        return style.Form(kpi, one.pattern)
    if one.words is not None:
        return style.Length(*one.words)
    if one.require or one.forbid:
        return style.Wordings(one.require or one.forbid, forbidden=bool(one.forbid))
    if house is None:
        raise ConfigError(f"KPI {kpi!r}: `like` learns from a project's training examples, and there are none here.")
    others, named = house.others(one.against)
    return style.Like(kpi, house.references, others, named=named)


def _default(config: Config, examples: Sequence[Example]) -> str:
    facts = any(example.facts for example in examples)
    if config.project.task == "answer":
        return "facts" if facts else "f1"
    if config.project.task == "extract" and (facts or not _are_records(examples)):
        return "facts" if facts else "f1"
    return BY_TASK[config.project.task][0]


def _are_records(examples: Sequence[Example]) -> bool:
    return any(wanted_records(example) for example in examples)


def _carried(examples: Sequence[Example]) -> dict[str, bool]:
    """Whether the examples have what a metric needs, for those that need something."""
    facts = any(example.facts for example in examples)
    unanswerable = any(not example.answerable for example in examples)
    # References that are all different are texts, not labels.
    labelled = len(label_set(examples)) < sum(example.answerable for example in examples)
    records = _are_records(examples)
    return {
        **dict.fromkeys(("field_match", "record_match", "json_valid"), records),
        "macro_f1": labelled,
        "facts": facts or unanswerable,
        "stale": any(example.stale for example in examples),
        **dict.fromkeys(("citation", *RETRIEVAL), any(example.documents for example in examples)),
        "abstention": unanswerable,
    }
