"""Writes `docs/reference/` from the code: settings, verbs, errors, seams, metrics, and the JSON Schemas.

    python tools/reference.py            write what changed
    python tools/reference.py --check    write nothing; exit 1 where a page is not current

Every page is a function from the code to text. What the code does not say itself stands in tables beside the functions;
a key, an error, a protocol or a verb that is described nowhere raises `Gap`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from reference_metrics import metrics_page
from reference_seams import plugins_page
from reference_settings import config_page, config_schema
from reference_verbs import cli_page, errors_page
from reference_words import ROOT, SOURCE

REFERENCE = ROOT / "docs" / "reference"
SCHEMAS = (
    SOURCE / "advise" / "advise.schema.json",
    SOURCE / "compare" / "diff.schema.json",
    SOURCE / "compare" / "report.schema.json",
)
"""Of what commands print with `--json`; they ship with the package."""


def pages() -> dict[str, str]:
    """Every reference file by name."""
    return {
        "config.md": config_page(),
        "cli.md": cli_page(),
        "errors.md": errors_page(),
        "plugins.md": plugins_page(),
        "metrics.md": metrics_page(),
        "openbook.schema.json": config_schema(),
        **{file.name: file.read_text(encoding="utf-8") for file in SCHEMAS},
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write docs/reference/ from the code.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a page is not current")
    check = parser.parse_args(arguments).check
    stale = {name: text for name, text in pages().items() if current(name) != text}
    for name, text in stale.items():
        if not check:
            REFERENCE.mkdir(parents=True, exist_ok=True)
            (REFERENCE / name).write_text(text, encoding="utf-8")
        print(f"{'not current' if check else 'written'}: docs/reference/{name}")
    return 1 if check and stale else 0


def current(name: str) -> str:
    file = REFERENCE / name
    return file.read_text(encoding="utf-8") if file.exists() else ""


if __name__ == "__main__":
    sys.exit(main())
