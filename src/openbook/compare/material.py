"""What a report is made from: the seats with their logs, and whatever was asked beside the test. Asks nothing itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from openbook.compare.paper import Paper, set_paper
from openbook.compare.probes import curve, domain, forgetting, reading, retune, robustness
from openbook.compare.probes.domain import Domain
from openbook.compare.probes.forgetting import Probe
from openbook.compare.probes.reading import Reading
from openbook.compare.probes.robustness import Robustness
from openbook.compare.seats import Absent, Seat, absent, first_seats, seat, seats, waiting
from openbook.core.errors import UsageError
from openbook.core.ids import digest
from openbook.core.types import Example
from openbook.project import Project


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


def gather(project: Project, *, dev: bool = False, partial: bool = False) -> Material:
    """What a report is made from, as far as it is there. Asks nothing and opens no model.

    Args:
        partial: Count arms that have no adapter or no index yet as absent, instead of raising.

    Raises:
        UsageError: No questions, or the index or an adapter is missing.
    """
    config = project.config
    paper = paper_of(project, dev=dev)
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
        updated=updated_seats(project, ready) if changed else (),
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


def paper_of(project: Project, *, dev: bool) -> Paper:
    return set_paper(project.exam.division, project.exam.groups.keys, limit=project.config.compare.questions, dev=dev)


def updated_seats(project: Project, ready: Sequence[Seat]) -> list[Seat]:
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
