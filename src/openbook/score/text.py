"""Exact match and token F1 against the nearest reference, after SQuAD's normalisation. Knows nothing of facts.

Definition: Rajpurkar et al. 2016, "SQuAD: 100,000+ Questions for Machine Comprehension of Text", section 5, and the
official evaluation scripts; only ASCII punctuation and English articles are dropped.
"""

import re
import string
from collections import Counter

from openbook.core.types import Answer, Example
from openbook.score.each import PerAnswer

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLE = re.compile(r"\b(?:a|an|the)\b")


def normalised(text: str) -> str:
    """Lower case, without ASCII punctuation and English articles, single spaces."""
    return " ".join(_ARTICLE.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def token_f1(text: str, reference: str) -> float:
    """Harmonic mean of precision and recall of the normalised tokens, counted with repetition.

    Two texts without any token agree (1.0), as in the official script of SQuAD 2.0; one alone does not (0.0).
    """
    answered, wanted = normalised(text).split(), normalised(reference).split()
    if not answered or not wanted:
        return float(answered == wanted)
    common = (Counter(answered) & Counter(wanted)).total()
    if common == 0:
        return 0.0
    precision, recall = common / len(answered), common / len(wanted)
    return 2 * precision * recall / (precision + recall)


class ExactMatch(PerAnswer):
    """1 where the normalised answer equals a normalised reference, else 0; None without references."""

    name = "exact_match"
    signature = "exact_match|norm:squad|refs:any|v:1"
    binary = True

    def mark(self, example: Example, answer: Answer) -> float | None:
        if not example.references:
            return None
        text = normalised(answer.text)
        return float(any(text == normalised(reference) for reference in example.references))


class TokenF1(PerAnswer):
    """Token F1 in [0, 1] against the reference that agrees best; None without references."""

    name = "f1"
    signature = "f1|norm:squad|refs:max|v:1"

    def mark(self, example: Example, answer: Answer) -> float | None:
        return max((token_f1(answer.text, reference) for reference in example.references), default=None)
