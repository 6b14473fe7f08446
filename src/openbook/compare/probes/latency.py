"""The latency probe: questions answered one at a time, arm by arm within each question, after a warm-up.

Batched answering is faster for each answer and slower to the first token; what a user waits is measured here.
"""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from openbook.arms import Arm
from openbook.core import jsonl
from openbook.core.errors import disk_errors
from openbook.core.protocols import Progress, silent
from openbook.core.types import Answer, Delta, Example, Failure, Record

Timing = Mapping[str, float]
"""Seconds of one answer: `first_token`, `total`, and the stages."""


def path(folder: Path) -> Path:
    return folder / "latency.jsonl"


def timings(folder: Path) -> dict[str, Timing]:
    """Recorded timings of an arm's run, by example key; questions that it failed are not among them."""
    return {row["key"]: row["seconds"] for row in jsonl.read(path(folder)) if "seconds" in row}


def told(records: Mapping[str, Record], questions: Sequence[Example]) -> list[Timing]:
    """Timings that recorded answers tell of themselves; there is nobody to measure."""
    answers = [records[question.key].result for question in questions if question.key in records]
    seconds = [answer.seconds.get("generate", 0.0) for answer in answers if isinstance(answer, Answer)]
    return [{"first_token": value, "total": value, "generate": value} for value in seconds if value > 0]


def is_missing(folder: Path, questions: Sequence[Example], *, retry_failures: bool = False) -> bool:
    """Whether a question was neither timed nor failed for good (which counts as missing with `retry_failures`)."""
    return bool({question.key for question in questions} - _done(folder, retry_failures))


def measure(
    arms: Sequence[tuple[Arm, Path]],
    questions: Sequence[Example],
    *,
    retry_failures: bool = False,
    progress: Progress = silent,
) -> None:
    """Time what is missing, interleaved so that a slow minute of the machine hits every arm alike."""
    wanted = [(arm, folder, _done(folder, retry_failures)) for arm, folder in arms]
    todo = [row for row in wanted if {question.key for question in questions} - row[2]]
    for arm, _, _ in todo:
        _ask_alone(arm, questions[0])
    total = len(todo) * len(questions)
    for number, question in enumerate(questions):
        for place, (arm, folder, done) in enumerate(todo):
            if question.key not in done:
                _note(folder, question, _ask_alone(arm, question))
            progress(number * len(todo) + place + 1, total, "latency")


def _done(folder: Path, retry_failures: bool) -> set[str]:
    return {row["key"] for row in jsonl.read(path(folder)) if "seconds" in row or not retry_failures}


def _note(folder: Path, question: Example, taken: Timing | Failure) -> None:
    """A failure is no timing; one that may pass by itself is tried again at the next call."""
    if isinstance(taken, Failure) and taken.transient:
        return
    outcome = {"failure": taken.message} if isinstance(taken, Failure) else {"seconds": dict(taken)}
    with disk_errors(str(path(folder))):
        jsonl.append(path(folder), [{"key": question.key, **outcome}])


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


def _ask_alone(arm: Arm, question: Example) -> Timing | Failure:
    started = time.perf_counter()
    first = 0.0
    stages: dict[str, float] = {}
    for _, event in arm.stream([question]):
        if isinstance(event, Delta):
            first = first or time.perf_counter() - started
        elif isinstance(event.result, Failure):
            return event.result
        else:
            stages = {k: v for k, v in event.result.seconds.items() if k != "first_token"}
    total = time.perf_counter() - started
    return {**stages, "first_token": first or total, "total": total}
