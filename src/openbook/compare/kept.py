"""Kept reports, found by what a user calls them: a file, a folder, `latest`, `previous`, or the start of a name.

Knows where reports lie, not what to do with one.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from openbook.compare import publish
from openbook.core.errors import DataError, UsageError, unknown
from openbook.project import Project
from openbook.workspace import FOLDER

FILE = "report.json"
NEEDED = ("metric", "margin", "level", "metrics", "examples", "arms", "pairs", "recommendation")


def read(name: str, project: Project | None) -> tuple[str, Mapping[str, Any]]:
    """A report and the path of its file.

    Args:
        project: Where `latest`, `previous` and bare names are looked for; None where paths alone are meant.

    Raises:
        UsageError: There is no such report.
        DataError: The file is not a report.
    """
    file = _file(name, project)
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"it is not a report that can be read: {error}.", path=file) from error
    missing = [key for key in NEEDED if not isinstance(found, dict) or key not in found]
    if missing or found.get("schema") != 1:
        raise DataError(
            f"this is no report of Openbook's (schema 1): {', '.join(missing) or 'schema'} is missing.", path=file
        )
    return str(file), found


def _file(name: str, project: Project | None) -> Path:
    if name in ("latest", "previous"):
        return _remembered(name, project)
    path = Path(name)
    if path.is_file():
        # The pages lie beside the report.
        return path if path.suffix == ".json" else path.with_name(FILE)
    if path.is_dir():
        return _remembered("latest", Project.open(path)) if (path / FOLDER).is_dir() else path / FILE
    folders = [folder for folder in _folders(project) if folder.name.startswith(name)]
    if len(folders) != 1:
        known = {"latest", "previous", *(folder.name for folder in _folders(project))}
        several = f"{len(folders)} reports are called {name!r}…; write more of the name."
        raise UsageError(several if folders else f"{unknown('report', name, known)} A file or a folder will do too.")
    return folders[0] / FILE


def _remembered(name: str, project: Project | None) -> Path:
    if project is None:
        raise UsageError(f"{name!r} is a report of a project, and there is none here. Name the project with -C DIR.")
    found = publish.latest(project) if name == "latest" else publish.previous(project)
    if found is None:
        hint = (
            "Make one with: openbook compare" if name == "latest" else "There is one after two different comparisons."
        )
        raise UsageError(f"The project {project.name!r} has no {name} report yet. {hint}")
    return project.workspace.report(found) / FILE


def _folders(project: Project | None) -> list[Path]:
    return sorted(path.parent for path in project.workspace.report("").glob(f"*/{FILE}")) if project else []
