"""What a comparison tells while it runs: a front end shows it, a test listens, a pipe hears nothing."""

from typing import Protocol

from openbook.arms import Arm
from openbook.core.types import Example, Record


class Watcher(Protocol):
    """Called from the comparison's own thread; must not raise."""

    def stage(self, name: str) -> None:
        """A stage begins: `ingest`, `tune hybrid`, `answer rag`, `freshness`, `latency`, `report`."""

    def progress(self, done: int, total: int, what: str) -> None:
        """Something within the stage moved on."""

    def answered(self, arm: Arm, example: Example, record: Record) -> None:
        """A test question was answered, or its recorded answer was found."""


class Unwatched:
    """A watcher that looks away."""

    def stage(self, name: str) -> None:
        return

    def progress(self, done: int, total: int, what: str) -> None:
        return

    def answered(self, arm: Arm, example: Example, record: Record) -> None:
        return
