"""From material to a kept report, and what it means for an exit code. Marks only when the report is not there yet."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from openbook.compare import promptsearch, publish, report
from openbook.compare.gates import gate
from openbook.compare.gates.requirement import parse
from openbook.compare.marking.marks import Marks
from openbook.compare.marking.metrics import metrics_of
from openbook.compare.material import Material
from openbook.compare.verdict import looks
from openbook.config import FILE
from openbook.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A report with where it lies.

    Attributes:
        report: The JSON object of `openbook compare --json`, with `answers` beside. Its `gates` are those of the last call.
        folder: Holds `report.json`, `report.html`, `report.md`, `memo.md`, and `gates.json` where the pages show gates.
        failed: Arm → share of failed answers, for those above `max_failures`.
    """

    report: Mapping[str, Any]
    folder: Path
    failed: Mapping[str, float]


def conclude(project: Project, material: Material, *, looked: bool = True) -> Outcome:
    """Find the report of these runs, or make it.

    Args:
        looked: Whether these are test scores, and so a look to be counted.
    """
    metrics = metrics_of(project)
    look = looks.take(project, material) if looked else looks.NO_LOOK
    name = publish.fingerprint(project, material, metrics, look=look.number)
    found = publish.find(project, name)
    if found is None:
        marks = Marks(
            material.paper,
            metrics,
            material.seats,
            level=project.config.compare.level,
            dev=project.exam.division.dev,
        )
        found = report.build(project, material, marks, look=look)
        publish.keep(project, name, found, _pages(project, found))
    publish.remember(project, name)
    folder = project.workspace.report(name)
    return Outcome(
        report={
            **found,
            "gates": publish.gates(folder) or [],
            "looks": look.total,
            "report": str(folder / "report.html"),
        },
        folder=folder,
        failed=_failed(project, found),
    )


def hold(project: Project, outcome: Outcome, gates: Sequence[gate.Gate]) -> Outcome:
    """Show these gates, and no others, in a report's object and pages. `report.json` stays what the runs make it."""
    shown = gate.rows(gates)
    if publish.gates(outcome.folder) != shown:
        found = publish.find(project, outcome.folder.name) or {}
        publish.keep_gates(outcome.folder, shown, _pages(project, {**found, "gates": shown}))
    return replace(outcome, report={**outcome.report, "gates": shown})


def public(outcome: Outcome) -> dict[str, Any]:
    """The contract's object: everything but the answers side by side, which the report's files hold."""
    return {key: value for key, value in outcome.report.items() if key != "answers"}


def _failed(project: Project, found: Mapping[str, Any]) -> dict[str, float]:
    shares = {name: arm["failures"]["count"] / arm["asked"] for name, arm in found["arms"].items() if arm.get("asked")}
    return {name: share for name, share in shares.items() if share > project.config.compare.max_failures}


def _pages(project: Project, found: Mapping[str, Any]) -> dict[str, str]:
    from openbook.compare.pages import classic, costs_words, memo, page, probed, tables, wrongs

    command = f"openbook compare -C {project.root.name}" + (" --dev" if found["examples"]["side"] == "dev" else "")
    command += f" --config {shlex.quote(project.file)}" if project.file != FILE else ""
    command += f" --budget {project.config.compare.budget}" if project.budget else ""
    required = [row["require"] for row in found.get("gates", ())]
    configured = {str(parse(text)) for text in project.config.compare.require} if required else set()
    command += "".join(f" --require {shlex.quote(text)}" for text in required if text not in configured)
    more = [("Why answers were wrong", wrongs.markdown(found)), ("The usual table", classic.markdown(found))]
    more.append(("What a year costs", costs_words.markdown(found)))
    if searched := promptsearch.cells(found):
        more.append(("Prompt search", tables.grid(promptsearch.HEADS, searched)))
    more += probed.markdown(found)
    return {
        "report.html": page.html(found, command=command),
        "report.md": tables.markdown(found, command=command, more=more),
        "memo.md": memo.memo(found),
    }
