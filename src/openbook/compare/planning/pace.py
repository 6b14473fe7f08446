"""How long answering and training took on this machine so far, against what is expected of it.

Read from what earlier runs left: seconds and tokens in adapters' manifests, seconds of recorded answers. One factor on
what the constants expect, so that it scales with sizes as they do.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from openbook import models
from openbook.compare.planning.expected import (
    ALONE,
    START_SECONDS,
    Speeds,
    answer_seconds,
    reference_speeds,
    size,
    training_seconds,
)
from openbook.compare.sitting import this_machine
from openbook.core import jsonl
from openbook.project import ArmPlan, Project
from openbook.workspace import read_json

Key = TypeVar("Key")

ENOUGH_ANSWERS = 8
"""Fewer say little: the first batch also loads the model."""

LOOKED_AT = 200
"""Answers of one run that are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Expected speeds, and factors on the seconds that come of them; 1 where nothing was measured.

    Attributes:
        speeds: Arm → what its model is expected to do.
        answering: (model, kind) → factor; (model, "") for its kinds that were not measured.
        training: Model → factor.
        ingesting: Seconds that reading and embedding all documents took; 0 where they never were.
    """

    speeds: Mapping[str, Speeds]
    answering: Mapping[tuple[str, str], float] = field(default_factory=dict)
    training: Mapping[str, float] = field(default_factory=dict)
    ingesting: float = 0.0

    def answer(self, project: Project, plan: ArmPlan, asked: int, *, alone: bool = False) -> float:
        """Seconds of answering so many questions, in batches or one at a time."""
        speeds, name = self.speeds[plan.name], plan.model.name
        speeds = replace(speeds, write=speeds.write / ALONE) if alone else speeds
        factor = self.answering.get((name, plan.kind), self.answering.get((name, ""), 1.0))
        return answer_seconds(project, plan, asked, speeds) * factor

    def train(self, project: Project, plan: ArmPlan, rows: int) -> float:
        """Seconds of training one adapter on so many rows."""
        start = START_SECONDS if plan.tune.trainer != "memorise" else 0.0
        factor = self.training.get(plan.model.name, 1.0)
        return start + training_seconds(project, plan, rows, self.speeds[plan.name]) * factor

    @property
    def measured(self) -> str:
        """What was measured, in words; empty where nothing was."""
        parts = [name for name, known in (("answering", self.answering), ("training", self.training)) if known]
        return " and ".join(parts)


def measure(project: Project, plans: Sequence[ArmPlan]) -> Pace:
    """What this project's runs and adapters say of this machine, for these arms; runs of other machines do not count."""
    reference, _ = reference_speeds()
    speeds = {plan.name: reference.over(size(plan)) for plan in plans}
    ingesting, folder = project.knowledge.seconds(), project.workspace.folder
    if not folder.exists() or not (models.home() / "machine.json").exists():
        return Pace(speeds=speeds, ingesting=ingesting)
    here = this_machine()
    return Pace(
        speeds=speeds,
        answering=_answering(project, _runs(folder / "runs", here), plans, speeds),
        training=_training(_manifests(folder / "adapters", here), plans, speeds),
        ingesting=ingesting,
    )


def _answering(
    project: Project,
    runs: Iterator[tuple[Mapping[str, Any], float]],
    plans: Sequence[ArmPlan],
    speeds: Mapping[str, Speeds],
) -> dict[tuple[str, str], float]:
    took: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for run, seconds in runs:
        plan = next((p for p in plans if (p.model.name, p.kind) == (run.get("model"), run.get("kind"))), None)
        if plan is not None:
            at_once = plan.model.concurrency if plan.scheme == "openai" else 1
            expected = answer_seconds(project, _as_it_ran(plan, run["settings"]), 1, speeds[plan.name])
            pair = seconds / at_once, expected
            took[plan.model.name, plan.kind].append(pair)
            took[plan.model.name, ""].append(pair)
    return _factors(took)


def _training(
    manifests: Iterator[Mapping[str, Any]], plans: Sequence[ArmPlan], speeds: Mapping[str, Speeds]
) -> dict[str, float]:
    took: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for manifest in manifests:
        plan = next((p for p in plans if p.tunes and p.model.name == manifest["base_name"]), None)
        if plan is not None and manifest["method"] == plan.tune.method:
            took[plan.model.name].append((manifest["seconds"], manifest["tokens"] / speeds[plan.name].train))
    return _factors(took)


def _factors(took: Mapping[Key, Sequence[tuple[float, float]]]) -> dict[Key, float]:
    sums = {key: [sum(side) for side in zip(*pairs, strict=True)] for key, pairs in took.items()}
    return {key: actual / expected for key, (actual, expected) in sums.items() if actual > 0 and expected > 0}


def _as_it_ran(plan: ArmPlan, settings: Mapping[str, Any]) -> ArmPlan:
    """The arm with the sizes it had then: what is expected now scales with what is expected of those."""
    generate = plan.generate.model_copy(update={"max_tokens": settings["max_tokens"]})
    looked_up = settings["retrieval"] or {}
    passages = looked_up.get("passages", plan.retrieve.passages)
    return replace(plan, generate=generate, retrieve=plan.retrieve.model_copy(update={"passages": passages}))


def _runs(folder: Path, here: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], float]]:
    """(`run.json`, mean seconds of an answer) of every run with enough answers, all of them from here."""
    for file in sorted(folder.glob("*/run.json")):
        run = read_json(file)
        if not isinstance(run, dict) or "model" not in run or run["machines"] != [here]:
            continue
        answers = [
            row["answer"] for row in islice(jsonl.read(file.parent / "records.jsonl"), LOOKED_AT) if "answer" in row
        ]
        if len(answers) >= ENOUGH_ANSWERS:
            taken = [sum(v for stage, v in one["seconds"].items() if stage != "first_token") for one in answers]
            yield run, sum(taken) / len(taken)


def _manifests(folder: Path, here: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Manifests of finished adapters that were trained here (which older ones do not say)."""
    for file in sorted(folder.glob("*/manifest.json")):
        manifest = read_json(file)
        if isinstance(manifest, dict) and manifest.get("cpu", here["cpu"]) == here["cpu"]:
            yield manifest
