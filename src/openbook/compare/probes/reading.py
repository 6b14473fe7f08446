"""The reading probe: does an adapter cost its model the use of a passage that is put before it?

Each tuned arm's model is asked the same questions over the passages that hold the answer, with its adapter and without,
in the arm's own prompt. Both are arms over altered passages, as in `robustness`, and their logs lie with those: what a
robustness probe asked of an arm is not asked again. Knows how to ask; what the answers say is told in `misread`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from openbook.arms import Arm
from openbook.compare.answers import missing
from openbook.compare.paper import Paper
from openbook.compare.probes.robustness import Robustness, Trial, labels_of, over, questions
from openbook.compare.runlog import RunLog
from openbook.compare.seats import Seat, first_seats
from openbook.core.types import Example
from openbook.project import ArmPlan, Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What is asked of whom.

    Attributes:
        questions: Answerable test questions that name their documents.
        trials: Every tuned arm, one training seed each: without its adapter (`ordinary`) and with it (`desk`), both over
            the right passages.
    """

    questions: Sequence[Example]
    trials: Sequence[Trial]

    @property
    def desks(self) -> dict[str, Seat]:
        """Everybody who is asked, each once, by what is asked of them; a base before its adapters."""
        first: dict[Path, tuple[str, Seat]] = {}
        for trial in self.trials:
            for told, desk in (("the base of ", trial.ordinary), ("", trial.desk)):
                first.setdefault(desk.log.folder, (f"reading of {told}{desk.name}", desk))
        return dict(first.values())

    @property
    def files(self) -> list[Path]:
        """Everything that was recorded."""
        return [desk.log.folder / "records.jsonl" for desk in self.desks.values()]

    @property
    def is_done(self) -> bool:
        return not any(missing(desk.log.records, self.questions) for desk in self.desks.values())


def wanted(project: Project, plans: Sequence[ArmPlan]) -> list[ArmPlan]:
    """The arms that are probed: those with an adapter. They need an index, whether or not an arm looks things up."""
    return [plan for plan in plans if plan.tunes] if project.config.probes.reading else []


def probe(project: Project, ready: Sequence[Seat], paper: Paper, robustness: Robustness | None) -> Reading | None:
    """The probe of these arms; None where it is left out or there is nobody or nothing to ask. Opens no model.

    Args:
        robustness: Its logs are shared where both ask the same.
    """
    tuned = [one for one in first_seats(ready) if wanted(project, [one.plan])]
    asked = questions(paper, project.config.probes.reading_questions)
    if not asked or not tuned or project.knowledge.content() is None:
        return None
    labels = labels_of(project)
    trials = robustness.trials if robustness else ()
    known: dict[Path, RunLog] = {trial.desk.log.folder: trial.desk.log for trial in trials}

    def desk(one: Seat, arm: Arm) -> Seat:
        folder = project.workspace.robustness / arm.fingerprint
        log = known[folder] if folder in known else known.setdefault(folder, RunLog(folder))
        return replace(one, arm=arm, log=log)

    def trial(one: Seat) -> Trial:
        arm = _open_book(project, one)
        without = over(arm, "oracle", labels, generator=project.untuned(one.name))
        return Trial(condition="oracle", ordinary=desk(one, without), desk=desk(one, over(arm, "oracle", labels)))

    return Reading(questions=asked, trials=[trial(one) for one in tuned])


def open_book(plan: ArmPlan) -> ArmPlan:
    """The same arm, looking things up."""
    return plan if plan.retrieves else replace(plan, kind="tuned+rag")


def _open_book(project: Project, one: Seat) -> Arm:
    return one.arm if one.plan.retrieves else project.arm_of(open_book(one.plan), seed=one.arm.seed)
