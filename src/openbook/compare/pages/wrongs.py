"""The table of wrong answers by class, as Markdown and as rows for the page.

Knows the report's JSON, nothing behind it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openbook.compare.causes.causes import NAMES, Cause
from openbook.compare.pages.tables import figure, grid

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRow:
    """A class that occurs.

    Attributes:
        counts: Arm → wrong answers, in the order of the arms.
        fixes: What to try, each with the arms that it is for (empty where it is for all of the row's).
    """

    name: str
    title: str
    meaning: str
    counts: Mapping[str, int]
    fixes: Sequence[tuple[str, str]]


def rows(report: Json) -> list[ClassRow]:
    """The classes that occur, in the order of precedence."""
    why = report["why"]
    found = []
    for name, naming in NAMES.items():
        advice: dict[str, list[str]] = {}
        for row in why["rows"]:
            if row["class"] == name:
                advice.setdefault(row["fix"], []).append(row["arm"])
        counts = {arm: row[name] for arm, row in why["arms"].items()}
        fixes = [(", ".join(arms) if len(advice) > 1 else "", fix) for fix, arms in advice.items()]
        found.append(ClassRow(name=name, title=naming.title, meaning=naming.meaning, counts=counts, fixes=fixes))
    return [row for row in found if row.fixes]


def lead(report: Json) -> str:
    """What counts as wrong."""
    below = report["why"]["below"]
    if below == 1:
        return f"Every answer that is wrong by {report['metric']}, in the first of these classes that holds."
    metric = f"whose {report['metric']} is below {figure(below)}"
    if not report["metrics"][0]["higher_is_better"]:
        metric = f"whose {report['metric']} is above {figure(1 - below)}"
    return f"Every answer {metric} ([compare] wrong_below), in the first of these classes that holds."


def markdown(report: Json) -> str:
    """The table with what to try; a sentence where nothing was wrong."""
    found = rows(report)
    if not found:
        return "No answer was wrong."
    arms = list(report["why"]["arms"])
    body = [
        [row.title, *(str(row.counts[arm] or "") for arm in arms), " ".join(_told(*fix) for fix in row.fixes)]
        for row in found
    ]
    totals = [f"{total['wrong']} of {total['answers']}" for total in report["why"]["totals"].values()]
    return f"{lead(report)}\n\n{grid(['class', *arms, 'cheapest thing to try'], [*body, ['all', *totals, '']])}"


def commonest(counts: Mapping[str, int]) -> list[Cause]:
    """The classes that occur, most answers first, of equals the first in order of precedence."""
    return sorted((name for name in NAMES if counts.get(name)), key=lambda name: -counts[name])


def _told(arms: str, fix: str) -> str:
    return f"{arms}: {fix}" if arms else fix
