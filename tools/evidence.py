"""`make evidence NAME=policy-bot`: a project at full size, its report written to `docs/evidence/<NAME>.md`.

Takes `examples/<NAME>` or `evidence/<NAME>`, with the settings of its `evidence.toml` where it has one (which says
`extends = "openbook.toml"`). Works on a copy in `build/evidence/<NAME>` that keeps its state: interrupted, it goes on.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from steps import ROOT, Ledger, Stop, refresh, relative, say

PLACES = (ROOT / "examples", ROOT / "evidence")


def main() -> int:
    parser = argparse.ArgumentParser(description="Run a project at full size and commit its report.")
    parser.add_argument("name", nargs="?", default="")
    name = parser.parse_args().name
    source = find(name)
    if source is None:
        say(f"No project named {name!r}. Say: make evidence NAME=<one of {', '.join(known())}>")
        return 2
    settings = "evidence.toml" if (source / "evidence.toml").exists() else "openbook.toml"
    report = ROOT / "docs" / "evidence" / f"{name}.md"
    ledger = Ledger()
    try:
        copy = relative(refresh(source, ROOT / "build" / "evidence" / name))
        ledger.run("compare", "compare", "-C", copy, "--config", settings)
        ledger.run("report", "report", "-C", copy, "--config", settings, "--markdown", into=report)
    except Stop as stop:
        return stop.code
    except KeyboardInterrupt:
        say(f"Interrupted; nothing that was recorded is lost. Run make evidence NAME={name} again to go on.")
        return 130
    print(f"\n{ledger}\n\nThe report is in {relative(report)}.")
    return 0


def known() -> list[str]:
    return sorted(folder.name for place in PLACES if place.is_dir() for folder in place.iterdir() if folder.is_dir())


def find(name: str) -> Path | None:
    return next((place / name for place in PLACES if name and (place / name / "openbook.toml").exists()), None)


if __name__ == "__main__":
    sys.exit(main())
