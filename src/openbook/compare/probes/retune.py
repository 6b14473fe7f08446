"""After the documents changed, `tuned` and `hybrid` trained anew: each changed fact in some words, asked in others.

An arm studies the rows it studied before; those of changed facts give way to the wordings that may be taught, with the
new answers. Every such adapter and run is one like any other, found again by its fingerprint; one training seed.
"""

from collections import defaultdict
from collections.abc import Sequence

from openbook.compare.answers import missing
from openbook.compare.probes import freshness
from openbook.compare.probes.curve import seed_of
from openbook.compare.seats import Seat, seat, taking_part
from openbook.core.errors import OpenbookError, UsageError
from openbook.core.types import Example
from openbook.project import ArmPlan, Project
from openbook.project.adapters import studied


def questions(project: Project) -> list[Example]:
    """The freshness questions, at most as many as are set; with training anew, what it leaves to be asked comes first."""
    probes, every = project.config.probes, project.second.questions
    if probes.retune:
        ids = {one.id for one in taught(project)}
        # Of every fact the last wording is asked first.
        every = tuple(sorted(every, key=lambda one: one.id not in ids))
    return freshness.questions(every, project.exam.examples, probes.freshness_questions)


def plans(project: Project) -> list[ArmPlan]:
    """The arms that are trained anew; none where that is not asked for, or no fact can be taught in other words."""
    if not project.config.probes.retune or not asked(project, project.second.questions):
        return []
    return [plan for plan in taking_part(project) if plan.kind in ("tuned", "hybrid")]


def taught(project: Project) -> list[Example]:
    """The wordings of changed facts that are trained on.

    Those with `split = "train"`, and those that ask what a training example asks; of several that are neither, the
    first. The last of several is always left to be asked.
    """
    studied_inputs = {example.input for example in project.exam.division.train}
    wordings: dict[str, list[Example]] = defaultdict(list)
    for question in project.second.questions:
        wordings[question.fact or question.id].append(question)
    found = []
    for members in wordings.values():
        able = [one for one in members if one.references and one.split not in ("dev", "test")]
        chosen = [one for one in able if one.split == "train" or one.input in studied_inputs]
        if len(members) > 1:
            chosen = (chosen or able[:1])[: len(members) - 1]
        found += chosen
    return found


def asked(project: Project, changed: Sequence[Example]) -> list[Example]:
    """Of the freshness questions those in other words than were taught."""
    lessons = taught(project)
    facts, ids = {one.fact or one.id for one in lessons}, {one.id for one in lessons}
    return [one for one in changed if one.id not in ids and (one.fact or one.id) in facts]


def rows(project: Project, plan: ArmPlan) -> list[Example]:
    """What an arm studies after the update."""
    before = studied(project.exam.division, plan.tune, seed=seed_of(project, plan))
    return [*_unchanged(project, before), *taught(project)]


def point(project: Project, plan: ArmPlan) -> Project:
    """The project in which this arm studies that."""
    return project.retaught(plan.name, rows(project, plan), _unchanged(project, project.exam.division.dev))


def desk(project: Project, plan: ArmPlan, one: Project) -> Seat:
    """The arm trained anew, over the second version where it looks up."""
    number = seed_of(project, plan)
    return seat(one, one.plan(plan.name), number, version="updates" if plan.retrieves else "current")


def points(project: Project) -> list[Seat]:
    """Every arm that is trained anew already. Opens no model."""
    found = []
    for plan in plans(project):
        try:
            found.append(desk(project, plan, point(project, plan)))
        except UsageError:
            continue
    return found


def is_done(project: Project, plan: ArmPlan, changed: Sequence[Example]) -> bool:
    """Whether an arm is trained anew and has answered."""
    if not (project.workspace.folder / "adapters").exists():
        return False
    try:
        found = desk(project, plan, point(project, plan))
    except OpenbookError:
        return False
    return not missing(found.log.records, asked(project, changed))


def _unchanged(project: Project, examples: Sequence[Example]) -> list[Example]:
    """The examples that say nothing of what changed."""
    every = project.second.questions
    facts, inputs = {one.fact for one in every if one.fact}, {one.input for one in every}
    touched = set(project.second.made.touched) if project.second.by == "made" else set()
    return [one for one in examples if one.fact not in facts and one.input not in inputs and one.id not in touched]
