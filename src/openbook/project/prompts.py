"""The prompts that an arm's search tries, and the one that it chose: kept on disk by what the choice was made from.

Knows no metric and asks nothing: `openbook.compare.promptsearch` does, and writes what is found here.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from openbook.arms import SHOWS_SHOTS
from openbook.config import Config, Prompt
from openbook.core.ids import digest
from openbook.core.types import Example
from openbook.project.plans import ArmPlan
from openbook.workspace import read_json, write_json

VERSION = 1
QUESTIONS = 48
"""Dev questions that every candidate is asked: enough to tell a bad prompt from a good one, few enough to afford."""
SHOTS = ((0, "fixed"), (2, "fixed"), (4, "fixed"), (2, "nearest"), (4, "nearest"))
"""Worked examples and how they are chosen, the simplest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A search that is finished.

    Attributes:
        signature: Of the metric that chose.
        chosen: Place among the candidates.
        candidates: One row each: prompt, mean, n, failures, seconds, tokens.
    """

    signature: str
    chosen: int
    questions: int
    candidates: tuple[dict[str, Any], ...]


def candidates(plan: ArmPlan) -> list[ArmPlan]:
    """The arm with each prompt that is tried, its own first; empty where nothing is searched.

    The grid is every wording × `SHOTS`; of it come as many as `[prompt] search` says, in an order by hash that is the
    same for all arms. Arms without instructions have nothing to search, and a tuned arm's prompt is part of its training.
    """
    prompt = plan.prompt
    if not prompt.search or not SHOWS_SHOTS[plan.kind]:
        return []
    wordings = prompt.candidates or (prompt.instructions,)
    grid = [
        prompt.model_copy(update={"instructions": wording, "shots": shots, "shots_by": by})
        for wording, (shots, by) in product(wordings, SHOTS)
    ]
    others = [one for one in grid if _told(one) != _told(prompt)]
    drawn = sorted(others, key=lambda one: digest(["prompt", *_told(one)]))[: prompt.search - 1]
    return [replace(plan, prompt=one) for one in (prompt, *drawn)]


def simplicity(prompt: Prompt) -> tuple[int, bool, int]:
    """Sorts prompts, the simplest first: fewer worked examples, the same for every question, an earlier wording."""
    wordings = prompt.candidates or (prompt.instructions,)
    place = wordings.index(prompt.instructions) if prompt.instructions in wordings else -1
    return prompt.shots, prompt.shots_by == "nearest", place


def search_key(fingerprints: Sequence[str], dev: Sequence[Example], config: Config) -> str:
    """What a choice depends on: the candidates as arms, the dev questions, and what decides between them."""
    decides = [config.project.task, config.compare.metric, config.compare.model_dump(mode="json")["kpis"]]
    return digest([VERSION, QUESTIONS, list(fingerprints), [digest(asdict(one)) for one in dev], decides])


def read_found(file: Path) -> Found | None:
    """A finished search; None where there is none."""
    row = read_json(file)
    if not isinstance(row, dict):
        return None
    return Found(
        signature=row["signature"],
        chosen=row["chosen"],
        questions=row["questions"],
        candidates=tuple(row["candidates"]),
    )


def keep_found(file: Path, found: Found) -> None:
    write_json(file, asdict(found))


def _told(prompt: Prompt) -> tuple[str, int, str]:
    """What tells two prompts apart: without worked examples it does not matter how they are chosen."""
    return prompt.instructions, prompt.shots, prompt.shots_by if prompt.shots else "fixed"
