"""Marks answers: text overlap, labels, fields, facts, citations, grounding, retrieval, abstention, a team's own checks, cost, and the statistics over them.

Knows nothing of how an answer was made. A metric needs examples and answers only, so runs are re-scored without a model.
Nothing is imported before a metric is asked for: `METRICS.load("f1")()`, `CHECKS.load("pattern")(name="voice", pattern=…)`.
"""

from openbook.core.registry import Registry

METRICS = Registry(
    "metric",
    {
        "exact_match": "openbook.score.text:ExactMatch",
        "f1": "openbook.score.text:TokenF1",
        "accuracy": "openbook.score.labels:Accuracy",
        "macro_f1": "openbook.score.labels:MacroF1",
        "json_valid": "openbook.score.fields:JsonValid",
        "field_match": "openbook.score.fields:FieldMatch",
        "record_match": "openbook.score.fields:RecordMatch",
        "rouge_1": "openbook.score.rouge:Rouge1",
        "rouge_2": "openbook.score.rouge:Rouge2",
        "rouge_l": "openbook.score.rouge:RougeL",
        "bleu": "openbook.score.bleu:Bleu",
        "facts": "openbook.score.facts:FactsRight",
        "stale": "openbook.score.facts:StaleWording",
        "abstention": "openbook.score.abstain:Abstention",
        "citation": "openbook.score.citation:CitesRight",
        "grounding": "openbook.score.grounding:Grounded",
        "retrieval_recall": "openbook.score.retrieval:RetrievalRecall",
        "retrieval_ndcg": "openbook.score.retrieval:RetrievalNdcg",
    },
)
"""Metrics by name; each is a class that can be called without arguments."""

CHECKS = Registry(
    "check",
    {
        "pattern": "openbook.score.checks:PatternCheck",
        "schema": "openbook.score.checks:SchemaCheck",
        "call": "openbook.score.checks:CallCheck",
        "style": "openbook.score.style:Style",
    },
)
"""Metrics that a project defines: classes called with `name` and the keyword of their kind."""
