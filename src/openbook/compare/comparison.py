"""The main job: ingest, tune, ask every arm, probe, and hand over what there is. Each step does only what is missing.

A comparison can be killed anywhere: documents, checkpoints and records are on disk as they come, and the next call
finds them by fingerprint.
"""

from functools import partial
from threading import Event

from openbook.compare import promptsearch
from openbook.compare.answers import missing
from openbook.compare.causes import evidence
from openbook.compare.marking import judging, pairjudging
from openbook.compare.marking.metrics import metrics_of
from openbook.compare.material import Material, gather, paper_of
from openbook.compare.probes import domain, reading, steps
from openbook.compare.seats import seeds, taking_part
from openbook.compare.sitting import Sitting
from openbook.compare.watch import Unwatched, Watcher
from openbook.core.protocols import Metric
from openbook.generate import split_name
from openbook.project import Project
from openbook.score.judge import NAME as JUDGE


def compare(
    project: Project,
    *,
    dev: bool = False,
    retry_failures: bool = False,
    watcher: Watcher | None = None,
    cancel: Event | None = None,
) -> Material:
    """Do whatever is missing, and return what a report needs.

    Args:
        dev: Ask the dev questions instead of the test's.
        retry_failures: Ask again where an answer failed for good.
        cancel: Once set, what is under way is given up and nothing more is asked.

    Raises:
        UsageError: There is nothing to ask.
        OpenbookError: A document, a model, an endpoint or the disk failed; everything so far is kept.
    """
    sitting = Sitting(project=project, watch=watcher or Unwatched(), retry_failures=retry_failures, cancel=cancel)
    # A metric that does not exist must be said now, not when everything has been answered.
    metric = metrics_of(project)[0]
    promptsearch.check(project, metric)
    _check_models(project)
    with project.workspace.writing():
        _judge_labels(sitting)
        _ingest(sitting, dev=dev)
        _search(sitting, metric)
        _tune(sitting)
        material = gather(project, dev=dev, partial=sitting.cancelled)
        for step in (_answer, *steps.BESIDE, _judge, _judge_pairs, *steps.ANEW):
            if not sitting.cancelled:
                step(sitting, material)
    return gather(project, dev=dev, partial=sitting.cancelled)


def _check_models(project: Project) -> None:
    """A misspelt model or an outside system that is not there must be said before anything is trained."""
    for plan in project.plans():
        split_name(plan.model.name)
    for plan in taking_part(project):
        if plan.kind == "external":
            project.arm(plan.name)


def _ingest(sitting: Sitting, *, dev: bool) -> None:
    project = sitting.project
    plans = taking_part(project)
    if not any(plan.retrieves for plan in plans) and not reading.wanted(project, plans):
        return
    if project.knowledge.content() is None:
        with sitting.stage("ingest"):
            project.knowledge.ingest(progress=sitting.watch.progress)
    # Now, while the files are what was indexed: they may be edited while adapters are trained.
    evidence.keep(project, paper_of(project, dev=dev).questions)
    domain.keep(project)


def _search(sitting: Sitting, metric: Metric) -> None:
    """Before anything is asked of the test, and before anything is trained: a tuned arm keeps the prompt it is given."""
    project = sitting.project
    for plan in taking_part(project):
        if promptsearch.is_missing(project, plan, metric):
            promptsearch.search(
                project,
                plan,
                metric,
                lambda desk, asked: sitting.ask(desk, asked, f"search a prompt for {desk.name}"),
            )


def _tune(sitting: Sitting) -> None:
    project = sitting.project
    for plan in taking_part(project):
        numbers = seeds(project, plan) if plan.tunes else ()
        for seed in numbers:
            told = f"tune {plan.name}" + (f" (seed {seed})" if len(numbers) > 1 else "")
            sitting.train(project, plan.name, seed, told)


def _answer(sitting: Sitting, material: Material) -> None:
    questions = material.paper.questions
    for desk in material.seats:
        todo = {one.key for one in missing(desk.log.records, questions, retry_failures=sitting.retry_failures)}
        for question in questions:
            if question.key not in todo:
                sitting.watch.answered(desk.arm, question, desk.log.records[question.key])
        sitting.ask(desk, questions, f"answer {desk.name}", shown=True)


def _judge_labels(sitting: Sitting) -> None:
    project, settings = sitting.project, sitting.project.config.judge
    heard = partial(sitting.watch.progress, what="judge the labelled sample")
    if settings.model and settings.alone:
        judging.judge_labels(project, cancel=sitting.cancel, heard=heard)
    if pairjudging.named_pairs(project):
        asked = pairjudging.labels_to_judge(project)
        pairjudging.judge_pairs(project, asked, cancel=sitting.cancel, heard=heard)


def _judge(sitting: Sitting, material: Material) -> None:
    settings = sitting.project.config
    if not settings.judge.model or not settings.judge.alone:
        return
    # What decides is also looked at on training and dev questions.
    beside = [*material.gap[0], *material.gap[1]] if settings.compare.metric == JUDGE else []
    questions = [*material.paper.questions, *beside]
    asked = judging.answers_to_judge(judging.bench_of(sitting.project), material.seats, questions)
    if judging.unasked(sitting.project, asked):
        with sitting.stage("judge"):
            heard = partial(sitting.watch.progress, what="judge")
            judging.judge_asked(sitting.project, asked, cancel=sitting.cancel, heard=heard)


def _judge_pairs(sitting: Sitting, material: Material) -> None:
    project = sitting.project
    if not pairjudging.named_pairs(project):
        return
    asked = pairjudging.pairs_to_judge(project, material.seats, material.paper.questions)
    if pairjudging.unasked_pairs(project, asked):
        with sitting.stage("judge pairs"):
            heard = partial(sitting.watch.progress, what="judge pairs")
            pairjudging.judge_pairs(project, asked, cancel=sitting.cancel, heard=heard)
