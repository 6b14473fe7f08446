"""Reports on disk: found by what they are made from, made when they are not there, every look at test scores counted.

Knows how a report is named and kept, not what stands in it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from openbook import __version__
from openbook.compare.comparison import Material
from openbook.compare.report import VERSION
from openbook.core import jsonl
from openbook.core.ids import digest, file_sha256
from openbook.project import Project
from openbook.workspace import read_json, write_json, write_text

LATEST = "latest.json"


def fingerprint(project: Project, material: Material) -> str:
    """Of everything a report is made from: the same runs give the same report. Cheap: no answer is marked."""
    config = project.config
    seats = [*material.seats, *material.updated]
    files = [seat.log.folder / name for seat in seats for name in ("records.jsonl", "latency.jsonl")]
    return digest(
        {
            "version": [VERSION, __version__],
            "settings": [
                config.model_dump(mode="json", include={"project", "compare", "cost", "probes"}, by_alias=True),
                project.root.name,
            ],
            "runs": [[seat.name, seat.arm.seed, seat.arm.fingerprint] for seat in seats],
            "records": [file_sha256(file) if file.exists() else "" for file in files],
            "questions": [digest(_example(q)) for q in (*material.paper.questions, *material.freshness)],
            "strata": [material.paper.stratum[q.id] + material.paper.group[q.id] for q in material.paper.questions],
            "absent": [[row.name, row.reason] for row in material.absent],
        }
    )


def _example(example: Any) -> list[Any]:
    return [
        example.key,
        list(example.references),
        list(example.documents),
        [list(group) for group in example.facts],
        list(example.stale),
        list(example.tags),
        example.answerable,
    ]


def find(project: Project, name: str) -> dict[str, Any] | None:
    """A report that was made before."""
    found = read_json(project.workspace.report(name) / "report.json")
    return found if isinstance(found, dict) else None


def keep(project: Project, name: str, report: Mapping[str, Any], pages: Mapping[str, str]) -> Path:
    """Write a report and its pages (file name → text); returns its folder."""
    folder = project.workspace.report(name)
    for page, text in pages.items():
        write_text(folder / page, text)
    write_json(folder / "report.json", report)
    return folder


def remember(project: Project, name: str) -> None:
    """Make this the report that `openbook report` shows."""
    write_json(project.workspace.folder / LATEST, {"report": name})


def latest(project: Project) -> str | None:
    found = read_json(project.workspace.folder / LATEST)
    return str(found["report"]) if isinstance(found, dict) else None


def look(project: Project, material: Material) -> int:
    """Record a look at the test scores of these arms, once; returns how many different ones there were.

    A resumed run is the same look; other settings, adapters or questions are a new one.
    """
    arms = sorted(seat.arm.fingerprint for seat in material.seats)
    identity = digest([arms, sorted(question.key for question in material.paper.questions)])
    path = project.workspace.looks
    known = [row["look"] for row in jsonl.read(path)]
    if identity not in known:
        jsonl.append(path, [{"look": identity, "arms": arms, "questions": len(material.paper.questions)}])
        known.append(identity)
    return len(known)
