"""The main job: ingest, tune, ask every arm, probe, and hand over what there is. Each step does only what is missing.

A comparison can be killed anywhere: documents, checkpoints and records are on disk as they come, and the next call
finds them by fingerprint.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Event

from openbook import models
from openbook.arms import Arm
from openbook.compare import promptsearch
from openbook.compare.answers import ask, missing
from openbook.compare.causes import evidence
from openbook.compare.marking import judging, pairjudging
from openbook.compare.marking.metrics import metrics_of
from openbook.compare.paper import Paper, set_paper
from openbook.compare.probes import curve, domain, forgetting, latency, reading, retune, robustness
from openbook.compare.probes.domain import Domain
from openbook.compare.probes.forgetting import Probe
from openbook.compare.probes.reading import Reading
from openbook.compare.probes.robustness import Robustness
from openbook.compare.seats import (
    Absent,
    Seat,
    absent,
    first_seats,
    seat,
    seats,
    seeds,
    taking_part,
    updatable,
    waiting,
)
from openbook.compare.watch import Unwatched, Watcher
from openbook.core import jsonl
from openbook.core.errors import UsageError, disk_errors
from openbook.core.ids import digest
from openbook.core.protocols import Metric
from openbook.core.types import Example, Record
from openbook.generate import split_name
from openbook.project import Project
from openbook.score.judge import NAME as JUDGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Everything a report is made from: all of it on disk, none of it needing a model.

    Attributes:
        paper: The questions.
        dev: Whether they are dev questions, and not the test's.
        seats: The arms with their logs.
        absent: The arms that are not applicable, and in a partial report those that are not ready.
        updated: The same arms over the documents' second version, for those that look things up; one seed each.
        freshness: The changed facts' questions.
        gap: Training and dev questions that tuned arms answered beside the test.
        latency: Questions answered one at a time.
        forgetting: What has nothing to do with the job, and the tuned arms it is put to.
        curve: Tuned arms trained on a part of their rows, as far as they are trained; one seed each.
        robustness: Test questions over altered passages, and the arms that look up.
        retuned: Tuned arms trained anew after the update, as far as they are trained; one seed each.
        reading: Test questions over the right passages, and the tuned arms' models with and without their adapters.
        domain: Passages of the documents, and the tuned arms' models that read them.
    """

    paper: Paper
    dev: bool
    seats: Sequence[Seat]
    absent: Sequence[Absent]
    updated: Sequence[Seat]
    freshness: Sequence[Example]
    gap: tuple[Sequence[Example], Sequence[Example]]
    latency: Sequence[Example]
    forgetting: Probe | None = None
    curve: Sequence[Seat] = ()
    robustness: Robustness | None = None
    retuned: Sequence[Seat] = ()
    reading: Reading | None = None
    domain: Domain | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sitting:
    """One call of `compare`: what every step of it is handed."""

    project: Project
    watch: Watcher
    retry_failures: bool
    cancel: Event | None

    @property
    def cancelled(self) -> bool:
        return self.cancel is not None and self.cancel.is_set()

    @contextmanager
    def stage(self, what: str) -> Iterator[None]:
        """Announce a stage, and note in the project's ledger how long it took (an interrupted one too)."""
        self.watch.stage(what)
        started = time.perf_counter()
        try:
            yield
        finally:
            seconds = round(time.perf_counter() - started, 3)
            with disk_errors("the ledger of time"):
                jsonl.append(self.project.workspace.folder / "ledger.jsonl", [{"stage": what, "seconds": seconds}])


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
    sitting = _Sitting(project=project, watch=watcher or Unwatched(), retry_failures=retry_failures, cancel=cancel)
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
        steps = (_answer, _gap, _freshness, _forgetting, _domain, _robustness, _reading, _latency)
        for step in (*steps, _judge, _judge_pairs, _curve, _retune):
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


def gather(project: Project, *, dev: bool = False, partial: bool = False) -> Material:
    """What a report is made from, as far as it is there. Asks nothing and opens no model.

    Args:
        partial: Count arms that have no adapter or no index yet as absent, instead of raising.

    Raises:
        UsageError: No questions, or the index or an adapter is missing.
    """
    config = project.config
    paper = _paper(project, dev=dev)
    if not paper.questions:
        raise UsageError(
            f"There are no {'dev' if dev else 'test'} questions: {len(project.exam.examples)} examples were divided into"
            f" {len(project.exam.division.train)} for training and none for the test. Label more examples, or raise"
            " [examples.split] test."
        )
    changed = retune.questions(project)
    ready = seats(project, partial=partial)
    altered = None if dev else robustness.probe(project, ready, paper)
    return Material(
        paper=paper,
        dev=dev,
        seats=ready,
        absent=[*absent(project), *waiting(project, ready)],
        updated=_updated_seats(project, ready) if changed else (),
        freshness=changed,
        gap=_gap_questions(project, dev),
        latency=paper.questions[: config.probes.latency],
        forgetting=forgetting.probe(project, ready),
        curve=() if dev else curve.points(project),
        retuned=() if dev else retune.points(project),
        robustness=altered,
        reading=None if dev else reading.probe(project, ready, paper, altered),
        domain=domain.probe(project, ready),
    )


def _paper(project: Project, *, dev: bool) -> Paper:
    return set_paper(project.exam.division, project.exam.groups.keys, limit=project.config.compare.questions, dev=dev)


def _updated_seats(project: Project, ready: Sequence[Seat]) -> list[Seat]:
    if project.knowledge.content("updates") is None:
        return []
    retrieving = [desk for desk in first_seats(ready) if desk.plan.retrieves]
    return [seat(project, desk.plan, desk.arm.seed, version="updates") for desk in retrieving]


def _gap_questions(project: Project, dev: bool) -> tuple[list[Example], list[Example]]:
    size = project.config.probes.gap
    if dev or not size:
        return [], []
    division = project.exam.division
    return _drawn(division.train, size), _drawn(division.dev, size)


def _drawn(examples: Sequence[Example], size: int) -> list[Example]:
    return sorted(examples, key=lambda example: digest(["gap", example.id]))[:size]


def _ingest(sitting: _Sitting, *, dev: bool) -> None:
    project = sitting.project
    plans = taking_part(project)
    if not any(plan.retrieves for plan in plans) and not reading.wanted(project, plans):
        return
    if project.knowledge.content() is None:
        with sitting.stage("ingest"):
            project.knowledge.ingest(progress=sitting.watch.progress)
    # Now, while the files are what was indexed: they may be edited while adapters are trained.
    evidence.keep(project, _paper(project, dev=dev).questions)
    domain.keep(project)


def _search(sitting: _Sitting, metric: Metric) -> None:
    """Before anything is asked of the test, and before anything is trained: a tuned arm keeps the prompt it is given."""
    project = sitting.project
    for plan in taking_part(project):
        if promptsearch.is_missing(project, plan, metric):
            promptsearch.search(
                project,
                plan,
                metric,
                lambda desk, asked: _ask(sitting, desk, asked, f"search a prompt for {desk.name}"),
            )


def _tune(sitting: _Sitting) -> None:
    project = sitting.project
    for plan in taking_part(project):
        numbers = seeds(project, plan) if plan.tunes else ()
        for seed in numbers:
            if project.adapter(plan.name, seed=seed) is None:
                with sitting.stage(f"tune {plan.name}" + (f" (seed {seed})" if len(numbers) > 1 else "")):
                    project.tune(plan.name, seed=seed, progress=sitting.watch.progress)


def _answer(sitting: _Sitting, material: Material) -> None:
    questions = material.paper.questions
    for desk in material.seats:
        todo = {one.key for one in missing(desk.log.records, questions, retry_failures=sitting.retry_failures)}
        for question in questions:
            if question.key not in todo:
                sitting.watch.answered(desk.arm, question, desk.log.records[question.key])
        _ask(sitting, desk, questions, f"answer {desk.name}", shown=True)


def _gap(sitting: _Sitting, material: Material) -> None:
    questions = [*material.gap[0], *material.gap[1]]
    for desk in first_seats(material.seats):
        if desk.plan.tunes and questions:
            _ask(sitting, desk, questions, f"train/dev gap of {desk.name}")


def _freshness(sitting: _Sitting, material: Material) -> None:
    knowledge = sitting.project.knowledge
    for desk in updatable(material.seats) if material.freshness else ():
        _ask(sitting, desk, material.freshness, f"freshness of {desk.name}, before")
    if not material.freshness or not any(desk.plan.retrieves for desk in material.seats):
        return
    if knowledge.content("updates") is None:
        with sitting.stage("ingest the update"):
            knowledge.ingest("updates", progress=sitting.watch.progress)
    for desk in _updated_seats(sitting.project, material.seats):
        _ask(sitting, desk, material.freshness, f"freshness of {desk.name}, after")


def _forgetting(sitting: _Sitting, material: Material) -> None:
    _put(sitting, material.forgetting, "forgetting")


def _domain(sitting: _Sitting, material: Material) -> None:
    _put(sitting, material.domain.reading if material.domain else None, "domain")


def _put(sitting: _Sitting, probe: Probe | None, what: str) -> None:
    again, cancel, progress = sitting.retry_failures, sitting.cancel, sitting.watch.progress
    if probe is None:
        return
    for subject in probe.subjects:
        if forgetting.is_missing(subject, probe, retry_failures=again):
            subject.log.describe({"arm": subject.name, "settings": subject.arm.settings}, machine=this_machine())
            with sitting.stage(f"{what} of {subject.name}"):
                forgetting.measure(subject, probe, retry_failures=again, cancel=cancel, progress=progress, what=what)


def _robustness(sitting: _Sitting, material: Material) -> None:
    probe = material.robustness
    if probe is None:
        return
    for trial in probe.trials:
        if not sitting.cancelled:
            told = f"robustness of {trial.desk.name}: {trial.condition.replace('_', ' ')}"
            _ask(sitting, trial.desk, probe.questions, told)


def _reading(sitting: _Sitting, material: Material) -> None:
    probe = material.reading
    if probe is None:
        return
    for told, desk in probe.desks.items():
        if not sitting.cancelled:
            _ask(sitting, desk, probe.questions, told)


def _latency(sitting: _Sitting, material: Material) -> None:
    asked = [desk for desk in first_seats(material.seats) if desk.plan.scheme != "recorded"]
    desks = list({desk.log.folder: (desk.arm, desk.log.folder) for desk in asked}.values())
    again = sitting.retry_failures
    if any(latency.is_missing(folder, material.latency, retry_failures=again) for _, folder in desks):
        with sitting.stage("latency"):
            latency.measure(desks, material.latency, retry_failures=again, progress=sitting.watch.progress)


def _judge_labels(sitting: _Sitting) -> None:
    project, settings = sitting.project, sitting.project.config.judge
    heard = partial(sitting.watch.progress, what="judge the labelled sample")
    if settings.model and settings.alone:
        judging.judge_labels(project, cancel=sitting.cancel, heard=heard)
    if pairjudging.named_pairs(project):
        asked = pairjudging.labels_to_judge(project)
        pairjudging.judge_pairs(project, asked, cancel=sitting.cancel, heard=heard)


def _judge(sitting: _Sitting, material: Material) -> None:
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


def _judge_pairs(sitting: _Sitting, material: Material) -> None:
    project = sitting.project
    if not pairjudging.named_pairs(project):
        return
    asked = pairjudging.pairs_to_judge(project, material.seats, material.paper.questions)
    if pairjudging.unasked_pairs(project, asked):
        with sitting.stage("judge pairs"):
            heard = partial(sitting.watch.progress, what="judge pairs")
            pairjudging.judge_pairs(project, asked, cancel=sitting.cancel, heard=heard)


def _curve(sitting: _Sitting, material: Material) -> None:
    """Each point in a project of its own, so that its model is let go of before the next one is loaded."""
    project = sitting.project
    for plan in () if material.dev else taking_part(project):
        for rows in curve.parts(project, plan):
            one, seed = curve.point(project, plan, rows), curve.seed_of(project, plan)
            if sitting.cancelled:
                return
            if one.adapter(plan.name, seed=seed) is None:
                with sitting.stage(f"tune {plan.name} on {rows} rows"):
                    one.tune(plan.name, seed=seed, progress=sitting.watch.progress)
            desk = seat(one, one.plan(plan.name), seed)
            _ask(sitting, desk, material.paper.questions, f"answer {plan.name} on {rows} rows")


def _retune(sitting: _Sitting, material: Material) -> None:
    """After the update, each arm in a project of its own, as the curve's points are."""
    project = sitting.project
    for plan in () if material.dev else retune.plans(project):
        if sitting.cancelled:
            return
        one, seed = retune.point(project, plan), curve.seed_of(project, plan)
        if one.adapter(plan.name, seed=seed) is None:
            with sitting.stage(f"tune {plan.name} after the update"):
                one.tune(plan.name, seed=seed, progress=sitting.watch.progress)
        asked = retune.asked(project, material.freshness)
        _ask(sitting, retune.desk(project, plan, one), asked, f"freshness of {plan.name}, trained anew")


def _ask(sitting: _Sitting, desk: Seat, questions: Sequence[Example], what: str, *, shown: bool = False) -> None:
    todo = missing(desk.log.records, questions, retry_failures=sitting.retry_failures)
    if not todo:
        return
    described = {"arm": desk.name, "kind": desk.plan.kind, "model": desk.plan.model.name, "settings": desk.arm.settings}
    desk.log.describe(described, machine=this_machine())
    done = len(questions) - len(todo)

    def heard(arm: Arm, example: Example, record: Record) -> None:
        nonlocal done
        done += 1
        sitting.watch.progress(done, len(questions), what)
        if shown:
            sitting.watch.answered(arm, example, record)

    with sitting.stage(what):
        ask(
            desk.arm,
            todo,
            desk.log,
            retry_failures=sitting.retry_failures,
            cancel=sitting.cancel,
            on_record=heard,
        )


def this_machine() -> dict[str, str | int | bool]:
    """What of this machine answers and timings may depend on."""
    found = models.machine()
    return {"cpu": found.cpu, "cores": found.cores, "accelerator": found.accelerator, "bf16": found.bf16}
