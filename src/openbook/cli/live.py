"""A comparison as it happens: a table that fills in question by question, and a bar with the time left.

On a terminal it redraws in place on standard error; piped, it is quiet. Knows how to show, not what is done.
"""

import math
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from openbook.arms import Arm
from openbook.compare.verdict.futility import Outlook
from openbook.core.protocols import Metric
from openbook.core.types import Answer, Example, Record, Score


class LiveTable:
    """A `Watcher` on a terminal; as a context manager it starts and stops drawing.

    Args:
        arms: Names of the arms, in order.
        metrics: The columns: the primary metric and the KPI checks.
        questions: Test questions each arm is asked.
        outlook: Judges now and then whether going on can decide anything; None: that is not said.
    """

    def __init__(
        self, arms: Sequence[str], metrics: Sequence[Metric], questions: int, *, outlook: Outlook | None = None
    ) -> None:
        self._arms = list(arms)
        self._metrics = list(metrics)
        self._questions = questions
        self._outlook, self._advice, self._heard = outlook, "", 0
        self._sums: dict[tuple[str, str], list[float]] = defaultdict(list)
        self._done: dict[str, set[str]] = defaultdict(set)
        self._failed: dict[str, int] = defaultdict(int)
        self._console = Console(file=sys.stderr)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed}/{task.total}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self._console,
        )
        self._task: TaskID | None = None
        self._stage = ("", 0.0)
        self.ledger: list[tuple[str, float]] = []
        self._live = Live(console=self._console, refresh_per_second=4, get_renderable=self._draw, transient=True)

    def __enter__(self) -> "LiveTable":
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close_stage()
        self._live.stop()

    def stage(self, name: str) -> None:
        self._close_stage()
        self._advice = self._outlook.advice() if self._outlook else ""
        self._stage = (name, time.perf_counter())
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(name, total=None)

    def progress(self, done: int, total: int, what: str) -> None:
        if self._task is not None:
            self._bar.update(self._task, completed=done, total=total)

    def answered(self, arm: Arm, example: Example, record: Record) -> None:
        if f"{arm.seed} {example.id}" in self._done[arm.name]:
            return
        self._done[arm.name].add(f"{arm.seed} {example.id}")
        if not isinstance(record.result, Answer):
            self._failed[arm.name] += 1
            self._look_ahead(arm, example, None)
            return
        for metric in self._metrics:
            (score,) = metric.score([example], [record.result])
            if isinstance(score, Score) and len(score.values) == 1:
                self._sums[arm.name, metric.name].append(score.values[0])
                if metric is self._metrics[0]:
                    self._look_ahead(arm, example, score.values[0])

    def _look_ahead(self, arm: Arm, example: Example, mark: float | None) -> None:
        """Twenty times an arm, since it takes some milliseconds."""
        if self._outlook is None:
            return
        self._outlook.answered(arm.name, example.id, mark)
        self._heard += 1
        if self._heard % max(1, self._questions // 20) == 0:
            self._advice = self._outlook.advice()

    def _close_stage(self) -> None:
        name, started = self._stage
        if name:
            seconds = time.perf_counter() - started
            self.ledger.append((name, seconds))
            self._console.print(f"[green]✓[/green] {name} [dim]{seconds:.1f} s[/dim]", highlight=False)
        self._stage = ("", 0.0)

    def _draw(self) -> Group:
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
        table.add_column("arm")
        table.add_column("asked", justify="right")
        for metric in self._metrics:
            table.add_column(metric.name, justify="right")
        table.add_column("failed", justify="right")
        for arm in self._arms:
            figures = [self._figure(arm, metric) for metric in self._metrics]
            table.add_row(arm, f"{len(self._done[arm])}/{self._questions}", *figures, str(self._failed[arm] or ""))
        said = [Text(self._advice, style="yellow")] if self._advice else []
        return Group(table, *said, self._bar)

    def _figure(self, arm: str, metric: Metric) -> str:
        values = self._sums[arm, metric.name]
        return f"{math.fsum(values) / len(values):.2f}" if values else "·"
