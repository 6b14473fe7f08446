"""Reference page of the metrics, their formulas, and the statistics over them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

from reference_words import NOTE, Gap, described, table

FORMULAS = {
    "accuracy": "mean of [label(answer) is an accepted label]; unanswerable: [abstained]",
    "macro_f1": "mean over classes c of 2 Σ rightly given c / (Σ given c + Σ wanted c)",
    "json_valid": "mean of [the first JSON value in the answer is an object or array, and fulfils the schema]",
    "field_match": "mean of max over references r of 2 · common leaves / (leaves of the answer + leaves of r)",
    "record_match": "mean of [leaves(answer) = leaves(r) for some reference r]",
    "grounding": "mean of [Σₛ max over passages' sentences p of the words of s in p / Σₛ words of s ≥ 0.8] over the answer's"
    " sentences s, one with a number or a name that is in no passage counting 0; abstained: 1",
    "rouge_1": "mean of max over references r of 2PR / (P + R); P, R = common stems / stems of the answer, of r",
    "rouge_2": "mean of max over references r of 2PR / (P + R); P, R = common pairs of stems / pairs of the answer, of r",
    "abstention": "mean of [abstained = not answerable]",
    "bleu": "BP · exp(¼ Σₙ log pₙ), n = 1…4; pₙ = Σ matched n-grams / Σ n-grams; BP = min(1, exp(1 − Σ reference length /"
    " Σ answer length))",
    "citation": "2 Σ right / (Σ cited + Σ wanted)",
    "exact_match": "mean of [norm(answer) = norm(r) for some reference r]",
    "f1": "mean of max over references r of 2PR / (P + R); P, R = common tokens / tokens of the answer, of r",
    "facts": "mean of [every group has one of its wordings in the answer, and no stale wording is there]; unanswerable:"
    " [abstained, and no stale wording is there]",
    "rouge_l": "mean of max over references r of 2PR / (P + R); P, R = longest common subsequence / stems of the answer, of r",
    "retrieval_recall": "mean of |documents of the passages ∩ named documents| / |named documents|",
    "retrieval_ndcg": "mean of Σ over ranks r of [the r-th document is named] / log₂(r + 1), divided by what the best order of as"
    " many ranks as passages gives",
    "stale": "mean of [a stale wording is in the answer]",
}


STATISTICS = (
    "mean_interval",
    "paired_interval",
    "sign_flip",
    "holm",
    "tost",
    "contrast",
    "classify",
    "needed",
    "kappa",
)


def metrics_page() -> str:
    """Every metric with its formula and signature, which tasks use it, and the statistics over it."""
    from openbook.compare.marking.metrics import BY_TASK
    from openbook.score import METRICS

    parts = [
        NOTE,
        "# Metrics and statistics",
        "A metric marks one answer with a finite vector of statistics, or with a failure, or not at all where the example"
        " does not carry what it needs. The figure is made of all vectors at once, so BLEU and the citation F1 are those of"
        " the whole test. The signature names formula, tokenizer and version, and stands in every report.",
        table(
            ("task", "metrics, the primary one first"), [(f"`{t}`", ", ".join(names)) for t, names in BY_TASK.items()]
        ),
        'With `task = "answer"` the primary metric is `facts` where examples carry facts, else `f1`; with `"extract"` likewise,'
        " and `field_match` where there are no facts and references are JSON. `[compare] metric` names another. A metric that"
        " the examples carry nothing for is left out.",
    ]
    for name in METRICS.names():
        parts += metric_parts(METRICS.load(name))
    return "\n\n".join([*parts, *statistics_parts()]) + "\n"


def metric_parts(kind: Any) -> Iterator[str]:
    metric = kind()
    yield f"## `{metric.name}`"
    yield described(kind)
    if metric.name not in FORMULAS:
        raise Gap(f"the metric {metric.name!r} has no formula here")
    yield f"Formula: {FORMULAS[metric.name]}"
    source = re.search(r"Definition: (.+?)(?:\n\n|\Z)", inspect.getmodule(kind).__doc__ or "", re.DOTALL)
    if source:
        yield f"Definition: {' '.join(source[1].split())}"
    better = "higher" if metric.higher_is_better else "lower"
    scale = "0 or 1 for each answer" if metric.binary else "see above"
    signature = re.sub(r"(version|rouge-score):[\d.]+", r"\1:<version>", metric.signature)
    yield table(("signature", "better", "scale"), [(f"`{signature}`".replace("|", "\\|"), better, scale)])


def statistics_parts() -> Iterator[str]:
    from openbook.score import stats
    from openbook.score.stats import intervals

    yield "## Statistics"
    yield inspect.cleandoc(stats.__doc__ or "")
    yield inspect.cleandoc(intervals.__doc__ or "")
    for name in STATISTICS:
        yield f"### `{name}`"
        yield described(getattr(stats, name))
    yield f"### `Verdict`\n\n{described(stats.Verdict)}"
