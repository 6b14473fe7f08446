"""The forgetting probe: what has nothing to do with the job, put to each tuned arm's model with its adapter and without.

General English is read (how well does the model foresee it?) and plain instructions are given (does it follow them?).
Both ship with Openbook. What is measured is kept by the model's fingerprint: two arms with one adapter, or several
adapters on one base, are measured once. Knows how to ask; what the figures mean is said in `forgotten`.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from threading import Event

from openbook.arms import Abstention, Arm, Sampling
from openbook.compare.answers import ask, missing
from openbook.compare.runlog import RunLog
from openbook.compare.seats import Seat, first_seats
from openbook.core import jsonl
from openbook.core.errors import disk_errors
from openbook.core.ids import digest
from openbook.core.protocols import Generator, Likelihood, Progress, silent
from openbook.core.types import Example, Failure
from openbook.project import Project
from openbook.prompt import Template
from openbook.score.instructions import Instruction, instruction_of

MAX_TOKENS = 64
"""Longest reply to an instruction: all of them can be followed in fewer."""

TOGETHER = 8
"""Paragraphs that are read together. Fixed, so that a run that was interrupted reads the same ones together again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A model, with or without an adapter, asked without any instructions of the project's.

    Attributes:
        log: Its replies to the instructions, and beside them its losses.
    """

    name: str
    arm: Arm
    log: RunLog

    @property
    def no_loss(self) -> str:
        """Why its loss on texts cannot be known; empty where it can."""
        generator = self.arm.generator
        if isinstance(generator, Likelihood):
            return generator.no_loss
        return f"{generator.name} does not say how likely a text is"

    def losses(self) -> dict[str, float | None]:
        """Recorded losses by the text's hash; None where one failed for good."""
        return {row["key"]: row.get("loss") for row in jsonl.read(losses_path(self.log.folder))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """A tuned arm: its model with its adapter, and without."""

    name: str
    base: Subject
    tuned: Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What is put to whom.

    Attributes:
        paragraphs: General English, by id.
        instructions: With their checks.
        patients: The tuned arms, one training seed each.
    """

    paragraphs: Mapping[str, str]
    instructions: Sequence[Instruction]
    patients: Sequence[Patient]

    @property
    def subjects(self) -> list[Subject]:
        """Every model once, each arm's base before its adapter."""
        first: dict[Path, Subject] = {}
        for patient in self.patients:
            for subject in (patient.base, patient.tuned):
                first.setdefault(subject.log.folder, subject)
        return list(first.values())

    @property
    def files(self) -> list[Path]:
        """Everything that was recorded."""
        folders = [subject.log.folder for subject in self.subjects]
        return [path for folder in folders for path in (folder / "records.jsonl", losses_path(folder))]


def losses_path(folder: Path) -> Path:
    return folder / "losses.jsonl"


def probe(project: Project, ready: Sequence[Seat]) -> Probe | None:
    """The probe of these arms; None where it is left out or nothing was tuned. Opens no model."""
    settings = project.config.probes
    tuned = [seat for seat in first_seats(ready) if seat.plan.tunes]
    if not settings.forgetting or not tuned:
        return None
    return Probe(
        paragraphs=paragraphs(settings.forgetting_texts),
        instructions=instructions(settings.forgetting_instructions),
        patients=patients(project, tuned, project.workspace.forgetting),
    )


def patients(project: Project, tuned: Sequence[Seat], folder: Path) -> list[Patient]:
    """Tuned arms' models without and with their adapters. What one of two names for a model was asked, the other knows.

    Args:
        folder: See `subject`.
    """
    known: dict[Path, RunLog] = {}

    def shared(name: str, generator: Generator) -> Subject:
        one = subject(name, generator, folder)
        return replace(one, log=known.setdefault(one.log.folder, one.log))

    return [
        Patient(
            name=seat.name,
            base=shared(f"the base of {seat.name}", project.untuned(seat.name)),
            tuned=shared(seat.name, seat.arm.generator),
        )
        for seat in tuned
    ]


def subject(name: str, generator: Generator, folder: Path) -> Subject:
    """A model to be asked.

    Args:
        folder: Holds one folder for each model, named by its fingerprint.
    """
    arm = _bare(name, generator)
    return Subject(name=name, arm=arm, log=RunLog(folder / arm.fingerprint))


def paragraphs(limit: int) -> dict[str, str]:
    """Shipped paragraphs by id, drawn by hash: more of them keep the ones before. `limit` 0: all."""
    rows = {row["id"]: row["text"] for row in _shipped("paragraphs.jsonl")}
    return {name: rows[name] for name in _drawn(rows, limit)}


def instructions(limit: int) -> list[Instruction]:
    """Shipped instructions, drawn by hash. `limit` 0: all."""
    found = {row["id"]: instruction_of(row) for row in _shipped("instructions.jsonl")}
    return [found[name] for name in _drawn(found, limit)]


def question(instruction: Instruction) -> Example:
    """An instruction as an example, as which it is asked and recorded."""
    return Example(id=instruction.id, input=instruction.text, references=(instruction.passes,))


def is_missing(subject: Subject, probe: Probe, *, retry_failures: bool = False) -> bool:
    """Whether something was not put to this model yet, or failed and is to be tried again."""
    unread = not subject.no_loss and set(map(digest, probe.paragraphs.values())) - _read(subject, retry_failures)
    questions = [question(instruction) for instruction in probe.instructions]
    return bool(unread or missing(subject.log.records, questions, retry_failures=retry_failures))


def measure(
    subject: Subject,
    probe: Probe,
    *,
    retry_failures: bool = False,
    cancel: Event | None = None,
    progress: Progress = silent,
    what: str = "forgetting",
) -> None:
    """Put to this model what is missing; every loss and every reply is on disk as it comes.

    Args:
        what: Told to `progress`.

    Raises:
        EndpointError: Nobody is there to reply.
        DiskFull: No room left.
    """
    texts = [] if subject.no_loss else sorted(probe.paragraphs.values(), key=len)
    questions = [question(instruction) for instruction in probe.instructions]
    total = len(texts) + len(questions)
    for start in range(0, len(texts), TOGETHER):
        if cancel is not None and cancel.is_set():
            return
        _read_together(subject, texts[start : start + TOGETHER], retry_failures)
        progress(min(start + TOGETHER, len(texts)), total, what)
    done = total - len(missing(subject.log.records, questions, retry_failures=retry_failures))

    def heard(*_: object) -> None:
        nonlocal done
        done += 1
        progress(done, total, what)

    ask(subject.arm, questions, subject.log, retry_failures=retry_failures, cancel=cancel, on_record=heard)


def _read_together(subject: Subject, texts: Sequence[str], retry_failures: bool) -> None:
    read = _read(subject, retry_failures)
    generator = subject.arm.generator
    if all(digest(text) in read for text in texts) or not isinstance(generator, Likelihood):
        return
    found = zip(texts, generator.loss(texts), strict=True)
    rows = [_row(text, loss) for text, loss in found if digest(text) not in read and not _may_pass(loss)]
    with disk_errors(str(losses_path(subject.log.folder))):
        jsonl.append(losses_path(subject.log.folder), rows)


def _row(text: str, loss: float | Failure) -> dict[str, object]:
    outcome = {"failure": loss.message} if isinstance(loss, Failure) else {"loss": round(loss, 6)}
    return {"key": digest(text), **outcome}


def _may_pass(loss: float | Failure) -> bool:
    return isinstance(loss, Failure) and loss.transient


def _read(subject: Subject, retry_failures: bool) -> set[str]:
    return {key for key, loss in subject.losses().items() if loss is not None or not retry_failures}


def _bare(name: str, generator: Generator) -> Arm:
    """The model alone: the bare instruction, greedily, with one limit for all."""
    return Arm(
        name=name,
        kind="base",
        generator=generator,
        template=Template(),
        retrieval=None,
        sampling=Sampling(max_tokens=MAX_TOKENS),
        abstention=Abstention(sentence="I don't know."),
    )


def _drawn(names: Mapping[str, object], limit: int) -> list[str]:
    order = sorted(names, key=lambda name: digest(["forgetting", name]))
    return order[:limit] if limit else order


def _shipped(name: str) -> Iterator[dict[str, str]]:
    lines = (files("openbook") / "probes" / name).read_text(encoding="utf-8").splitlines()
    return (json.loads(line) for line in lines)
