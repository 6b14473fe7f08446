"""What a comparison will do and about how long each step takes, before anything runs. Opens no model.

From what is expected by constants (`expected`), and from what answering and training took here as soon as that is known
(`pace`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from openbook.compare import promptsearch
from openbook.compare.answers import missing
from openbook.compare.marking.metrics import metrics_of
from openbook.compare.paper import Paper, set_paper
from openbook.compare.planning import aside, judged
from openbook.compare.planning.expected import reference_speeds
from openbook.compare.planning.pace import Pace, measure
from openbook.compare.probes import curve, reading, retune
from openbook.compare.probes.altered import CONDITIONS, DISTRACTORS
from openbook.compare.probes.forgetting import MAX_TOKENS, instructions, is_missing, paragraphs, probe
from openbook.compare.probes.robustness import probe as robustness_probe
from openbook.compare.probes.robustness import questions as robustness_questions
from openbook.compare.probes.robustness import takes_part
from openbook.compare.seats import seat, seats, seeds, taking_part
from openbook.core.errors import OpenbookError
from openbook.core.protocols import Metric
from openbook.core.types import Example
from openbook.project import ArmPlan, Project
from openbook.project.prompts import candidates

PARAGRAPH_TOKENS = 90
"""Of a paragraph of the forgetting probe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    what: str
    seconds: float
    done: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    steps: tuple[Step, ...]
    basis: str

    @property
    def seconds(self) -> float:
        """Of all steps, the done ones included."""
        return sum(step.seconds for step in self.steps)

    @property
    def left(self) -> float:
        """Seconds of what is not done yet."""
        return sum(step.seconds for step in self.steps if not step.done)


def estimate(project: Project, *, afresh: bool = False, pace: Pace | None = None) -> Plan:
    """The steps of a full run, in order, with what is still to be done of them.

    Args:
        afresh: As if nothing had been done yet.
        pace: What is known of this machine; default: what this project's runs say of it.
    """
    config, exam = project.config, project.exam
    metric = metrics_of(project)[0]  # A wrong metric is said before anything runs.
    plans = taking_part(project)
    paper = set_paper(exam.division, exam.groups.keys, limit=config.compare.questions)
    changed = retune.questions(project)
    pace = pace or measure(project, plans)
    indexed = any(plan.retrieves for plan in plans) or reading.wanted(project, plans)
    steps = [_ingest(project, pace, afresh)] if indexed else []
    steps += [_search(project, plan, metric, pace, afresh) for plan in plans if candidates(plan)]
    steps += [_train(project, plan, pace, afresh) for plan in _trained_once(plans)]
    for plan in plans:
        again = len(changed) * (2 if plan.retrieves else 1) + (2 * config.probes.gap if plan.tunes else 0)
        again = 0 if plan.kind == "external" else again
        asked = len(paper.questions) * len(seeds(project, plan)) + again
        left = asked - again if afresh else _unanswered(project, plan, paper.questions)
        # The probes follow the test questions at once, so that once these are answered they count as done too.
        still = left + again if left else 0
        seconds = pace.answer(project, plan, still or asked)
        steps.append(Step(what=f"answer {plan.name}: {still or asked} questions", seconds=seconds, done=not still))
    answered = all(step.done for step in steps)
    steps += _forgetting(project, plans, pace, afresh)
    steps += _robustness(project, plans, paper, pace, afresh)
    steps += [Step(what=w, seconds=s, done=d) for w, s, d in aside.steps(project, plans, paper, pace, afresh=afresh)]
    steps += _latency(project, plans, pace, answered=answered)
    steps += [Step(**row) for row in judged.rows(project, plans, paper.questions, afresh=afresh)]
    steps += [_curve(project, plan, paper.questions, pace, afresh) for plan in plans if curve.parts(project, plan)]
    steps += _second_version(project, plans, afresh)
    steps += [_retune(project, plan, changed, pace, afresh) for plan in retune.plans(project)]
    basis = reference_speeds()[1]
    told = f"{basis}; {pace.measured} as measured here so far" if pace.measured else basis
    return Plan(steps=tuple(steps), basis=told)


def _forgetting(project: Project, plans: Sequence[ArmPlan], pace: Pace, afresh: bool) -> list[Step]:
    """General text and plain instructions, to each adapter's model and to each base that adapters are put on."""
    settings, tuned = project.config.probes, [plan for plan in plans if plan.tunes]
    if not settings.forgetting or not tuned:
        return []
    texts, replies = len(paragraphs(settings.forgetting_texts)), len(instructions(settings.forgetting_instructions))
    subjects = [*tuned, *{plan.model: plan for plan in tuned}.values()]
    seconds = replies * 0.01 * len(subjects)
    if tuned[0].model.name.split(":")[0] != "scripted":
        speeds = [pace.speeds[plan.name] for plan in subjects]
        seconds = sum(texts * PARAGRAPH_TOKENS / one.read + replies * MAX_TOKENS * 0.7 / one.write for one in speeds)
    what = f"forgetting: {texts} paragraphs, {replies} instructions, {len(subjects)} models"
    return [Step(what=what, seconds=seconds, done=not afresh and _nothing_to_put(project))]


def _nothing_to_put(project: Project) -> bool:
    """Whether the forgetting probe has been put to every model already."""
    if not project.workspace.forgetting.exists():
        return False
    try:
        found = probe(project, seats(project))
    except OpenbookError:
        return False
    return found is not None and not any(is_missing(subject, found) for subject in found.subjects)


def _robustness(project: Project, plans: Sequence[ArmPlan], paper: Paper, pace: Pace, afresh: bool) -> list[Step]:
    """The arms that look up, asked over altered passages. Right passages among wrong ones make a longer prompt."""
    settings, looking = project.config.probes, [plan for plan in plans if takes_part(plan)]
    asked = robustness_questions(paper, settings.robustness_questions) if settings.robustness else []
    if not asked or not looking:
        return []
    each = len(CONDITIONS) * len(asked)
    longer = [1 + DISTRACTORS / plan.retrieve.passages / len(CONDITIONS) for plan in looking]
    seconds = sum(pace.answer(project, plan, each) * more for plan, more in zip(looking, longer, strict=True))
    what = f"robustness: {len(asked)} questions, {len(CONDITIONS)} kinds of altered passages, {len(looking)} arms"
    return [Step(what=what, seconds=seconds, done=not afresh and _withstood(project, paper))]


def _withstood(project: Project, paper: Paper) -> bool:
    """Whether everything has been asked over altered passages already."""
    if not project.workspace.robustness.exists():
        return False
    try:
        found = robustness_probe(project, seats(project), paper)
    except OpenbookError:
        return False
    return found is not None and found.is_done


def _unanswered(project: Project, plan: ArmPlan, questions: Sequence[Example]) -> int:
    """Test questions that the arm has no answer to yet, over all of its seeds."""
    total = len(questions) * len(seeds(project, plan))
    if not (project.workspace.folder / "runs").exists():
        return total
    try:
        logs = [seat(project, plan, seed).log for seed in seeds(project, plan)]
    except OpenbookError:
        return total
    return sum(len(missing(log.records, questions)) for log in logs)


def _ingest(project: Project, pace: Pace, afresh: bool) -> Step:
    files = project.knowledge.files()
    seconds = pace.ingesting or 4 + sum(file.path.stat().st_size for file in files) / 25_000
    done = not afresh and project.knowledge.content() is not None
    return Step(what=f"ingest {len(files)} documents", seconds=seconds, done=done)


def _search(project: Project, plan: ArmPlan, metric: Metric, pace: Pace, afresh: bool) -> Step:
    """Every candidate on the same dev questions; taken as if none of them was answered yet."""
    tried, asked = candidates(plan), len(promptsearch.questions(project))
    seconds = sum(pace.answer(project, one, asked) for one in tried)
    try:
        done = not afresh and not promptsearch.is_missing(project, plan, metric)
    except OpenbookError:
        done = False
    what = f"search a prompt for {plan.name}: {len(tried)} candidates, {asked} dev questions each"
    return Step(what=what, seconds=seconds, done=done)


def _train(project: Project, plan: ArmPlan, pace: Pace, afresh: bool) -> Step:
    rows = curve.whole(project, plan)
    return Step(
        what=f"tune {plan.name}: {rows} rows, {plan.tune.epochs:g} passes",
        seconds=pace.train(project, plan, rows) * len(project.config.compare.seeds),
        done=not afresh and _trained(project, plan),
    )


def _latency(project: Project, plans: Sequence[ArmPlan], pace: Pace, *, answered: bool) -> list[Step]:
    """Every arm is asked each question alone, and one before to warm up."""
    count = project.config.probes.latency
    if not count:
        return []
    seconds = sum(pace.answer(project, plan, count + 1, alone=True) for plan in plans)
    return [Step(what=f"latency: {count * len(plans)} questions one at a time", seconds=seconds, done=answered)]


def _curve(project: Project, plan: ArmPlan, questions: Sequence[Example], pace: Pace, afresh: bool) -> Step:
    """Adapters on a part of the rows, each asked the test's questions."""
    parts = curve.parts(project, plan)
    answers = pace.answer(project, plan, len(questions))
    return Step(
        what=f"learning curve of {plan.name}: {' and '.join(map(str, parts))} rows",
        seconds=sum(pace.train(project, plan, rows) + answers for rows in parts),
        done=not afresh and curve.is_done(project, plan, questions),
    )


def _second_version(project: Project, plans: Sequence[ArmPlan], afresh: bool) -> list[Step]:
    """One that is made: exchanging values is done here and now, so that it can be said how many there are."""
    if project.second.by != "made":
        return []
    swaps, changed = project.second.made.swaps, project.second.made.texts.values()
    looked_up = any(plan.retrieves for plan in plans) and bool(swaps)
    return [
        Step(
            what=f"swap {len(swaps)} values in copies of {len(changed)} documents, and re-index them",
            seconds=sum(map(len, changed)) / 25_000 + 1 if looked_up else 0.0,
            done=not looked_up or (not afresh and project.knowledge.content("updates") is not None),
        )
    ]


def _retune(project: Project, plan: ArmPlan, changed: Sequence[Example], pace: Pace, afresh: bool) -> Step:
    """An adapter on the changed facts too, asked for them in other words."""
    rows, asked = len(retune.rows(project, plan)), retune.asked(project, changed)
    return Step(
        what=f"tune {plan.name} after the update: {rows} rows, {len(asked)} questions",
        seconds=pace.train(project, plan, rows) + pace.answer(project, plan, len(asked)),
        done=not afresh and retune.is_done(project, plan, changed),
    )


def _trained_once(plans: Sequence[ArmPlan]) -> list[ArmPlan]:
    """The arms that train an adapter; `tuned+rag` takes that of a `tuned` arm with the same settings."""
    kept: list[ArmPlan] = []
    for plan in plans:
        alike = [(one.studies_passages, one.model, one.prompt, one.tune) for one in kept]
        if plan.tunes and (plan.studies_passages or (False, plan.model, plan.prompt, plan.tune) not in alike):
            kept.append(plan)
    return kept


def _trained(project: Project, plan: ArmPlan) -> bool:
    if not (project.workspace.folder / "adapters").exists():
        return False
    try:
        return all(project.adapter(plan.name, seed=seed) is not None for seed in project.config.compare.seeds)
    except OpenbookError:
        return False
