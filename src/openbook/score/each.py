"""What metrics that mark one answer at a time share: the loop and the mean. Knows no formula."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence

from openbook.core.types import Answer, Example, Failure, Score


class PerAnswer(ABC):
    """A metric whose score of an answer is one number and whose figure is the mean of those.

    A subclass gives `mark`; its `name` and `signature` may be class attributes or set at construction.
    """

    name: str
    signature: str
    higher_is_better: bool = True
    binary: bool = False

    @abstractmethod
    def mark(self, example: Example, answer: Answer) -> float | Failure | None:
        """The answer's mark, a Failure where the metric broke, None where the example lacks what it needs."""

    def score(self, examples: Sequence[Example], answers: Sequence[Answer]) -> list[Score | Failure | None]:
        """One result for each example, in order.

        Raises:
            ValueError: The two sequences differ in length.
        """
        marks = [self.mark(example, answer) for example, answer in zip(examples, answers, strict=True)]
        return [Score(values=(float(mark),)) if isinstance(mark, int | float) else mark for mark in marks]

    def reduce(self, matrix: Sequence[Sequence[float]]) -> float:
        """Mean of the only column of an (n, 1) matrix.

        Raises:
            ValueError: No rows: a mean of nothing is not a number.
        """
        (total,) = column_sums(matrix)
        return total / len(matrix)


def column_sums(matrix: Sequence[Sequence[float]]) -> list[float]:
    """Exactly rounded sum of each column of an (n, width) matrix; ValueError without rows."""
    if len(matrix) == 0:
        raise ValueError("nothing was scored, so there is no figure: count the failures instead")
    return [math.fsum(column) for column in zip(*matrix, strict=True)]
