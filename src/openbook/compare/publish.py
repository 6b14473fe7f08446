"""Reports on disk: found by what they are made from, made when they are not there.

Knows how a report is named and kept, not what stands in it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from openbook import __version__
from openbook.compare.marking.pairjudging import heard_so_far
from openbook.compare.material import Material
from openbook.compare.promptsearch import search_row
from openbook.compare.report import VERSION
from openbook.compare.seats import first_seats
from openbook.core.ids import digest, file_sha256
from openbook.core.protocols import Metric
from openbook.project import Project
from openbook.workspace import read_json, write_json, write_text

LATEST = "latest.json"
GATES = "gates.json"


def fingerprint(project: Project, material: Material, metrics: Sequence[Metric], *, look: int = 1) -> str:
    """Of everything a report is made from: the same runs give the same report. Cheap: no answer is marked.

    Args:
        look: Number of the look, since its tests stand at an alpha of their own.
    """
    config, division = project.config, project.exam.division
    seats = [*material.seats, *material.updated, *material.curve, *material.retuned]
    files = [seat.log.folder / name for seat in seats for name in ("records.jsonl", "latency.jsonl")]
    files += material.forgetting.files if material.forgetting else []
    for probe in (material.robustness, material.reading, material.domain):
        files += probe.files if probe else []
    sections = {"project", "compare", "constraints", "cost", "probes"}
    return digest(
        {
            "version": [VERSION, __version__],
            # What is required of a report does not change the report.
            "settings": config.model_dump(
                mode="json", include=sections, exclude={"compare": {"require"}}, by_alias=True
            ),
            "project": [project.name, project.root.name, material.dev, look],
            "metrics": [[metric.name, metric.signature] for metric in metrics],
            "runs": [
                [seat.name, seat.plan.kind, seat.plan.model.name, seat.arm.seed, seat.arm.fingerprint] for seat in seats
            ],
            "records": [file_sha256(file) if file.exists() else "" for file in files],
            "questions": [
                [digest(asdict(question)) for question in part]
                for part in (material.paper.questions, material.freshness, *material.gap)
            ],
            "second version": [project.second.by, asdict(project.second.made) if project.second.by == "made" else None],
            "strata": [material.paper.stratum[q.id] + material.paper.group[q.id] for q in material.paper.questions],
            "division": [len(part) for part in (division.train, division.dev, division.seen, division.new)],
            "labelled twice": [digest(asdict(e)) for e in project.exam.examples if e.id in project.exam.groups.twins],
            "skipped": project.knowledge.skipped(),
            "budget": None if project.budget is None else asdict(project.budget),
            "searches": [search_row(project, seat.plan) for seat in first_seats(material.seats)],
            "judged pairs": heard_so_far(project),
            "absent": [[row.name, row.reason] for row in material.absent],
        }
    )


def find(project: Project, name: str) -> dict[str, Any] | None:
    """A report that was made before."""
    found = read_json(project.workspace.report(name) / "report.json")
    return found if isinstance(found, dict) else None


def keep(project: Project, name: str, report: Mapping[str, Any], pages: Mapping[str, str]) -> Path:
    """Write a report and its pages (file name → text); returns its folder."""
    folder = project.workspace.report(name)
    for page, text in pages.items():
        write_text(folder / page, text)
    # Not sorted by key: the order of the arms is the reader's.
    write_text(folder / "report.json", json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    return folder


def gates(folder: Path) -> list[dict[str, Any]] | None:
    """The gates that a report's pages show; None where a kill left that open."""
    file = folder / GATES
    if not file.exists():
        return []
    found = read_json(file)
    return found if isinstance(found, list) else None


def keep_gates(folder: Path, shown: Sequence[Mapping[str, Any]], pages: Mapping[str, str]) -> None:
    """Replace the pages of a kept report by ones that show these gates."""
    write_json(folder / GATES, None)
    for page, text in pages.items():
        write_text(folder / page, text)
    if shown:
        write_json(folder / GATES, shown)
    else:
        (folder / GATES).unlink()


def remember(project: Project, name: str) -> None:
    """Make this the report that `openbook report` shows; the one before stays known as the previous one."""
    before = latest(project)
    if name != before:
        write_json(project.workspace.folder / LATEST, {"report": name, **({"previous": before} if before else {})})


def latest(project: Project) -> str | None:
    return _remembered(project, "report")


def previous(project: Project) -> str | None:
    """The last report that was shown before the latest one and is another."""
    return _remembered(project, "previous")


def _remembered(project: Project, key: str) -> str | None:
    found = read_json(project.workspace.folder / LATEST)
    return str(found[key]) if isinstance(found, dict) and key in found else None
