"""ROUGE-1, ROUGE-2 and ROUGE-L by the package rouge-score. Knows nothing of other overlap measures.

Definition: Lin 2004, "ROUGE: A Package for Automatic Evaluation of Summaries". The package keeps only `a`–`z` and digits,
so a reference in another script cannot be judged by it.
"""

from functools import cached_property, lru_cache
from importlib.metadata import version
from typing import Any

from openbook.core.types import Answer, Example
from openbook.score.each import PerAnswer


class _Stemmed:
    """The package's own tokens, each word stemmed once: stemming the same words anew is most of what ROUGE costs."""

    def __init__(self) -> None:
        from rouge_score import tokenizers

        # The package's stemmer by way of the package: it is no dependency of ours.
        self.stem = lru_cache(maxsize=100_000)(tokenizers.porter.PorterStemmer().stem)

    def tokenize(self, text: str) -> list[str]:
        from rouge_score import tokenize

        return list(tokenize.tokenize(text, self))


class _Rouge(PerAnswer):
    kind: str

    def __init__(self) -> None:
        # The version is read without importing the package, which takes seconds: cached scores are found by signature.
        self.signature = f"{self.name}|measure:f|stem:porter|refs:max|rouge-score:{version('rouge-score')}"

    @cached_property
    def _scorer(self) -> Any:
        from rouge_score.rouge_scorer import RougeScorer

        return RougeScorer([self.kind], tokenizer=_Stemmed())

    def mark(self, example: Example, answer: Answer) -> float | None:
        references = [reference for reference in example.references if _readable(reference)]
        if not references:
            return None
        return float(self._scorer.score_multi(references, answer.text)[self.kind].fmeasure)


class RougeL(_Rouge):
    """F-measure of the longest common subsequence, in [0, 1], Porter-stemmed, against the reference that agrees best.

    None where no reference has a token that the package reads.
    """

    name = "rouge_l"
    kind = "rougeL"


class Rouge1(_Rouge):
    """F-measure of common words, in [0, 1], Porter-stemmed, against the reference that agrees best; None as `rouge_l`."""

    name = "rouge_1"
    kind = "rouge1"


class Rouge2(_Rouge):
    """F-measure of common word pairs, in [0, 1], Porter-stemmed, against the reference that agrees best; None as `rouge_l`."""

    name = "rouge_2"
    kind = "rouge2"


def _readable(text: str) -> bool:
    return any(char.isascii() and char.isalnum() for char in text)
