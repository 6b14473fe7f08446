"""What a comparison will do and about how long each step takes, before anything runs. Opens no model.

Tokens are counted as characters / 4; speeds are those measured for a 135M-parameter model on two cores, scaled by the
model's size.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from openbook import models
from openbook.arms import SHOWS_SHOTS
from openbook.compare.altered import CONDITIONS, DISTRACTORS
from openbook.compare.answers import missing
from openbook.compare.forgetting import MAX_TOKENS, instructions, is_missing, paragraphs, probe
from openbook.compare.freshness import questions as freshness_questions
from openbook.compare.judging import answers_to_judge, bench_of, unasked
from openbook.compare.metrics import metrics_of
from openbook.compare.paper import Paper, set_paper
from openbook.compare.robustness import probe as robustness_probe
from openbook.compare.robustness import questions as robustness_questions
from openbook.compare.robustness import takes_part
from openbook.compare.seats import seat, seats, seeds, taking_part
from openbook.core.errors import OpenbookError
from openbook.core.types import Example
from openbook.project import ArmPlan, Project

CHARACTERS_A_TOKEN = 4
REFERENCE_PARAMETERS = 135e6
PARAGRAPH_TOKENS = 90
"""Of a paragraph of the forgetting probe."""

CALL_SECONDS = 1.5
"""An API model's answer, with `concurrency` calls under way at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speeds:
    """Tokens a second of the reference model on two cores: reading prompts, writing answers in batches, training."""

    read: float
    write: float
    train: float


BF16 = Speeds(read=900, write=110, train=270)
FP32 = Speeds(read=300, write=50, train=200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    what: str
    seconds: float
    done: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    steps: tuple[Step, ...]
    basis: str


def estimate(project: Project) -> Plan:
    """The steps of a full run, in order, with what is still to be done of them."""
    config, exam = project.config, project.exam
    metrics_of(project)
    plans = taking_part(project)
    paper = set_paper(exam.division, exam.groups.keys, limit=config.compare.questions)
    updates = exam.updates if config.probes.freshness and project.knowledge.has_updates else ()
    changed = freshness_questions(updates, exam.examples, config.probes.freshness_questions)
    speeds, basis = _speeds()
    steps = [_ingest(project)] if any(plan.retrieves for plan in plans) else []
    steps += [_train(project, plan, speeds) for plan in _trained_once(plans)]
    for plan in plans:
        again = len(changed) * (2 if plan.retrieves else 1) + (2 * config.probes.gap if plan.tunes else 0)
        again = 0 if plan.kind == "external" else again
        left = _unanswered(project, plan, paper.questions)
        asked = len(paper.questions) * len(seeds(project, plan)) + again
        # The probes follow the test questions at once, so that once these are answered they count as done too.
        still = left + again if left else 0
        seconds = _answer(project, plan, still or asked, speeds)
        steps.append(Step(what=f"answer {plan.name}: {still or asked} questions", seconds=seconds, done=not still))
    alone = config.probes.latency * len(plans)
    answered = all(step.done for step in steps)
    steps += _forgetting(project, plans, speeds)
    steps += _robustness(project, plans, paper, speeds)
    steps.append(Step(what=f"latency: {alone} questions one at a time", seconds=alone * 2.0, done=answered))
    if config.judge.model:
        steps.append(_judge(project, plans, paper.questions))
    return Plan(steps=tuple(steps), basis=basis)


def _forgetting(project: Project, plans: Sequence[ArmPlan], speeds: Speeds) -> list[Step]:
    """General text and plain instructions, to each adapter's model and to each base that adapters are put on."""
    settings, tuned = project.config.probes, [plan for plan in plans if plan.tunes]
    if not settings.forgetting or not tuned:
        return []
    texts, replies = len(paragraphs(settings.forgetting_texts)), len(instructions(settings.forgetting_instructions))
    subjects = [*tuned, *{plan.model: plan for plan in tuned}.values()]
    seconds = replies * 0.01 * len(subjects)
    if tuned[0].model.name.split(":")[0] != "scripted":
        each = texts * PARAGRAPH_TOKENS / speeds.read + replies * MAX_TOKENS * 0.7 / speeds.write
        seconds = sum(each * _size(plan) for plan in subjects)
    what = f"forgetting: {texts} paragraphs, {replies} instructions, {len(subjects)} models"
    return [Step(what=what, seconds=seconds, done=_nothing_to_put(project))]


def _nothing_to_put(project: Project) -> bool:
    """Whether the forgetting probe has been put to every model already."""
    if not project.workspace.forgetting.exists():
        return False
    try:
        found = probe(project, seats(project))
    except OpenbookError:
        return False
    return found is not None and not any(is_missing(subject, found) for subject in found.subjects)


def _robustness(project: Project, plans: Sequence[ArmPlan], paper: Paper, speeds: Speeds) -> list[Step]:
    """The arms that look up, asked over altered passages. Right passages among wrong ones make a longer prompt."""
    settings, looking = project.config.probes, [plan for plan in plans if takes_part(plan)]
    asked = robustness_questions(paper, settings.robustness_questions) if settings.robustness else []
    if not asked or not looking:
        return []
    each = len(CONDITIONS) * len(asked)
    longer = [1 + DISTRACTORS / plan.retrieve.passages / len(CONDITIONS) for plan in looking]
    seconds = sum(_answer(project, plan, each, speeds) * more for plan, more in zip(looking, longer, strict=True))
    what = f"robustness: {len(asked)} questions, {len(CONDITIONS)} kinds of altered passages, {len(looking)} arms"
    return [Step(what=what, seconds=seconds, done=_withstood(project, paper))]


def _withstood(project: Project, paper: Paper) -> bool:
    """Whether everything has been asked over altered passages already."""
    if not project.workspace.robustness.exists():
        return False
    try:
        found = robustness_probe(project, seats(project), paper)
    except OpenbookError:
        return False
    return found is not None and found.is_done


def _speeds() -> tuple[Speeds, str]:
    """What this machine does fast, as far as that is known: asking it anew would load torch."""
    if not (models.home() / "machine.json").exists():
        return FP32, "estimated from speeds measured in float32 on two cores; this machine was not asked yet"
    machine = models.machine()
    fast = machine.bf16 or machine.accelerator != "cpu"
    kind = "bfloat16" if fast else "float32"
    return BF16 if fast else FP32, f"estimated from speeds measured in {kind} on two cores"


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


def _ingest(project: Project) -> Step:
    characters = sum(file.path.stat().st_size for file in project.knowledge.files())
    done = project.knowledge.content() is not None
    return Step(what=f"ingest {len(project.knowledge.files())} documents", seconds=8 + characters / 8000, done=done)


def _train(project: Project, plan: ArmPlan, speeds: Speeds) -> Step:
    rows = len(project.exam.division.train)
    rows = min(rows, plan.tune.rows) if plan.tune.rows else rows
    tokens = rows * plan.tune.epochs * (_prompt(project, plan) + plan.generate.max_tokens * 0.7)
    seconds = tokens / speeds.train * _size(plan) * len(project.config.compare.seeds)
    return Step(
        what=f"tune {plan.name}: {rows} rows, {plan.tune.epochs:g} passes",
        seconds=seconds,
        done=_trained(project, plan),
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


def _answer(project: Project, plan: ArmPlan, asked: int, speeds: Speeds) -> float:
    if plan.scheme in ("quote", "scripted", "recorded"):
        return asked * 0.01
    if plan.scheme == "openai":
        return asked * CALL_SECONDS / plan.model.concurrency
    if not models.is_local(plan.model.name):
        return asked * CALL_SECONDS
    each = _prompt(project, plan) / speeds.read + plan.generate.max_tokens * 0.7 / speeds.write
    return asked * each * _size(plan)


def _judge(project: Project, plans: Sequence[ArmPlan], questions: Sequence[Example]) -> Step:
    judge = project.config.judge
    total = sum(len(seeds(project, plan)) for plan in plans) * len(questions) * judge.repeats
    left = total
    if (project.workspace.folder / "judgements").exists():
        try:
            seats = [seat(project, plan, seed) for plan in plans for seed in seeds(project, plan)]
            asked = answers_to_judge(bench_of(project), seats, questions)
            left = total - len(asked) + len(unasked(project, asked))
        except OpenbookError:
            left = total
    called = judge.model.startswith("openai:")
    each = CALL_SECONDS / project.config.model.concurrency if called else 0.01 if ":" in judge.model else 1.0
    return Step(what=f"judge: {left or total} replies of {judge.model}", seconds=(left or total) * each, done=not left)


def _prompt(project: Project, plan: ArmPlan) -> float:
    """Tokens of a prompt: a fixed part is read once, so few-shots and instructions hardly count when answering."""
    passages = plan.retrieve.passages * project.config.chunks.tokens * 1.3 if plan.retrieves else 0
    head = 0 if plan.kind == "base" else len(plan.prompt.instructions) / CHARACTERS_A_TOKEN
    if SHOWS_SHOTS[plan.kind] and plan.prompt.shots_by == "nearest":
        # Shots that change with the question are no fixed part.
        head += plan.prompt.shots * _typical(project.exam.examples)
    return head + passages + _typical(project.exam.examples)


def _typical(examples: Sequence[Example]) -> float:
    return sum(len(e.input) + len(e.context or "") for e in examples) / max(1, len(examples)) / CHARACTERS_A_TOKEN


def _size(plan: ArmPlan) -> float:
    """How many times the reference model's parameters; 1 where the model is not on this machine yet."""
    try:
        parameters = models.locate(plan.model.name, revision=plan.model.revision).parameters
    except OpenbookError:
        return 1.0
    return max(0.05, parameters / REFERENCE_PARAMETERS)
