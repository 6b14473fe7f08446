"""Public data that the project does not ship: `path("xquad_en")`, or the test skips and says so."""

import os
from pathlib import Path

import pytest


def path(name: str) -> Path:
    """The folder or file `name` below `$OPENBOOK_SHARED_DATA`, by default `shared/data` beside the repository."""
    given = os.environ.get("OPENBOOK_SHARED_DATA")
    root = Path(given) if given else Path(__file__).resolve().parents[2] / "shared/data"
    found = root / name
    if not found.exists():
        pytest.skip(
            f"public data {name!r} is not in {str(root)!r}; set OPENBOOK_SHARED_DATA to the folder that holds it"
        )
    return found
