"""What the probes that read will take: the right passages before each tuned model, and the documents' own text.

Knows what they ask and how fast; the plan it becomes part of is made elsewhere.
"""

from collections.abc import Sequence

from openbook.compare.paper import Paper
from openbook.compare.planning.pace import Pace
from openbook.compare.probes import domain, forgetting, reading
from openbook.compare.probes.robustness import questions
from openbook.compare.seats import seats
from openbook.core.errors import OpenbookError
from openbook.project import ArmPlan, Project

Told = tuple[str, float, bool]
"""What is done, the seconds it takes, and whether it is done already."""

MOST_PASSAGE_TOKENS = 0.85
"""Of a chunk's limit is filled on average; these are the embedder's tokens, which the model's are near enough to."""


def steps(project: Project, plans: Sequence[ArmPlan], paper: Paper, pace: Pace, *, afresh: bool) -> list[Told]:
    """The steps of these probes, in the order in which they are done."""
    return [*_domain(project, plans, pace, afresh), *_reading(project, plans, paper, pace, afresh)]


def _domain(project: Project, plans: Sequence[ArmPlan], pace: Pace, afresh: bool) -> list[Told]:
    indexed = any(plan.retrieves for plan in plans) or bool(reading.wanted(project, plans))
    tuned = [plan for plan in plans if plan.tunes] if indexed and project.config.probes.domain else []
    readers = [plan for plan in tuned if plan.scheme not in ("scripted", "quote")]
    if not readers:
        return []
    texts = project.config.probes.domain_texts
    models = [*readers, *{plan.model: plan for plan in readers}.values()]
    tokens = texts * project.config.chunks.tokens * MOST_PASSAGE_TOKENS
    seconds = sum(tokens / pace.speeds[plan.name].read for plan in models)
    return [(f"domain: {texts} passages, {len(models)} models", seconds, not afresh and _all_read(project))]


def _all_read(project: Project) -> bool:
    """Whether every model has read every passage already."""
    if not project.workspace.domain.exists():
        return False
    try:
        found = domain.probe(project, seats(project))
    except OpenbookError:
        return False
    return found is not None and not any(
        forgetting.is_missing(subject, found.reading) for subject in found.reading.subjects
    )


def _reading(project: Project, plans: Sequence[ArmPlan], paper: Paper, pace: Pace, afresh: bool) -> list[Told]:
    tuned = reading.wanted(project, plans)
    asked = questions(paper, project.config.probes.reading_questions) if tuned else []
    if not asked:
        return []
    models = [*tuned, *{(plan.model, plan.prompt): plan for plan in tuned}.values()]
    seconds = sum(pace.answer(project, reading.open_book(plan), len(asked)) for plan in models)
    what = f"reading: {len(asked)} questions over the right passages, {len(models)} models"
    return [(what, seconds, not afresh and _all_asked(project, paper))]


def _all_asked(project: Project, paper: Paper) -> bool:
    """Whether everybody has been asked over the right passages already."""
    if not project.workspace.robustness.exists():
        return False
    try:
        found = reading.probe(project, seats(project), paper, None)
    except OpenbookError:
        return False
    return found is not None and found.is_done
