"""Runs a comparison and kills its own process with SIGKILL at a given event: `python killed.py PROJECT EVENT [stage]`.

Events are counted over everything the comparison tells; with `stage`, only beginnings of stages count. An event beyond
the last one lets the run finish. Prints the number of events.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from openbook.compare.comparison import compare
from openbook.compare.outcome import conclude
from openbook.project import Project


class Killer:
    """A watcher that kills its process at the n-th event."""

    def __init__(self, at: int, *, stages_only: bool) -> None:
        self._at = at
        self._stages_only = stages_only
        self.count = 0

    def _event(self) -> None:
        self.count += 1
        if self.count == self._at:
            os.kill(os.getpid(), signal.SIGKILL)

    def stage(self, name: str) -> None:
        self._event()

    def progress(self, done: int, total: int, what: str) -> None:
        if not self._stages_only:
            self._event()

    def answered(self, *_: Any) -> None:
        if not self._stages_only:
            self._event()


def main() -> None:
    project = Project.open(Path(sys.argv[1]))
    killer = Killer(int(sys.argv[2]), stages_only="stage" in sys.argv[3:])
    material = compare(project, watcher=killer)
    conclude(project, material)
    print(killer.count)


if __name__ == "__main__":
    main()
