"""Reports on disk: found by what they are made from, made when they are not there, every look at test scores counted.

Knows how a report is named and kept, not what stands in it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from openbook import __version__
from openbook.compare.comparison import Material
from openbook.compare.report import VERSION
from openbook.core import jsonl
from openbook.core.errors import disk_errors
from openbook.core.ids import digest, file_sha256
from openbook.core.protocols import Metric
from openbook.project import Project
from openbook.workspace import read_json, write_json, write_text

LATEST = "latest.json"


def fingerprint(project: Project, material: Material, metrics: Sequence[Metric]) -> str:
    """Of everything a report is made from: the same runs give the same report. Cheap: no answer is marked."""
    config, division = project.config, project.exam.division
    seats = [*material.seats, *material.updated]
    files = [seat.log.folder / name for seat in seats for name in ("records.jsonl", "latency.jsonl")]
    sections = {"project", "compare", "cost", "probes"}
    return digest(
        {
            "version": [VERSION, __version__],
            "settings": config.model_dump(mode="json", include=sections, by_alias=True),
            "project": [project.name, project.root.name, material.dev],
            "metrics": [[metric.name, metric.signature] for metric in metrics],
            "runs": [
                [seat.name, seat.plan.kind, seat.plan.model.name, seat.arm.seed, seat.arm.fingerprint] for seat in seats
            ],
            "records": [file_sha256(file) if file.exists() else "" for file in files],
            "questions": [
                [digest(asdict(question)) for question in part]
                for part in (material.paper.questions, material.freshness, *material.gap)
            ],
            "strata": [material.paper.stratum[q.id] + material.paper.group[q.id] for q in material.paper.questions],
            "division": [len(part) for part in (division.train, division.dev, division.seen, division.new)],
            "labelled twice": [digest(asdict(e)) for e in project.exam.examples if e.id in project.exam.groups.twins],
            "skipped": project.knowledge.skipped(),
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


def remember(project: Project, name: str) -> None:
    """Make this the report that `openbook report` shows."""
    write_json(project.workspace.folder / LATEST, {"report": name})


def latest(project: Project) -> str | None:
    found = read_json(project.workspace.folder / LATEST)
    return str(found["report"]) if isinstance(found, dict) else None


def look(project: Project, material: Material) -> int:
    """Record a look at the test scores of these arms, once; returns how many different ones there were.

    A resumed run is the same look; other settings, adapters or questions are a new one. Arms that have not answered yet
    show nothing.
    """
    keys = {question.key for question in material.paper.questions}
    arms = sorted(seat.arm.fingerprint for seat in material.seats if keys & seat.log.records.keys())
    identity = digest([arms, sorted(keys)])
    path = project.workspace.looks
    known = [row["look"] for row in jsonl.read(path)]
    if arms and identity not in known:
        with disk_errors(str(path)):
            jsonl.append(path, [{"look": identity, "arms": arms, "questions": len(keys)}])
        known.append(identity)
    return len(known)
