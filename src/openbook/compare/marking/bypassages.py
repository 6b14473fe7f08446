"""The primary metric by what a question needs: one passage or several, a comparison, one fact or several.

Goes by the example's own labels: a question that names two documents or more, or says so by a tag, needs several passages.
Exploratory: nothing is tested here.
"""

import re
from collections.abc import Sequence
from typing import Any

from openbook.compare.marking.bytag import FEWEST_GROUPS, cell
from openbook.compare.marking.marks import Marks
from openbook.core.types import Example

Json = dict[str, Any]

COMPARING = frozenset(("comparing", "compare", "comparison", "comparisons"))
SEVERAL = frozenset(
    ("two passage", "two passages", "several passages", "multi passage", "multi hop", "multihop", "two documents")
)
"""Tags as written in small letters, a blank for what joins words."""


def row(marks: Marks) -> Json | None:
    """The report's `probes.by_passages`: each kind that there are questions of, with every arm's figure.

    None where no answerable question needs more than one passage or fact: there is nothing to set side by side.
    """
    asked = [question for question in marks.paper.questions if question.answerable]
    kinds = {
        "one_passage": [q for q in asked if len(q.documents) == 1 and not needs_several(q)],
        "several_passages": [q for q in asked if needs_several(q)],
        "comparing": [q for q in asked if _tags(q) & COMPARING],
        "one_fact": [q for q in asked if len(q.facts) == 1],
        "several_facts": [q for q in asked if len(q.facts) > 1],
    }
    if not kinds["several_passages"]:
        kinds |= {"one_passage": []}
    if not kinds["several_facts"]:
        kinds |= {"one_fact": []}
    found = {kind: _kind(marks, questions) for kind, questions in kinds.items() if questions}
    return {kind: made for kind, made in found.items() if made["arms"]} or None


def needs_several(question: Example) -> bool:
    """Whether it takes more than one passage to answer, as far as its labels tell."""
    return len(set(question.documents)) > 1 or bool(_tags(question) & (COMPARING | SEVERAL))


def _kind(marks: Marks, questions: Sequence[Example]) -> Json:
    groups = len({marks.paper.group[question.id] for question in questions})
    arms = {arm: found for arm in marks.arms if (found := cell(marks, arm, questions)) is not None}
    return {"n": len(questions), "groups": groups, "few": groups < FEWEST_GROUPS, "arms": arms}


def _tags(question: Example) -> set[str]:
    return {re.sub(r"[\s_-]+", " ", tag.strip().lower()) for tag in question.tags}
