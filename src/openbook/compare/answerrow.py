"""One question with every arm's answer, its marks and passages: what the pages show side by side. Knows no figure."""

from collections.abc import Mapping
from typing import Any

from openbook.compare.marking.marks import Marks
from openbook.compare.material import Material
from openbook.compare.seats import first_seats
from openbook.core.types import Answer, Example, Failure, Score

Json = dict[str, Any]


def answer_row(material: Material, marks: Marks, question: Example, classes: Mapping[tuple[str, str], str]) -> Json:
    """One question with every arm's answer: what the pages show side by side."""
    rows: Json = {}
    for seat in first_seats(material.seats):
        record = seat.log.records.get(question.key)
        if record is not None:
            rows[seat.name] = _one_answer(marks, seat.name, question, record.result)
            if (seat.name, question.id) in classes:
                rows[seat.name]["why"] = classes[seat.name, question.id]
    return {
        "id": question.id,
        "input": question.input,
        "reference": question.reference,
        "stratum": marks.paper.stratum[question.id],
        "group": marks.paper.group[question.id],
        "tags": list(question.tags),
        "documents": list(question.documents),
        "arms": rows,
    }


def _one_answer(marks: Marks, arm: str, question: Example, result: Answer | Failure) -> Json:
    if isinstance(result, Failure):
        return {"failure": f"{result.stage}: {result.message}"}
    found = {metric.name: marks.of(arm, metric.name).get(question.id) for metric in marks.metrics}
    return {
        "text": result.text,
        "cut": result.finish == "length",
        "abstained": result.abstained,
        "marks": {
            name: round(m.values[0], 4) for name, m in found.items() if isinstance(m, Score) and len(m.values) == 1
        },
        "passages": [
            {"label": hit.chunk.label, "path": hit.chunk.heading_path, "text": hit.chunk.text} for hit in result.hits
        ],
        "cited": [citation.label for citation in result.citations],
    }
