"""The robustness probe: the arms that look things up, asked the same questions over altered passages.

Each arm under each condition is an arm of its own with a run log of its own, kept by fingerprint: it is asked, resumed
and retried like any other. What the answers say is told in `withstood`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from openbook.arms import Arm
from openbook.compare.answers import missing
from openbook.compare.paper import Paper
from openbook.compare.probes.altered import (
    CONDITIONS,
    DISTRACTORS,
    POOL,
    VERSION,
    Condition,
    altered_passages,
    injections,
)
from openbook.compare.runlog import RunLog
from openbook.compare.seats import Seat, first_seats
from openbook.core.ids import digest
from openbook.core.protocols import Generator
from openbook.core.types import Example
from openbook.project import ArmPlan, Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One arm under one condition.

    Attributes:
        ordinary: The arm as it is.
        desk: The arm over altered passages, with its own log.
    """

    condition: Condition
    ordinary: Seat
    desk: Seat


@dataclass(frozen=True, slots=True, kw_only=True)
class Robustness:
    """What is asked of whom.

    Attributes:
        questions: Answerable test questions that name their documents.
        trials: Every arm that looks up, one training seed each, under every condition.
    """

    questions: Sequence[Example]
    trials: Sequence[Trial]

    @property
    def files(self) -> list[Path]:
        """Everything that was recorded."""
        return list(dict.fromkeys(trial.desk.log.folder / "records.jsonl" for trial in self.trials))

    @property
    def is_done(self) -> bool:
        return not any(missing(trial.desk.log.records, self.questions) for trial in self.trials)


def probe(project: Project, ready: Sequence[Seat], paper: Paper) -> Robustness | None:
    """The probe of these arms; None where it is left out or there is nobody or nothing to ask. Opens no model."""
    settings = project.config.probes
    looking = [one for one in first_seats(ready) if takes_part(one.plan)]
    asked = questions(paper, settings.robustness_questions) if settings.robustness else []
    if not asked or not looking:
        return None
    labels = labels_of(project)
    known: dict[Path, RunLog] = {}

    def trial(one: Seat, condition: Condition) -> Trial:
        arm = over(one.arm, condition, labels)
        folder = project.workspace.robustness / arm.fingerprint
        # Two arms that answer alike share a log.
        log = known[folder] if folder in known else known.setdefault(folder, RunLog(folder))
        return Trial(condition=condition, ordinary=one, desk=replace(one, arm=arm, log=log))

    return Robustness(questions=asked, trials=[trial(one, condition) for one in looking for condition in CONDITIONS])


def takes_part(plan: ArmPlan) -> bool:
    """Whether an arm's passages are ours to alter. Those of `rag-oracle` are altered already."""
    return plan.retrieves and plan.kind != "rag-oracle"


def questions(paper: Paper, limit: int) -> list[Example]:
    """The first `limit` questions (0: all) whose right passages are known; the paper's order lets the groups take turns."""
    known = [question for question in paper.questions if question.answerable and question.documents]
    return known[:limit] if limit else known


def labels_of(project: Project) -> str:
    """Hash of what tells right passages from wrong ones: other labels alter otherwise."""
    return digest([[e.id, e.documents, e.facts] for e in project.exam.examples if e.answerable])


def over(arm: Arm, condition: Condition, labels: str, *, generator: Generator | None = None) -> Arm:
    """The same arm over altered passages.

    Args:
        labels: See `labels_of`.
        generator: Answers in place of the arm's own.
    """
    retrieval = arm.retrieval
    if retrieval is None:
        raise ValueError(f"the arm {arm.name!r} looks nothing up")
    made = {"condition": condition, "labels": labels, "sizes": [DISTRACTORS, POOL], "version": VERSION}
    if condition == "injected":
        made["injections"] = digest([[one.id, one.text, one.marker] for one in injections()])
    return Arm(
        name=arm.name,
        kind=arm.kind,
        generator=generator or arm.generator,
        template=arm.template,
        retrieval=replace(
            retrieval,
            settings={**retrieval.settings, "altered": made},
            find=partial(altered_passages, condition, passages=retrieval.passages, where=retrieval.where),
        ),
        sampling=arm.sampling,
        abstention=arm.abstention,
        seed=arm.seed,
        shots=arm.shots,
    )
