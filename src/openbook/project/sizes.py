"""Sizes chosen for a budget: caps on what a comparison asks, trains on and reads, as if the user had written them.

A choice is made once and lies in the workspace, so that whoever opens the project with this budget gets the same
sizes, however far a run has come and however fast the machine turns out to be. Knows nothing of how one is chosen.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from openbook.config import Arm, Config
from openbook.core.durations import seconds_of
from openbook.core.ids import digest
from openbook.project.exam import Exam
from openbook.workspace import Workspace, read_json, write_json

ALL_AT_ZERO = (
    "compare.questions",
    "probes.forgetting_instructions",
    "probes.forgetting_texts",
    "probes.freshness_questions",
    "tune.rows",
)
"""Settings whose 0 means all there are."""

WORK = ("chunks", "model", "generate", "embedder", "retrieve", "prompt", "tune", "arms", "judge", "probes")
"""Sections that bear on how long a comparison takes; `[compare]` is taken in parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """One size that was made smaller.

    Attributes:
        what: The setting, `compare.questions`; where it is one arm's own, `arms.tuned.tune.epochs`.
        before: What it came to without the budget (where 0 stands for all: how many there are).
    """

    what: str
    before: float
    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a budget came to.

    Attributes:
        planned_seconds: By the estimate at the time of choosing, of the whole comparison from nothing.
        caps: Setting → the most it may be, for the top section and every arm's own.
        cuts: What the caps changed.
    """

    asked_seconds: int
    planned_seconds: float
    caps: Mapping[str, float]
    cuts: tuple[Cut, ...]


def capped(config: Config, caps: Mapping[str, float]) -> Config:
    """The same settings with none of them above its cap."""
    for what, cap in caps.items():
        name, key = what.split(".")
        section = getattr(config, name)
        config = config.model_copy(update={name: _lowered(section, what, key, cap)})
        own = {
            arm: settings.model_copy(update={name: _lowered(inner, what, key, cap)})
            for arm, settings in config.arms.items()
            if (inner := getattr(settings, name, None)) is not None
        }
        config = config.model_copy(update={"arms": {**config.arms, **own}})
    return config


def with_rows(config: Config, rows: Mapping[str, int]) -> Config:
    """The same settings with these arms training on so many rows."""
    arms = dict(config.arms)
    for name, count in rows.items():
        own = arms.get(name) or Arm.model_validate({"kind": name})
        tune = (own.tune or config.tune).model_copy(update={"rows": count})
        arms[name] = own.model_copy(update={"tune": tune})
    return config.model_copy(update={"arms": arms})


def path(workspace: Workspace, config: Config, exam: Exam) -> Path:
    """Where the choice for this budget, these settings and so many examples lies.

    Not the documents' text nor what is there of answers: neither an edit nor a resumed run may change the sizes.
    """
    division = exam.division
    parts = (division.train, division.dev, division.seen, division.new, exam.updates)
    settings = config.model_dump(mode="json", include=set(WORK))
    compare = config.compare.model_dump(mode="json", include={"arms", "questions", "seeds"})
    key = digest([seconds_of(config.compare.budget), settings, compare, [len(part) for part in parts]])
    return workspace.folder / "budgets" / f"{key}.json"


def load(file: Path) -> Budget | None:
    """A choice that was made before."""
    found: Any = read_json(file)
    if not isinstance(found, dict):
        return None
    return Budget(**{**found, "cuts": tuple(Cut(**cut) for cut in found["cuts"])})


def save(file: Path, budget: Budget) -> None:
    write_json(file, asdict(budget))


def _lowered(section: Any, what: str, key: str, cap: float) -> Any:
    value = getattr(section, key)
    if isinstance(value, bool):
        return section.model_copy(update={key: value and cap > 0})
    least = cap if what in ALL_AT_ZERO and value == 0 else min(value, cap)
    return section.model_copy(update={key: type(value)(least)})
