"""Looks at test scores: each is written down once, and says at which alpha its tests stand.

A look is a set of arms whose scores on a set of questions were shown. Knows no scores.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from openbook.compare.material import Material
from openbook.core import jsonl
from openbook.core.errors import disk_errors
from openbook.core.ids import digest
from openbook.core.types import Answer, Record
from openbook.project import Project
from openbook.score.stats import look_alpha


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Where this report stands among the looks of its project.

    Attributes:
        number: 1 for the first look at these questions, counting those that had any question in common; 0 where test
            scores are not shown.
        total: Looks in this project, whatever the questions.
    """

    number: int
    total: int

    def alpha(self, whole: float) -> float:
        """What the tests of this look may spend of `whole`."""
        return look_alpha(self.number, whole) if self.number else whole


FIRST = Look(number=1, total=1)
NO_LOOK = Look(number=0, total=0)


def take(project: Project, material: Material) -> Look:
    """Record a look at the test scores of these arms, once.

    The same arms and questions are the same look, and so is a run that goes on where an unfinished one was shown. Other
    settings, adapters, arms or questions are a new one. Arms that have not answered, or failed throughout, show nothing.
    """
    keys = {question.key for question in material.paper.questions}
    arms = sorted({seat.arm.fingerprint for seat in material.seats if _shows(seat.log.records, keys)})
    row = {
        "look": digest([arms, sorted(keys)]),
        "arms": arms,
        "questions": len(keys),
        # By what was asked alone: an example with another id has been seen all the same.
        "shown": sorted({digest([question.input, question.context]) for question in material.paper.questions}),
        "unfinished": _unfinished(material, keys),
    }
    path = project.workspace.looks
    rows = list(jsonl.read(path))
    if arms and row["look"] not in [known["look"] for known in rows]:
        with disk_errors(str(path)):
            jsonl.append(path, [row])
        rows.append(row)
    return _place(_merged(rows), row)


def _shows(records: Mapping[str, Record], keys: Set[str]) -> bool:
    return any(isinstance(records[key].result, Answer) for key in keys & records.keys())


def _unfinished(material: Material, keys: set[str]) -> bool:
    waiting = any(arm.reason.startswith("not yet") for arm in material.absent)
    return waiting or any(not keys <= seat.log.records.keys() for seat in material.seats)


def _merged(rows: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The looks in order, each with the rows that showed it: an unfinished one goes on in the next that holds its arms."""
    looks: list[list[dict[str, Any]]] = []
    for row in rows:
        last = looks[-1][-1] if looks else {}
        goes_on = (
            last.get("unfinished") and last.get("shown") == row.get("shown") and set(last["arms"]) <= set(row["arms"])
        )
        if goes_on:
            looks[-1].append(row)
        else:
            looks.append([row])
    return looks


def _place(looks: Sequence[Sequence[dict[str, Any]]], row: dict[str, Any]) -> Look:
    """The number of the look that this row belongs to, among those that had a question in common with it."""
    number = 0
    for look in looks:
        # Rows of older versions do not say which questions they showed: they count.
        number += "shown" not in look[0] or bool(set(look[0]["shown"]) & set(row["shown"]))
        if row["look"] in [shown["look"] for shown in look]:
            return Look(number=number, total=len(looks))
    return Look(number=0, total=len(looks))
