"""`make evidence NAME=policy-bot`: a project at full size, its report written to `docs/evidence/<NAME>.md`.

Takes `examples/<NAME>` or `evidence/<NAME>`, with the settings of its `evidence.toml` where it has one (which says
`extends = "openbook.toml"`). Works on a copy in `build/evidence/<NAME>` that keeps its state: interrupted, it goes on.
A project with a `prepare.py` is made by it, from public data that is not shipped: `--data DIR`, or the folder of the
project's name (`emanual_qa` for `emanual-qa`, `scitldr_a` for `scitldr`) below `$OPENBOOK_SHARED_DATA`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from steps import ROOT, Ledger, Stop, refresh, relative, say

PLACES = (ROOT / "examples", ROOT / "evidence")


def main() -> int:
    parser = argparse.ArgumentParser(description="Run a project at full size and commit its report.")
    parser.add_argument("name", nargs="?", default="")
    parser.add_argument("--data", type=Path, help="folder of the data that prepare.py makes the project from")
    arguments = parser.parse_args()
    name = arguments.name
    source = find(name)
    if source is None:
        say(f"No project named {name!r}. Say: make evidence NAME=<one of {', '.join(known())}>")
        return 2
    settings = "evidence.toml" if (source / "evidence.toml").exists() else "openbook.toml"
    report = ROOT / "docs" / "evidence" / f"{name}.md"
    ledger = Ledger()
    try:
        copy = relative(bring(source, ROOT / "build" / "evidence" / name, arguments.data or data_for(name), ledger))
        ledger.run("compare", "compare", "-C", copy, "--config", settings)
        ledger.run("report", "report", "-C", copy, "--config", settings, "--markdown", into=report)
    except Stop as stop:
        return stop.code
    except KeyboardInterrupt:
        say(f"Interrupted; nothing that was recorded is lost. Run make evidence NAME={name} again to go on.")
        return 130
    print(f"\n{ledger}\n\nThe report is in {relative(report)}.")
    return 0


def bring(source: Path, target: Path, data: Path, ledger: Ledger) -> Path:
    """The project in `target`: made by its `prepare.py` where there is one, else copied.

    Raises:
        Stop: `prepare.py` did not end well.
    """
    prepare = source / "prepare.py"
    if not prepare.exists():
        return refresh(source, target)
    if not data.is_dir():
        say(
            f"{relative(source)} is made from data that is not shipped, and there is no folder {str(data)!r}. Its"
            " README.md says where the data comes from; give its folder with OPENBOOK_SHARED_DATA or --data."
        )
        raise Stop(2)
    began = time.monotonic()
    made = subprocess.run([sys.executable, str(prepare), "--data", str(data), "--out", str(target)], check=False)
    ledger.add("prepare", began)
    if made.returncode != 0:
        raise Stop(made.returncode)
    return target


def data_for(name: str) -> Path:
    """Where the data of a project lies, if nobody says otherwise: in the folder of its name, else in the only one that
    begins with it (`scitldr_a` for `scitldr`)."""
    shared = os.environ.get("OPENBOOK_SHARED_DATA")
    named = (Path(shared) if shared else ROOT.parent / "shared" / "data") / name.replace("-", "_")
    alike = list(named.parent.glob(f"{named.name}_*"))
    return alike[0] if len(alike) == 1 and not named.exists() else named


def known() -> list[str]:
    return sorted(settings.parent.name for place in PLACES for settings in place.glob("*/openbook.toml"))


def find(name: str) -> Path | None:
    return next((place / name for place in PLACES if name and (place / name / "openbook.toml").exists()), None)


if __name__ == "__main__":
    sys.exit(main())
