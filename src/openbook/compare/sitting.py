"""One call of `compare`: what every step of it is handed, and how a step asks. Knows no step."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event

from openbook import models
from openbook.arms import Arm
from openbook.compare import answers
from openbook.compare.seats import Seat
from openbook.compare.watch import Watcher
from openbook.core import jsonl
from openbook.core.errors import disk_errors
from openbook.core.types import Example, Record
from openbook.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
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

    def train(self, project: Project, arm: str, seed: int, what: str) -> None:
        """Train an arm's adapter, as one stage, where it is missing. `project` may be a variant of this one."""
        if project.adapter(arm, seed=seed) is None:
            with self.stage(what):
                project.tune(arm, seed=seed, progress=self.watch.progress)

    def ask(self, desk: Seat, questions: Sequence[Example], what: str, *, shown: bool = False) -> None:
        """Ask what is missing of these, and say so as one stage. `shown`: each answer is handed to the watcher."""
        todo = answers.missing(desk.log.records, questions, retry_failures=self.retry_failures)
        if not todo:
            return
        described = {
            "arm": desk.name,
            "kind": desk.plan.kind,
            "model": desk.plan.model.name,
            "settings": desk.arm.settings,
        }
        desk.log.describe(described, machine=this_machine())
        done = len(questions) - len(todo)

        def heard(arm: Arm, example: Example, record: Record) -> None:
            nonlocal done
            done += 1
            self.watch.progress(done, len(questions), what)
            if shown:
                self.watch.answered(arm, example, record)

        with self.stage(what):
            answers.ask(
                desk.arm,
                todo,
                desk.log,
                retry_failures=self.retry_failures,
                cancel=self.cancel,
                on_record=heard,
            )


def this_machine() -> dict[str, str | int | bool]:
    """What of this machine answers and timings may depend on."""
    found = models.machine()
    return {"cpu": found.cpu, "cores": found.cores, "accelerator": found.accelerator, "bf16": found.bf16}
