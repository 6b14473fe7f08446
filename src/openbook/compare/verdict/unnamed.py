"""What an arm cannot do because no example names the documents that hold its answer. Knows no answer."""

from collections.abc import Sequence

from openbook.compare.seats import Seat, first_seats
from openbook.core.types import Example


def unnamed(seats: Sequence[Seat], *, train: Sequence[Example], test: Sequence[Example]) -> list[str]:
    """A sentence for each arm that goes by named documents, where there are none."""
    said = []
    for seat in first_seats(seats):
        if seat.plan.studies_passages and _none_named(train):
            said.append(
                f"{seat.name}: no training example names its `documents`, so it learnt over whatever passages its questions found:"
                " none of its rows was given the right passage on purpose or taught to abstain, and `[tune] oracle` chose nothing."
            )
        if seat.plan.kind == "rag-oracle" and _none_named(test):
            said.append(
                f"{seat.name}: no test question names its `documents`, so it was handed what any search finds: it is no"
                " bound on what better retrieval would bring."
            )
    return said


def _none_named(examples: Sequence[Example]) -> bool:
    return not any(example.documents for example in examples if example.answerable)
