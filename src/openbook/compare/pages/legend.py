"""Plain words for what a report's tables hold: arms, metrics, columns. Words only; knows no figures."""

from collections.abc import Mapping
from typing import Any

ARMS = {
    "base": "the model as it is",
    "prompted": "told how, with worked examples",
    "rag": "looks it up",
    "tuned": "has learnt it",
    "hybrid": "has learnt to look it up",
    "tuned+rag": "has learnt it, and looks it up (control)",
    "rag-oracle": "is handed the right passages (control)",
    "external": "a system from outside, as it is",
}
"""Kind of arm → what it does."""

METRICS = {
    "facts": "Share of answers that hold every fact they must and nothing out of date; where the documents hold no"
    " answer, those that say so.",
    "stale": "Share of answers that say what is no longer true; lower is better.",
    "exact_match": "Share of answers that are the reference, apart from case, punctuation and articles.",
    "f1": "Words shared with the reference, from 0 (none) to 1 (the same words).",
    "rouge_l": "Longest run of words, in order, shared with the reference, from 0 to 1.",
    "bleu": "Phrases shared with the reference, from 0 to 100.",
    "citation": "Whether the pages cited are the ones that hold the answer: 1 when all of these and no others are named.",
    "accuracy": "Share of answers that give the right label.",
    "macro_f1": "How well each label is told from the others, rare labels counting as much as frequent ones; from 0 to 1.",
    "json_valid": "Share of answers that hold JSON, of the schema if one is asked for.",
    "field_match": "Fields with the reference’s value, from 0 (none) to 1 (all, and no others).",
    "record_match": "Share of answers with every field of the reference right, and no others.",
    "rouge_1": "Words shared with the reference, apart from their endings, from 0 to 1.",
    "rouge_2": "Pairs of neighbouring words shared with the reference, from 0 to 1.",
    "grounding": "Share of answers whose words, numbers and names stand in the passages that were looked up; answers that"
    " say “I don’t know” count as such. How far this agrees with people stands below the table.",
    "retrieval_recall": "Share of the documents that hold the answer from which a passage was found, from 0 to 1.",
    "retrieval_ndcg": "How far up among the passages the documents that hold the answer stand: 1 when first, 0 when missing.",
    "judge": "Share of yes that a model says of the answers by your criterion. Below the table: how far it agrees with"
    " people.",
    "abstention": "Share of answers that say “I don’t know” exactly where they should.",
}
"""Metric → what its figure means."""

CHECKS = {
    "pattern|": "Your own check: the share of answers that have the form your pattern describes.",
    "schema|": "Your own check: the share of answers that are JSON of your schema.",
    "call|": "Your own check, made by your function.",
    "style|": "Your own style: the share of its checks that answers pass, by their weights.",
}
"""Beginning of a metric's signature → what its figure means."""

STRATA = {
    "all": "All test questions.",
    "seen": "Test questions whose fact was trained on in other words.",
    "new": "Test questions whose fact or document was never trained on.",
}
"""Stratum → which questions it holds."""

COLUMNS = {
    "fresh": "After the documents changed: questions on changed facts that are answered by what the documents say now.",
    "seconds": "Median seconds an answer takes, one question at a time.",
    "usd": "US dollars for 1,000 answers: by tokens where the model has prices, else by the machine’s time. Training and"
    " indexing are counted apart, below.",
    "n": "Answers that were marked.",
    "failed": "Questions that got no answer. They are not in the figures; the intervals hold with all of them wrong and"
    " with all of them right.",
    "cut": "Answers that ended at the length limit.",
}
"""Further column → what it holds."""


def metric_meaning(metric: Mapping[str, Any]) -> str:
    """What a metric's figure means, from its name, or for a project's own checks from its signature."""
    found = next((words for start, words in CHECKS.items() if metric["signature"].startswith(start)), None)
    if found is None:
        found = METRICS.get(metric["name"])
    if found is None:
        found = "Higher is better." if metric["higher_is_better"] else "Lower is better."
    return found
