"""The main job: ingest, tune, ask every arm, probe, and hand over what there is. Each step does only what is missing.

A comparison can be killed anywhere: documents, checkpoints and records are on disk as they come, and the next call
finds them by fingerprint.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event

from openbook.arms import Arm
from openbook.compare import freshness, latency
from openbook.compare.answers import ask, missing
from openbook.compare.paper import Paper, set_paper
from openbook.compare.seats import Absent, Seat, absent, seat, seats, seeds, taking_part
from openbook.compare.watch import Unwatched, Watcher
from openbook.core import jsonl
from openbook.core.errors import UsageError
from openbook.core.ids import digest
from openbook.core.types import Example, Record
from openbook.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Everything a report is made from: all of it on disk, none of it needing a model.

    Attributes:
        paper: The test questions.
        seats: The arms with their logs.
        updated: The same arms over the documents' second version, for those that look things up; by arm and seed.
        freshness: The changed facts' questions.
        gap: Training and dev questions that tuned arms answered beside the test.
        latency: Questions answered one at a time.
    """

    paper: Paper
    seats: Sequence[Seat]
    absent: Sequence[Absent]
    updated: Sequence[Seat]
    freshness: Sequence[Example]
    gap: tuple[Sequence[Example], Sequence[Example]]
    latency: Sequence[Example]


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

    Raises:
        UsageError: There is nothing to ask.
        OpenbookError: A document, a model, an endpoint or the disk failed; everything so far is kept.
    """
    watch = watcher or Unwatched()
    with project.workspace.writing():
        _ingest(project, watch)
        _tune(project, watch)
        material = gather(project, dev=dev)
        _answer(project, material, retry_failures, watch, cancel)
        _gap(project, material, retry_failures, watch, cancel)
        _freshness(project, material, retry_failures, watch, cancel)
        _latency(project, material, watch)
    return gather(project, dev=dev)


def gather(project: Project, *, dev: bool = False, partial: bool = False) -> Material:
    """What a report is made from, as far as it is there. Asks nothing and opens no model.

    Args:
        partial: Leave out arms that have no adapter or no index yet, instead of raising.

    Raises:
        UsageError: No questions, or the index or an adapter is missing.
    """
    config = project.config
    paper = set_paper(project.exam.division, project.exam.groups.keys, limit=config.compare.questions, dev=dev)
    if not paper.questions:
        raise UsageError(
            f"There are no {'dev' if dev else 'test'} questions: {len(project.exam.examples)} examples were divided into"
            f" {len(project.exam.division.train)} for training and none for the test. Label more examples, or raise"
            " [examples.split] test."
        )
    updates = project.exam.updates if config.probes.freshness and project.knowledge.has_updates else ()
    changed = freshness.questions(updates, project.exam.examples, config.probes.freshness_questions)
    return Material(
        paper=paper,
        seats=seats(project, partial=partial),
        absent=absent(project),
        updated=_updated_seats(project) if changed else (),
        freshness=changed,
        gap=_gap_questions(project, dev),
        latency=paper.questions[: config.probes.latency],
    )


def _updated_seats(project: Project) -> list[Seat]:
    if project.knowledge.content("updates") is None:
        return []
    return [
        seat(project, plan, seed, version="updates")
        for plan in taking_part(project)
        if plan.retrieves
        for seed in seeds(project, plan)
    ]


def _gap_questions(project: Project, dev: bool) -> tuple[list[Example], list[Example]]:
    size = project.config.probes.gap
    if dev or not size:
        return [], []
    division = project.exam.division
    return _drawn(division.train, size), _drawn(division.dev, size)


def _drawn(examples: Sequence[Example], size: int) -> list[Example]:
    return sorted(examples, key=lambda example: digest(["gap", example.id]))[:size]


def _ingest(project: Project, watch: Watcher) -> None:
    if not any(plan.retrieves for plan in taking_part(project)) or project.knowledge.content() is not None:
        return
    watch.stage("ingest")
    with _timed(project, "ingest"):
        project.knowledge.ingest(progress=watch.progress)


def _tune(project: Project, watch: Watcher) -> None:
    for plan in taking_part(project):
        for seed in seeds(project, plan) if plan.tunes else ():
            if project.adapter(plan.name, seed=seed) is None:
                watch.stage(f"tune {plan.name}" + (f" (seed {seed})" if len(seeds(project, plan)) > 1 else ""))
                with _timed(project, f"tune {plan.name}"):
                    project.tune(plan.name, seed=seed, progress=watch.progress)


def _answer(project: Project, material: Material, retry_failures: bool, watch: Watcher, cancel: Event | None) -> None:
    by_id = {question.key: question for question in material.paper.questions}
    for desk in material.seats:
        for key, record in desk.log.records.items():
            if key in by_id:
                watch.answered(desk.arm, by_id[key], record)
    for desk in material.seats:
        _ask(project, desk, material.paper.questions, f"answer {desk.name}", retry_failures, watch, cancel, shown=True)


def _gap(project: Project, material: Material, retry_failures: bool, watch: Watcher, cancel: Event | None) -> None:
    questions = [*material.gap[0], *material.gap[1]]
    for desk in material.seats:
        if desk.plan.tunes and questions:
            _ask(project, desk, questions, f"train/dev gap of {desk.name}", retry_failures, watch, cancel)


def _freshness(
    project: Project, material: Material, retry_failures: bool, watch: Watcher, cancel: Event | None
) -> None:
    if not material.freshness:
        return
    for desk in material.seats:
        _ask(project, desk, material.freshness, f"freshness of {desk.name}, before", retry_failures, watch, cancel)
    if not any(desk.plan.retrieves for desk in material.seats):
        return
    if project.knowledge.content("updates") is None:
        watch.stage("ingest the update")
        with _timed(project, "update"):
            project.knowledge.ingest("updates", progress=watch.progress)
    for desk in _updated_seats(project):
        _ask(project, desk, material.freshness, f"freshness of {desk.name}, after", retry_failures, watch, cancel)


def _latency(project: Project, material: Material, watch: Watcher) -> None:
    desks = [(desk.arm, desk.log.folder) for desk in material.seats]
    if material.latency and any(latency.is_missing(folder, material.latency) for _, folder in desks):
        watch.stage("latency")
        with _timed(project, "latency"):
            latency.measure(desks, material.latency, progress=watch.progress)


def _ask(
    project: Project,
    desk: Seat,
    questions: Sequence[Example],
    what: str,
    retry_failures: bool,
    watch: Watcher,
    cancel: Event | None,
    *,
    shown: bool = False,
) -> None:
    todo = missing(desk.log.records, questions, retry_failures=retry_failures)
    if not todo:
        return
    watch.stage(what)
    desk.log.describe({"arm": desk.name, "kind": desk.plan.kind, "settings": desk.arm.settings})
    done = len(questions) - len(todo)

    def heard(arm: Arm, example: Example, record: Record) -> None:
        nonlocal done
        done += 1
        watch.progress(done, len(questions), what)
        if shown:
            watch.answered(arm, example, record)

    with _timed(project, what):
        ask(desk.arm, todo, desk.log, retry_failures=retry_failures, cancel=cancel, on_record=heard)


@contextmanager
def _timed(project: Project, what: str) -> Iterator[None]:
    """Note in the project's ledger how long a stage took (an interrupted one too)."""
    started = time.perf_counter()
    try:
        yield
    finally:
        seconds = round(time.perf_counter() - started, 3)
        jsonl.append(project.workspace.folder / "ledger.jsonl", [{"stage": what, "seconds": seconds}])
