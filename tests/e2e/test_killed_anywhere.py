"""Kill -9 at every stage boundary and at twenty random moments: the run resumes to the same records and scores."""

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from project_files import start

DRIVER = Path(__file__).with_name("killed.py")
NEVER = 10**9
SIGKILL = -9


def drive(project: Path, event: int, *only: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(DRIVER), str(project), str(event), *only], capture_output=True, text=True, timeout=120
    )


def records(project: Path) -> dict[str, dict[str, Any]]:
    """Run → example key → what was answered; the timings left out."""
    found: dict[str, dict[str, Any]] = {}
    for path in project.glob(".openbook/runs/*/records.jsonl"):
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        keys = [row["key"] for row in rows]
        assert len(keys) == len(set(keys)), "an answer was recorded twice"
        found[path.parent.name] = {row["key"]: (row["answer"]["text"], row["answer"]["prompt"]) for row in rows}
    return found


def scores(project: Path) -> Any:
    latest = json.loads((project / ".openbook/latest.json").read_text(encoding="utf-8"))["report"]
    report = json.loads((project / f".openbook/reports/{latest}/report.json").read_text(encoding="utf-8"))
    return {name: arm["scores"] for name, arm in report["arms"].items()}, report["pairs"], report["probes"]["gap"]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, int]:
    """A finished project, and how many events and stages its run had."""
    project = start(tmp_path_factory.mktemp("unbroken") / "shop")
    copy = shutil.copytree(project, project.parent / "counted")
    events = int(drive(project, NEVER).stdout)
    stages = int(drive(copy, NEVER, "stage").stdout)
    assert (events, stages) > (100, 10)
    return project, events, stages


def fresh(unbroken: Path, folder: Path) -> Path:
    return Path(shutil.copytree(unbroken, folder, ignore=shutil.ignore_patterns(".openbook")))


def test_killed_at_every_stage_boundary_it_resumes_to_the_same(unbroken: tuple[Path, int, int], tmp_path: Path) -> None:
    whole, _, stages = unbroken
    project = fresh(whole, tmp_path / "shop")
    # Every call gets past the stage it was killed at before: the next kill comes at the boundary after it.
    kills = 0
    for _ in range(stages + 1):
        if drive(project, 2, "stage").returncode != SIGKILL:
            break
        kills += 1
    assert kills >= stages - 2
    assert drive(project, NEVER).returncode == 0
    assert records(project) == records(whole)
    assert scores(project) == scores(whole)


def test_killed_at_twenty_random_moments_it_resumes_to_the_same(
    unbroken: tuple[Path, int, int], tmp_path: Path
) -> None:
    whole, events, _ = unbroken
    chance = random.Random(20)
    project = fresh(whole, tmp_path / "shop")
    kills = 0
    while kills < 20:
        ended = drive(project, chance.randint(2, max(3, events // 20)))
        if ended.returncode != SIGKILL:
            assert ended.returncode == 0, ended.stderr
            shutil.rmtree(project)
            project = fresh(whole, tmp_path / "shop")
            continue
        kills += 1
        tear_last_line(project, chance)
    assert drive(project, NEVER).returncode == 0
    assert records(project) == records(whole)
    assert scores(project) == scores(whole)


def tear_last_line(project: Path, chance: random.Random) -> None:
    """What a kill in the middle of an append leaves: cut some bytes off one log."""
    logs = sorted(project.glob(".openbook/runs/*/records.jsonl"))
    if logs and chance.random() < 0.5:
        log = chance.choice(logs)
        size = log.stat().st_size
        with log.open("r+b") as file:
            file.truncate(max(0, size - chance.randint(1, 40)))
