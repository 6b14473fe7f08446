"""Whether an arm says that it does not know exactly where it should. Knows nothing of what an abstention looks like."""

from openbook.core.types import Answer, Example
from openbook.score.each import PerAnswer


class Abstention(PerAnswer):
    """1 where the answer abstains and the example is unanswerable, or neither; else 0.

    Where most examples are answerable, an arm that never abstains scores well: read it beside the facts metric.
    """

    name = "abstention"
    signature = "abstention|right:abstained==unanswerable|v:1"
    binary = True

    def mark(self, example: Example, answer: Answer) -> float:
        return float(answer.abstained is not example.answerable)
