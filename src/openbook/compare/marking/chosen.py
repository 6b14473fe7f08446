"""Which arms had to answer with a label, how they were held to it, and how many answers are none all the same.

Knows the labels that a project asks for and what was answered; nothing of how a model chooses.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from openbook.compare.seats import Seat
from openbook.core.types import Answer
from openbook.project import Project
from openbook.score.labels import given_label, normalised

Json = dict[str, Any]


def choices_row(project: Project, seat: Seat, answers: Sequence[Answer]) -> Json | None:
    """`labels`, `by` and `off` of an arm; None where its answers are free text anyway.

    Args:
        answers: Of all its training seeds.
    """
    choices = project.choices(seat.plan)
    if not choices:
        return None
    known = frozenset(map(normalised, choices))
    off = sum(not answer.abstained and given_label(answer.text, known) is None for answer in answers)
    by = getattr(seat.arm.generator, "chooses", "") or "free"
    return {"labels": len(choices), "by": by, "off": off, "answers": len(answers)}


def choices_notes(report: Mapping[str, Any]) -> list[str]:
    """Sentences under the table: one for the arms that chose exactly, one for each other arm."""
    rows = {name: row for name, arm in report["arms"].items() if (row := arm.get("choices"))}
    exact = [name for name, row in rows.items() if row["by"] == "likelihood"]
    lines = []
    if exact:
        labels = rows[exact[0]]["labels"]
        lines.append(f"{', '.join(exact)}: each answer is the likeliest of the {labels} labels, found exactly.")
    how = {
        "schema": "asked for one of the labels by a JSON schema",
        "free": "answers freely, since its back end takes no labels",
    }
    return lines + [
        f"{name}: {how.get(row['by'], row['by'])}; {row['off']} of {row['answers']} answers are none of the"
        f" {row['labels']} labels."
        for name, row in rows.items()
        if name not in exact
    ]
