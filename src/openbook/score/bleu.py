"""Corpus BLEU by the package sacrebleu. Knows nothing of other overlap measures.

Definition: Papineni et al. 2002; reporting as in Post 2018, "A Call for Clarity in Reporting BLEU Scores". BLEU is not a
mean of answers' scores: an answer's Score holds its n-gram counts, and `reduce` makes the figure of their sums.
"""

from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version
from typing import Any

from openbook.core.types import Answer, Example, Failure, Score
from openbook.score.each import column_sums

ORDERS = 4


class Bleu:
    """sacreBLEU, 0 to 100.

    A Score's ten values are the matched 1- to 4-grams, all 1- to 4-grams, the answer's length and the nearest
    reference's length, in tokens of sacrebleu's `13a`; None without references.
    """

    name = "bleu"
    higher_is_better = True
    binary = False
    additive = True

    def __init__(self) -> None:
        # sacrebleu's own signature, written out so that it is known without importing the package.
        self.signature = f"bleu|nrefs:var|case:mixed|eff:no|tok:13a|smooth:exp|version:{version('sacrebleu')}"

    @cached_property
    def _bleu(self) -> Any:
        from sacrebleu.metrics.bleu import BLEU

        return BLEU(tokenize="13a", smooth_method="exp", effective_order=False, max_ngram_order=ORDERS)

    def score(self, examples: Sequence[Example], answers: Sequence[Answer]) -> list[Score | Failure | None]:
        return [self._statistics(example, answer) for example, answer in zip(examples, answers, strict=True)]

    def _statistics(self, example: Example, answer: Answer) -> Score | None:
        if not example.references:
            return None
        found = self._bleu.corpus_score([answer.text], [[reference] for reference in example.references])
        values = (*found.counts, *found.totals, found.sys_len, found.ref_len)
        return Score(values=tuple(float(value) for value in values))

    def reduce(self, matrix: Sequence[Sequence[float]]) -> float:
        """BLEU of an (n, 10) matrix's column sums, as sacrebleu's `corpus_score` makes it; ValueError without rows."""
        sums = [round(value) for value in column_sums(matrix)]
        found = self._bleu.compute_bleu(
            correct=sums[:ORDERS],
            total=sums[ORDERS : 2 * ORDERS],
            sys_len=sums[-2],
            ref_len=sums[-1],
            smooth_method="exp",
        )
        return float(found.score)
