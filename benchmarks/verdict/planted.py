"""`python benchmarks/verdict/planted.py`: studies with something planted in them, judged by `openbook compare`.

Every study of `expected.toml` is written to disk as a project, compared through the command line with scripted answers,
and checked against what the table says must come out.
"""

from __future__ import annotations

import argparse
import io
import json
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import checks
import study as studies
import traps

from openbook.cli.main import run
from openbook.project import Project

EXPECTED = Path(__file__).parent / "expected.toml"
ENOUGH = 0.95
"""Share of the studies that must come out right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A study and what is wrong with its outcome: a sentence each; none where all is as planted."""

    id: str
    trap: str
    wrongs: tuple[str, ...]
    seconds: float


def table(path: Path = EXPECTED) -> list[dict[str, Any]]:
    """The rows of expected verdicts."""
    rows: list[dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))["study"]
    return rows


def judge(row: Mapping[str, Any], folder: Path) -> Result:
    """Write the study of a row into a folder, compare, and check."""
    began = time.perf_counter()
    made = traps.study(row["trap"], row["seed"], row["variant"])
    studies.write(folder, made)
    _teach_adapters(folder, made)
    code, report = _called("compare", "-C", str(folder), "--json")
    taste = _called("compare", "-C", str(folder), "--taste", "--json")[1] if "taste" in row else {}
    found = checks.Found(code=code, report=report, taste=taste)
    wrongs = tuple(checks.wrongs(row, found))
    return Result(id=row["id"], trap=row["trap"], wrongs=wrongs, seconds=time.perf_counter() - began)


def _teach_adapters(folder: Path, made: studies.Study) -> None:
    """Scripts of arms whose adapters answer differently: they are named by fingerprint, which a project on disk has."""
    for arm in made.arms:
        if arm.by_seed:
            project = Project.open(folder)
            names = {seed: project.study(arm.name, seed=seed).fingerprint for seed in arm.by_seed}
            studies.script(folder, arm, made.cases, names)


def _called(*words: str) -> tuple[int, dict[str, Any]]:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(list(words))
    try:
        return code, json.loads(out.getvalue())
    except ValueError:
        return code, {"said": err.getvalue() or out.getvalue()}


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _parser().parse_args(arguments)
    rows = [row for row in table(asked.table) if asked.trap in ("", row["trap"])]
    with tempfile.TemporaryDirectory() as scratch:
        results = [judge(row, Path(scratch) / row["id"]) for row in rows]
    for result in results:
        for wrong in result.wrongs:
            print(f"{result.id}: {wrong}")
    right = [result for result in results if not result.wrongs]
    counted, all_ = Counter(r.trap for r in right), Counter(r.trap for r in results)
    print(", ".join(f"{trap} {counted[trap]}/{number}" for trap, number in all_.items()))
    print(f"{len(right)} of {len(results)} right, {sum(r.seconds for r in results):.0f} s")
    return 0 if len(right) >= ENOUGH * len(results) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Judge studies with planted truths.")
    parser.add_argument("--trap", default="", help="studies of this trap only")
    parser.add_argument("--table", type=Path, default=EXPECTED)
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
