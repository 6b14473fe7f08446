"""The latency probe: questions answered one at a time, arm by arm within each question, after a warm-up.

Batched answering is faster for each answer and slower to the first token; what a user waits is measured here.
"""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from openbook.arms import Arm
from openbook.core import jsonl
from openbook.core.protocols import Progress, silent
from openbook.core.types import Answer, Delta, Example

Timing = Mapping[str, float]
"""Seconds of one answer: `first_token`, `total`, and the stages."""


def path(folder: Path) -> Path:
    return folder / "latency.jsonl"


def timings(folder: Path) -> dict[str, Timing]:
    """Recorded timings of an arm's run, by example key."""
    return {row["key"]: row["seconds"] for row in jsonl.read(path(folder))}


def is_missing(folder: Path, questions: Sequence[Example]) -> bool:
    return any(question.key not in timings(folder) for question in questions)


def measure(arms: Sequence[tuple[Arm, Path]], questions: Sequence[Example], *, progress: Progress = silent) -> None:
    """Time what is missing, interleaved so that a slow minute of the machine hits every arm alike."""
    todo = [(arm, folder) for arm, folder in arms if is_missing(folder, questions)]
    for arm, _ in todo:
        _ask_alone(arm, questions[0])
    total = len(todo) * len(questions)
    for number, question in enumerate(questions):
        for place, (arm, folder) in enumerate(todo):
            if question.key not in timings(folder):
                seconds = _ask_alone(arm, question)
                jsonl.append(path(folder), [{"key": question.key, "seconds": seconds}])
            progress(number * len(todo) + place + 1, total, "latency")


def summary(rows: Sequence[Timing]) -> dict[str, object]:
    """Median and 95th percentile of the seconds an answer takes, median of the first token, means by stage."""
    if not rows:
        return {}
    totals = np.array([row["total"] for row in rows])
    first = np.array([row["first_token"] for row in rows])
    stages = sorted({stage for row in rows for stage in row} - {"total", "first_token"})
    return {
        "n": len(rows),
        "first_token": round(float(np.median(first)), 4),
        "p50": round(float(np.median(totals)), 4),
        "p95": round(float(np.quantile(totals, 0.95)), 4),
        "by_stage": {stage: round(float(np.mean([row.get(stage, 0.0) for row in rows])), 4) for stage in stages},
    }


def _ask_alone(arm: Arm, question: Example) -> dict[str, float]:
    started = time.perf_counter()
    first = 0.0
    stages: dict[str, float] = {}
    for _, event in arm.stream([question]):
        if isinstance(event, Delta):
            first = first or time.perf_counter() - started
        elif isinstance(event.result, Answer):
            stages = {k: v for k, v in event.result.seconds.items() if k != "first_token"}
    total = time.perf_counter() - started
    return {**stages, "first_token": first or total, "total": total}
